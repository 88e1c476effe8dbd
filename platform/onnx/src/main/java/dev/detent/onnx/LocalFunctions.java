package dev.detent.onnx;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.FunctionProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.OperatorSetIdProto;
import dev.detent.onnx.proto.TensorProto;
import dev.detent.onnx.proto.ValueInfoProto;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Puts the nodes of a model's own functions in the place of the nodes that call them (onnx/docs/IR.md, Functions), so
 * that they are quantized like any others; ONNX Runtime does the same when it loads a model. Inner names follow the
 * name of the call. A function that is written for another version of an operator set than the model stays a call: its
 * nodes would mean something else.
 */
final class LocalFunctions {

    /** By what a node calls. */
    private record Id(String domain, String name, String overload) {}

    /** More than any network has; functions that call others twice each reach it after 20 levels. */
    private static final int MOST_NODES = 1_000_000;

    private final Map<Id, FunctionProto> functions = new HashMap<>();
    private final Set<Id> kept = new HashSet<>();
    private final Set<Id> putIn = new HashSet<>();
    private final Map<String, Long> opsets = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();
    private final Map<String, Integer> last = new HashMap<>();
    private final Deque<Id> open = new ArrayDeque<>();
    private final Path file;
    private int nodes;

    private LocalFunctions(Path file) {
        this.file = file;
    }

    /**
     * The model without the functions that were put in; the same one when it has none.
     *
     * @throws UserException when a function calls itself
     */
    static ModelProto inline(ModelProto model, Path file) {
        if (model.getFunctionsCount() == 0) {
            return model;
        }
        LocalFunctions local = new LocalFunctions(file);
        model.getOpsetImportList().forEach(o -> local.opsets.put(domain(o.getDomain()), o.getVersion()));
        for (FunctionProto f : model.getFunctionsList()) {
            local.functions.put(new Id(domain(f.getDomain()), f.getName(), f.getOverload()), f);
        }
        local.names(model.getGraph());
        GraphProto graph = local.graph(model.getGraph());
        ModelProto.Builder all = model.toBuilder().setGraph(graph).clearFunctions();
        for (FunctionProto f : model.getFunctionsList()) {
            Id id = new Id(domain(f.getDomain()), f.getName(), f.getOverload());
            // What stays a call may itself call any other.
            if (!local.kept.isEmpty() || !local.putIn.contains(id)) {
                all.addFunctions(f);
            }
        }
        all.clearOpsetImport();
        local.opsets.forEach((domain, version) -> all.addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
        return all.build();
    }

    private static String domain(String domain) {
        return domain.equals("ai.onnx") ? "" : domain;
    }

    private void names(GraphProto g) {
        g.getInputList().forEach(v -> taken.add(v.getName()));
        g.getInitializerList().forEach(t -> taken.add(t.getName()));
        for (NodeProto n : g.getNodeList()) {
            taken.add(n.getName());
            taken.addAll(n.getOutputList());
            n.getAttributeList().stream().filter(AttributeProto::hasG).forEach(a -> names(a.getG()));
        }
    }

    private String fresh(String stem) {
        String name = stem;
        while (!taken.add(name)) {
            // Counted on, not anew: ten thousand calls of one function have one stem.
            name = stem + "_" + last.merge(stem, 1, Integer::sum);
        }
        return name;
    }

    private GraphProto graph(GraphProto g) {
        GraphProto.Builder all = g.toBuilder().clearNode();
        g.getNodeList().forEach(n -> put(all, n));
        return all.build();
    }

    private void put(GraphProto.Builder to, NodeProto n) {
        if (++nodes > MOST_NODES) {
            throw new UserException(
                    OnnxProblems.TOO_DEEP,
                    "its functions call others so often that they are more than " + MOST_NODES + " nodes; the model is "
                            + "damaged",
                    file.toString());
        }
        Id id = new Id(domain(n.getDomain()), n.getOpType(), n.getOverload());
        Optional<FunctionProto> function = Optional.ofNullable(functions.get(id));
        if (function.isPresent() && open.contains(id)) {
            throw new UserException(
                    OnnxProblems.CYCLE,
                    "function '" + id.name() + "' of domain '" + id.domain() + "' calls itself; the model is damaged",
                    file.toString());
        }
        if (function.isPresent() && fits(function.get())) {
            putIn.add(id);
            open.push(id);
            body(to, n, function.get());
            open.pop();
        } else {
            if (function.isPresent()) {
                kept.add(id);
            }
            NodeProto.Builder same = n.toBuilder();
            for (int i = 0; i < n.getAttributeCount(); i++) {
                if (n.getAttribute(i).hasG()) {
                    same.getAttributeBuilder(i).setG(graph(n.getAttribute(i).getG()));
                }
            }
            to.addNode(same);
        }
    }

    /** Its operator sets are the model's; those that the model does not name are added. */
    private boolean fits(FunctionProto f) {
        boolean fits = f.getOpsetImportList().stream().allMatch(o -> {
            Long known = opsets.get(domain(o.getDomain()));
            return known == null || known == o.getVersion() || isLocal(o.getDomain());
        });
        if (fits) {
            f.getOpsetImportList().forEach(o -> opsets.putIfAbsent(domain(o.getDomain()), o.getVersion()));
        }
        return fits;
    }

    /** All of a domain's operators are functions of this model. */
    private boolean isLocal(String domain) {
        return !domain(domain).isEmpty()
                && functions.keySet().stream().anyMatch(id -> id.domain().equals(domain(domain)));
    }

    private void body(GraphProto.Builder to, NodeProto call, FunctionProto f) {
        String prefix = fresh(call.getName().isEmpty() ? f.getName() : call.getName() + "/" + f.getName()) + "/";
        Map<String, String> values = new HashMap<>(Map.of("", ""));
        for (int i = 0; i < f.getInputCount(); i++) {
            values.put(f.getInput(i), i < call.getInputCount() ? call.getInput(i) : "");
        }
        Map<String, String> passedOn = new LinkedHashMap<>();
        for (int i = 0; i < f.getOutputCount() && i < call.getOutputCount(); i++) {
            String actual = call.getOutput(i);
            if (!actual.isEmpty()) {
                if (values.containsKey(f.getOutput(i))) {
                    passedOn.put(actual, f.getOutput(i));
                } else {
                    values.put(f.getOutput(i), actual);
                }
            }
        }
        UnaryOperator<String> rename = v -> values.computeIfAbsent(v, k -> fresh(prefix + k));
        Map<String, AttributeProto> attributes = new HashMap<>();
        f.getAttributeProtoList().forEach(a -> attributes.put(a.getName(), a));
        call.getAttributeList().forEach(a -> attributes.put(a.getName(), a));
        for (NodeProto n : f.getNodeList()) {
            put(to, node(n, prefix, rename, attributes));
        }
        passedOn.forEach((actual, formal) -> to.addNode(NodeProto.newBuilder()
                .setName(fresh(prefix + "Identity"))
                .setOpType("Identity")
                .addInput(rename.apply(formal))
                .addOutput(actual)));
    }

    private NodeProto node(
            NodeProto n, String prefix, UnaryOperator<String> rename, Map<String, AttributeProto> attributes) {
        NodeProto.Builder own = n.toBuilder()
                .setName(fresh(prefix + (n.getName().isEmpty() ? n.getOpType() : n.getName())))
                .clearInput()
                .clearOutput()
                .clearAttribute();
        n.getInputList().forEach(v -> own.addInput(rename.apply(v)));
        n.getOutputList().forEach(v -> own.addOutput(rename.apply(v)));
        for (AttributeProto a : n.getAttributeList()) {
            if (!a.getRefAttrName().isEmpty()) {
                // One that the call leaves out is left out here.
                Optional.ofNullable(attributes.get(a.getRefAttrName()))
                        .ifPresent(v -> own.addAttribute(v.toBuilder().setName(a.getName())));
            } else if (a.hasG()) {
                own.addAttribute(a.toBuilder().setG(branch(a.getG(), prefix, rename, attributes)));
            } else {
                own.addAttribute(a);
            }
        }
        return own.build();
    }

    /** A branch inside a function: its own names are renamed with the function's. */
    private GraphProto branch(
            GraphProto g, String prefix, UnaryOperator<String> rename, Map<String, AttributeProto> attributes) {
        GraphProto.Builder own = g.toBuilder().clearNode();
        for (int i = 0; i < g.getInputCount(); i++) {
            ValueInfoProto v = g.getInput(i);
            own.setInput(i, v.toBuilder().setName(rename.apply(v.getName())));
        }
        for (int i = 0; i < g.getInitializerCount(); i++) {
            TensorProto t = g.getInitializer(i);
            own.setInitializer(i, t.toBuilder().setName(rename.apply(t.getName())));
        }
        for (int i = 0; i < g.getValueInfoCount(); i++) {
            ValueInfoProto v = g.getValueInfo(i);
            own.setValueInfo(i, v.toBuilder().setName(rename.apply(v.getName())));
        }
        g.getNodeList().forEach(n -> own.addNode(node(n, prefix, rename, attributes)));
        for (int i = 0; i < g.getOutputCount(); i++) {
            ValueInfoProto v = g.getOutput(i);
            own.setOutput(i, v.toBuilder().setName(rename.apply(v.getName())));
        }
        return own.build();
    }
}
