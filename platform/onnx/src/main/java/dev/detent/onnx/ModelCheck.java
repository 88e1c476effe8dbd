package dev.detent.onnx;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.TensorShapeProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Everything that is looked for in a model as it was parsed, before anybody works with it: what passes here may be
 * relied on by all steps, and given to ONNX Runtime, which ends the process on some damaged models. Branches of If,
 * Loop and Scan are looked into. How a node may be called is {@link OperatorCheck}'s part; bytes of tensors are held
 * against their shapes where they are read ({@link OnnxReader}).
 */
final class ModelCheck {

    /** A damaged model need not list all that is damaged. */
    private static final int SHOWN = 10;

    /** ONNX has had 26 in nine years. */
    private static final int NEWEST_OPSET = 1000;

    /** ONNX Runtime (1.28) resolves a model of 13 levels in 1.8 s, and takes twice as long for each further one. */
    private static final int DEEPEST = 16;

    private final Path file;
    private final List<Problem> problems = new ArrayList<>();

    private ModelCheck(Path file) {
        this.file = file;
    }

    /** @throws UserException that names what is damaged, ten of them at most */
    static void check(ModelProto model, Path file) {
        ModelCheck check = new ModelCheck(file);
        model.getOpsetImportList().forEach(check::opset);
        check.ports(model.getGraph().getInputList());
        check.ports(model.getGraph().getOutputList());
        model.getGraph().getInputList().forEach(check::size);
        check.graph(model.getGraph(), 0);
        check.problems.addAll(OperatorCheck.problems(model.getGraph(), opset(model), file));
        if (!check.problems.isEmpty()) {
            throw new UserException(check.problems.subList(0, Math.min(SHOWN, check.problems.size())), null);
        }
    }

    private static int opset(ModelProto model) {
        return model.getOpsetImportList().stream()
                .filter(o -> isOnnx(o.getDomain()))
                .mapToInt(o -> (int) o.getVersion())
                .findFirst()
                .orElse(1);
    }

    /** ONNX's own operators; its domain has two names. */
    private static boolean isOnnx(String domain) {
        return domain.isEmpty() || domain.equals("ai.onnx");
    }

    private void damaged(ProblemType type, String sentence) {
        problems.add(Problem.error(type, sentence + "; the model is damaged", file.toString()));
    }

    private void opset(OperatorSetIdProto o) {
        if (o.getVersion() < 1 || o.getVersion() > NEWEST_OPSET) {
            damaged(OnnxProblems.NO_SUCH_OPSET, "imports opset " + o.getVersion() + " of '" + o.getDomain() + "'");
        }
    }

    /** ONNX Runtime's Java interface passes them in a form that it does not read itself. */
    private void ports(List<ValueInfoProto> values) {
        for (ValueInfoProto v : values) {
            if (v.getName().codePoints().anyMatch(c -> c > Character.MAX_VALUE)) {
                problems.add(Problem.error(
                        OnnxProblems.NAME,
                        "'" + v.getName() + "' is an input or output whose name ONNX Runtime cannot be given from Java:"
                                + " it holds characters beyond U+FFFF; rename it",
                        file.toString()));
            }
        }
    }

    /** Inputs are buffers of at most 2 GB here. */
    private void size(ValueInfoProto v) {
        long elements = 1;
        for (TensorShapeProto.Dimension d :
                v.getType().getTensorType().getShape().getDimList()) {
            if (d.hasDimValue() && d.getDimValue() > 0) {
                elements = elements > Integer.MAX_VALUE / d.getDimValue() ? Long.MAX_VALUE : elements * d.getDimValue();
            }
        }
        int bits = ElementType.ofCode(v.getType().getTensorType().getElemType())
                .map(ElementType::bits)
                .orElse(0);
        if (elements > Integer.MAX_VALUE || elements * bits / 8 > Integer.MAX_VALUE) {
            damaged(OnnxProblems.INPUT_TOO_LARGE, "input '" + v.getName() + "' takes more than 2 GB, says its shape");
        }
    }

    private void graph(GraphProto g, int depth) {
        if (depth > DEEPEST) {
            damaged(OnnxProblems.TOO_DEEP, "it has branches within branches, more than " + DEEPEST + " levels");
            return;
        }
        Set<String> inputs = new HashSet<>();
        g.getInputList().forEach(v -> once(inputs, v.getName(), "an input"));
        // May be an input as well, which is its default then.
        Set<String> constants = new HashSet<>();
        g.getInitializerList().forEach(t -> once(constants, t.getName(), "a constant"));
        g.getSparseInitializerList().forEach(s -> once(constants, s.getValues().getName(), "a constant"));
        Set<String> made = new HashSet<>(inputs);
        made.addAll(constants);
        for (NodeProto n : g.getNodeList()) {
            name(n.getName());
            for (String output : n.getOutputList()) {
                if (!output.isEmpty() && !made.add(name(output))) {
                    damaged(
                            OnnxProblems.MADE_TWICE,
                            "the value '" + output + "' is made twice, once by node '" + n.getName() + "'");
                }
            }
            for (AttributeProto a : n.getAttributeList()) {
                attribute(n, a, depth);
            }
        }
    }

    private void attribute(NodeProto n, AttributeProto a, int depth) {
        if (isOnnx(n.getDomain()) && AttributeKinds.isOther(a)) {
            damaged(
                    OnnxProblems.ATTRIBUTE_TYPE,
                    "attribute '" + a.getName() + "' of " + n.getOpType() + " '" + n.getName() + "' must be "
                            + AttributeKinds.expected(a.getName()));
        }
        if (a.hasG()) {
            graph(a.getG(), depth + 1);
        }
    }

    /** Which of two ONNX Runtime takes need not be the one that is quantized here. */
    private void once(Set<String> all, String name, String what) {
        if (!all.add(name(name))) {
            damaged(OnnxProblems.MADE_TWICE, "the value '" + name + "' is twice " + what);
        }
    }

    private String name(String name) {
        if (name.indexOf('\0') >= 0) {
            damaged(OnnxProblems.NAME, "the name '" + name.replace('\0', '?') + "' holds a NUL character");
        }
        return name;
    }
}
