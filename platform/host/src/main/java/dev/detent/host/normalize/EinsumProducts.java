package dev.detent.host.normalize;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Writes Einsum as what targets have integer operators for (onnx/docs/Operators.md, Einsum): a Transpose, a ReduceSum, or
 * a MatMul with transposes around it. The product of two tensors is a MatMul when each has at most one index of its own
 * and they share one that goes away; with a constant there may be more, for its shape is known. What else Einsum can say
 * (an ellipsis, an index twice in a term, three operands, a product of elements) stays as it is.
 */
final class EinsumProducts {

    private static final Pattern TWO = Pattern.compile("([A-Za-z]+),([A-Za-z]+)->([A-Za-z]*)");
    private static final Pattern ONE = Pattern.compile("([A-Za-z]+)->([A-Za-z]*)");

    private final GraphEditor edit;
    private final Node node;
    /** What the steps so far give, and the last of them. */
    private String value = "";

    private Optional<Node> last = Optional.empty();

    private EinsumProducts(GraphEditor edit, Node node) {
        this.edit = edit;
        this.node = node;
    }

    static void apply(GraphEditor edit) {
        for (Node n : List.copyOf(edit.graph().nodes())) {
            if (n.is("Einsum")) {
                new EinsumProducts(edit, n).rewrite();
            }
        }
    }

    private void rewrite() {
        String equation = node.stringAttribute("equation", "").replace(" ", "");
        Matcher two = TWO.matcher(equation);
        Matcher one = ONE.matcher(equation);
        if (node.inputs().size() == 2 && two.matches()) {
            product(two.group(1), two.group(2), two.group(3));
        } else if (node.inputs().size() == 1 && one.matches()) {
            single(one.group(1), one.group(2));
        }
    }

    /** Moves axes, and sums those that go away. */
    private void single(String from, String to) {
        if (!isPlain(from) || !isPlain(to) || !within(to, from)) {
            return;
        }
        value = node.input(0);
        String left = without(from, without(from, to));
        edit.remove(node);
        if (left.length() < from.length()) {
            long[] axes = IntStream.range(0, from.length())
                    .filter(i -> to.indexOf(from.charAt(i)) < 0)
                    .asLongStream()
                    .toArray();
            String constant = constant("_axes", axes);
            step("ReduceSum", List.of(value, constant), Map.of("keepdims", new Attribute.IntValue(0)));
        }
        transpose(left, to);
        finish();
    }

    /** The indices of a product, by what becomes of them. */
    private record Indices(String batch, String left, String right, String summed) {

        static Optional<Indices> of(String a, String b, String out) {
            boolean plain = isPlain(a) && isPlain(b) && isPlain(out) && within(out, a + b);
            String both = without(a, without(a, b));
            Indices i = new Indices(
                    without(both, without(both, out)), without(a, both), without(b, both), without(both, out));
            boolean sums = within(i.left(), out) && within(i.right(), out) && !i.summed().isEmpty();
            return plain && sums ? Optional.of(i) : Optional.empty();
        }
    }

    private void product(String a, String b, String out) {
        Optional<Indices> found = Indices.of(a, b, out);
        Optional<Tensor> constant =
                GraphNormalizer.constant(edit.graph(), node.input(1)).filter(t -> t.type() == ElementType.FLOAT);
        if (found.isEmpty()) {
            return;
        }
        Indices i = found.get();
        if (i.batch().isEmpty()
                && constant.isPresent()
                && constant.get().rank() == b.length()
                && !i.left().isEmpty()
                && !i.right().isEmpty()) {
            withMatrix(a, b, out, i, constant.get());
        } else if (i.left().length() == 1 && i.right().length() == 1 && i.summed().length() == 1) {
            edit.remove(node);
            String first = turned(node.input(0), a, i.batch() + i.left() + i.summed());
            String second = turned(node.input(1), b, i.batch() + i.summed() + i.right());
            step("MatMul", List.of(first, second), Map.of());
            transpose(i.batch() + i.left() + i.right(), out);
            finish();
        }
    }

    /** The constant as a matrix of [summed, its own]; the data with their summed indices as the last axis. */
    private void withMatrix(String a, String b, String out, Indices i, Tensor constant) {
        edit.remove(node);
        value = turned(node.input(0), a, i.left() + i.summed());
        long summed = size(i.summed(), b, constant);
        long own = size(i.right(), b, constant);
        if (i.summed().length() > 1) {
            reshape(i.left().length(), List.of(summed));
        }
        String matrix = edit.freshName(node.input(1) + "_matrix");
        edit.initializer(
                matrix,
                Tensor.ofFloats(new long[] {summed, own}, permuted(constant, b, i.summed() + i.right())));
        step("MatMul", List.of(value, matrix), Map.of());
        if (i.right().length() > 1) {
            reshape(
                    i.left().length(),
                    i.right().chars().mapToObj(c -> constant.dim(b.indexOf(c))).toList());
        }
        transpose(i.left() + i.right(), out);
        finish();
    }

    private static long size(String indices, String of, Tensor t) {
        return indices.chars().mapToLong(c -> t.dim(of.indexOf(c))).reduce(1, (x, y) -> x * y);
    }

    private static float[] permuted(Tensor t, String from, String to) {
        int[] strides = new int[to.length()];
        int[] sizes = new int[to.length()];
        for (int k = 0; k < strides.length; k++) {
            int axis = from.indexOf(to.charAt(k));
            sizes[k] = (int) t.dim(axis);
            strides[k] = (int) Arrays.stream(t.dims()).skip(axis + 1L).reduce(1, (x, y) -> x * y);
        }
        float[] values = t.floats();
        float[] moved = new float[values.length];
        for (int p = 0; p < moved.length; p++) {
            int rest = p;
            int source = 0;
            for (int k = strides.length - 1; k >= 0; k--) {
                source += rest % sizes[k] * strides[k];
                rest /= sizes[k];
            }
            moved[p] = values[source];
        }
        return moved;
    }

    private String turned(String input, String from, String to) {
        value = input;
        transpose(from, to);
        return value;
    }

    private void transpose(String from, String to) {
        if (!from.equals(to)) {
            List<Long> perm =
                    to.chars().mapToObj(c -> (long) from.indexOf(c)).toList();
            step("Transpose", List.of(value), Map.of("perm", new Attribute.Ints(perm)));
        }
    }

    /** Keeps the leading axes. */
    private void reshape(int kept, List<Long> last) {
        List<Long> shape = new ArrayList<>(Collections.nCopies(kept, 0L));
        shape.addAll(last);
        String constant =
                constant("_shape", shape.stream().mapToLong(Long::longValue).toArray());
        step("Reshape", List.of(value, constant), Map.of());
    }

    private String constant(String suffix, long... values) {
        String name = edit.freshName(node.name() + suffix);
        edit.initializer(name, Tensor.ofLongs(new long[] {values.length}, values));
        return name;
    }

    /** A MatMul bears the name that the Einsum had: rules and people know it. */
    private void step(String opType, List<String> inputs, Map<String, Attribute> attributes) {
        value = edit.freshName(node.output(0) + "_" + opType);
        String name = edit.freshName(opType.equals("MatMul") ? node.name() : node.name() + "_" + opType);
        last = Optional.of(Node.of(name, opType, inputs, List.of(value), attributes));
        edit.add(last.get());
    }

    /** The last step gives what the Einsum gave. */
    private void finish() {
        if (last.isPresent()) {
            edit.replace(last.get().withOutput(0, node.output(0)));
        } else {
            edit.add(Node.of(node.name(), "Identity", List.of(value), List.of(node.output(0)), Map.of()));
        }
    }

    private static boolean isPlain(String term) {
        return term.chars().distinct().count() == term.length();
    }

    private static boolean within(String part, String whole) {
        return part.chars().allMatch(c -> whole.indexOf(c) >= 0);
    }

    /** The indices of a term that another one has not, in order. */
    private static String without(String term, String other) {
        StringBuilder rest = new StringBuilder();
        term.chars().filter(c -> other.indexOf(c) < 0).forEach(c -> rest.append((char) c));
        return rest.toString();
    }
}
