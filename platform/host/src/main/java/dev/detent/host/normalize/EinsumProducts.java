package dev.detent.host.normalize;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.TransposedTensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Makes an Einsum a MatMul where it is one, so that it is quantized as one: batches in front that all three share, one
 * contracted axis, the axes of the first operand before that of the second. An operand whose last two axes lie the
 * other way round is transposed, a constant one here and now. Sums, diagonals and outer products stay Einsum.
 */
final class EinsumProducts {

    private EinsumProducts() {}

    /**
     * Two operands of a MatMul.
     *
     * @param first index of the Einsum's input that comes first
     */
    private record Product(int first, boolean turnsFirst, boolean turnsSecond) {}

    static void apply(GraphEditor edit) {
        for (Node n : List.copyOf(edit.graph().nodes())) {
            if (n.is("Einsum") && n.inputs().size() == 2) {
                product(n.stringAttribute("equation", "")).ifPresent(p -> replace(edit, n, p));
            }
        }
    }

    private static void replace(GraphEditor edit, Node n, Product p) {
        String first = n.input(p.first());
        String second = n.input(1 - p.first());
        String x = p.turnsFirst() ? turned(edit, n, first, rank(n, p.first())) : first;
        String y = p.turnsSecond() ? turned(edit, n, second, rank(n, 1 - p.first())) : second;
        edit.replace(n.withoutAttribute("equation").withOpType("", "MatMul").withInputs(List.of(x, y)));
    }

    private static int rank(Node n, int input) {
        return terms(n.stringAttribute("equation", "")).get(input).length();
    }

    /** The value with its last two axes exchanged. */
    private static String turned(GraphEditor edit, Node n, String value, int rank) {
        Graph graph = edit.graph();
        String turned = edit.freshName(value + "_transposed");
        Optional<Tensor> constant =
                graph.initializer(value).filter(t -> t.type() == ElementType.FLOAT && t.rank() == rank);
        if (constant.isPresent()) {
            edit.initializer(turned, TransposedTensor.of(constant.get()));
            return turned;
        }
        List<Long> axes = new ArrayList<>(LongStream.range(0, rank).boxed().toList());
        Collections.swap(axes, rank - 1, rank - 2);
        edit.add(Node.of(
                edit.freshName(n.name() + "_transpose"),
                "Transpose",
                List.of(value),
                List.of(turned),
                Map.of("perm", new Attribute.Ints(axes))));
        return turned;
    }

    private static Optional<Product> product(String equation) {
        List<String> terms = terms(equation);
        if (terms.size() != 3 || !terms.stream().allMatch(EinsumProducts::isPlain)) {
            return Optional.empty();
        }
        String out = terms.get(2);
        return product(0, terms.get(0), terms.get(1), out).or(() -> product(1, terms.get(1), terms.get(0), out));
    }

    /** The axes of both operands and of the result. */
    private static List<String> terms(String equation) {
        String[] sides = equation.replace(" ", "").split("->", -1);
        String[] operands = sides[0].split(",", -1);
        return sides.length == 2 && operands.length == 2 ? List.of(operands[0], operands[1], sides[1]) : List.of();
    }

    /** Letters alone, each once. */
    private static boolean isPlain(String term) {
        return term.chars().allMatch(Character::isLetter)
                && term.chars().distinct().count() == term.length();
    }

    private static Optional<Product> product(int first, String x, String y, String out) {
        String batch = shared(shared(x, y), out);
        String contracted = without(shared(x, y), out);
        String rows = without(shared(x, out), y);
        String columns = without(shared(y, out), x);
        boolean isProduct = contracted.length() == 1
                && columns.length() == 1
                && (batch.isEmpty() ? !rows.isEmpty() : rows.length() == 1)
                && out.equals(batch + rows + columns)
                && y.length() == batch.length() + 2;
        if (!isProduct) {
            return Optional.empty();
        }
        boolean straightFirst = x.equals(batch + rows + contracted);
        boolean straightSecond = y.equals(batch + contracted + columns);
        boolean fits = (straightFirst || rows.length() == 1 && x.equals(batch + contracted + rows))
                && (straightSecond || y.equals(batch + columns + contracted));
        return fits ? Optional.of(new Product(first, !straightFirst, !straightSecond)) : Optional.empty();
    }

    private static String shared(String a, String b) {
        return kept(a, b, true);
    }

    private static String without(String a, String b) {
        return kept(a, b, false);
    }

    /** In the order of the first. */
    private static String kept(String a, String b, boolean in) {
        StringBuilder kept = new StringBuilder();
        a.chars().filter(c -> b.indexOf(c) >= 0 == in).forEach(c -> kept.append((char) c));
        return kept.toString();
    }
}
