package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Functions of several tensors, element by element, with broadcasting. */
final class ArithmeticGradients {

    /** The gradient to one input before broadcasting is undone. */
    @FunctionalInterface
    private interface ToInput {
        String of(GradientBuilder b, Node node, int input, String upstream);
    }

    static final Map<String, GradientRule> ROWS = rows();

    private ArithmeticGradients() {}

    private static Map<String, GradientRule> rows() {
        Map<String, GradientRule> rows = new HashMap<>();
        rows.put("Add", broadcast((b, n, i, up) -> up));
        rows.put("Sum", broadcast((b, n, i, up) -> up));
        rows.put("Sub", broadcast((b, n, i, up) -> i == 0 ? up : b.op("Neg", up)));
        rows.put("Mul", broadcast((b, n, i, up) -> b.mul(up, b.read(n.input(1 - i)))));
        rows.put(
                "Div",
                broadcast((b, n, i, up) -> i == 0
                        ? b.divide(up, b.read(n.input(1)))
                        : b.op("Neg", b.divide(b.mul(up, b.read(n.output(0))), b.read(n.input(1))))));
        rows.put("Mean", broadcast((b, n, i, up) -> b.mul(up, 1.0 / n.inputs().size())));
        rows.put("Max", broadcast(ArithmeticGradients::chosen));
        rows.put("Min", broadcast(ArithmeticGradients::chosen));
        rows.put("Pow", broadcast(ArithmeticGradients::power));
        rows.put("Where", broadcast(ArithmeticGradients::where));
        rows.put("Expand", broadcast((b, n, i, up) -> i == 0 ? up : ""));
        return rows;
    }

    private static GradientRule broadcast(ToInput rule) {
        return (b, n, up) -> {
            List<String> gradients = new ArrayList<>();
            for (int i = 0; i < n.inputs().size(); i++) {
                String full = b.isWanted(n, i) ? rule.of(b, n, i, up.get(0)) : "";
                gradients.add(full.isEmpty() ? "" : b.reduceTo(full, b.shape(n.output(0)), b.shape(n.input(i))));
            }
            return gradients;
        };
    }

    /** Of equal inputs each gets the whole gradient. */
    private static String chosen(GradientBuilder b, Node n, int input, String up) {
        return b.mul(up, b.number(b.op("Equal", b.read(n.input(input)), b.read(n.output(0)))));
    }

    /** The exponent counts as a constant, as it is in every network. */
    private static String power(GradientBuilder b, Node n, int input, String up) {
        if (input == 1) {
            return "";
        }
        String exponent = b.read(n.input(1));
        return b.mul(up, b.mul(exponent, b.op("Pow", b.read(n.input(0)), b.plus(exponent, -1))));
    }

    private static String where(GradientBuilder b, Node n, int input, String up) {
        if (input == 0) {
            return "";
        }
        String condition = b.read(n.input(0));
        return input == 1 ? b.op("Where", condition, up, b.scalar(0)) : b.op("Where", condition, b.scalar(0), up);
    }
}
