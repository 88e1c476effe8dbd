package dev.detent.runtime.gradient;

import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Functions of one tensor, element by element. At a kink the derivative of one of its sides. */
final class FunctionGradients {

    /** The derivative of a function, from what went in. */
    @FunctionalInterface
    private interface Derivative {
        String of(GradientBuilder b, Node node, String x);
    }

    /** The same from what came out, where that says enough: then the input need not be kept. */
    @FunctionalInterface
    private interface FromResult {
        String of(GradientBuilder b, Node node, String y);
    }

    static final Map<String, GradientRule> ROWS = rows();

    private FunctionGradients() {}

    private static Map<String, GradientRule> rows() {
        Map<String, GradientRule> rows = new HashMap<>();
        rows.put("Identity", (b, n, up) -> List.of(up.get(0)));
        rows.put("Dropout", (b, n, up) -> List.of(up.get(0)));
        rows.put("Neg", (b, n, up) -> List.of(b.op("Neg", up.get(0))));
        rows.put("Abs", function((b, n, x) -> b.op("Sign", x)));
        rows.put("Relu", result((b, n, y) -> b.op("Sign", y)));
        rows.put("Clip", FunctionGradients::clip);
        rows.put(
                "LeakyRelu",
                function((b, n, x) -> b.plus(
                        b.mul(b.positive(x), 1 - n.floatAttribute("alpha", 0.01f)), n.floatAttribute("alpha", 0.01f))));
        rows.put("ThresholdedRelu", function((b, n, x) -> b.positive(b.plus(x, -n.floatAttribute("alpha", 1)))));
        rows.put("Elu", function((b, n, x) -> exponential(b, x, 1, n.floatAttribute("alpha", 1), 1)));
        rows.put("Selu", function((b, n, x) -> {
            double gamma = n.floatAttribute("gamma", 1.050701f);
            double alpha = n.floatAttribute("alpha", 1.6732632f);
            return exponential(b, x, gamma, gamma * alpha, 1);
        }));
        rows.put("Celu", function((b, n, x) -> exponential(b, x, 1, 1, 1 / n.floatAttribute("alpha", 1))));
        rows.put("Sigmoid", result((b, n, y) -> b.mul(y, b.minus(1, y))));
        rows.put("Tanh", result((b, n, y) -> b.minus(1, b.mul(y, y))));
        rows.put("Exp", result((b, n, y) -> y));
        rows.put("Sqrt", result((b, n, y) -> b.divide(b.scalar(0.5), y)));
        rows.put("Reciprocal", result((b, n, y) -> b.op("Neg", b.mul(y, y))));
        rows.put("Log", function((b, n, x) -> b.op("Reciprocal", x)));
        rows.put("Sin", function((b, n, x) -> b.op("Cos", x)));
        rows.put("Cos", function((b, n, x) -> b.op("Neg", b.op("Sin", x))));
        rows.put("Erf", function((b, n, x) -> b.mul(gauss(b, x, 1), 2 / Math.sqrt(Math.PI))));
        rows.put("Softplus", function((b, n, x) -> b.op("Sigmoid", x)));
        rows.put("Softsign", function((b, n, x) -> b.power(b.plus(b.op("Abs", x), 1), -2)));
        rows.put("HardSigmoid", result((b, n, y) -> b.mul(inside(b, y, 0, 1), n.floatAttribute("alpha", 0.2f))));
        rows.put("HardSwish", function((b, n, x) -> {
            String gate = b.op("Clip", b.plus(b.mul(x, 1.0 / 6), 0.5), b.scalar(0), b.scalar(1));
            return b.plus(gate, b.mul(b.mul(x, 1.0 / 6), inside(b, gate, 0, 1)));
        }));
        rows.put("Mish", function((b, n, x) -> {
            String t = b.op("Tanh", b.op("Softplus", x));
            return b.plus(t, b.mul(b.mul(x, b.op("Sigmoid", x)), b.minus(1, b.mul(t, t))));
        }));
        rows.put("Gelu", function(FunctionGradients::gelu));
        rows.put("PRelu", FunctionGradients::parametric);
        return rows;
    }

    private static GradientRule function(Derivative derivative) {
        return (b, n, up) -> List.of(b.mul(up.get(0), derivative.of(b, n, b.read(n.input(0)))));
    }

    /** {@code right} above 0, {@code left e^(rate x)} below. */
    private static String exponential(GradientBuilder b, String x, double right, double left, double rate) {
        return b.op(
                "Where", b.op("Greater", x, b.scalar(0)), b.scalar(right), b.mul(b.op("Exp", b.mul(x, rate)), left));
    }

    private static GradientRule result(FromResult derivative) {
        return (b, n, up) -> List.of(b.mul(up.get(0), derivative.of(b, n, b.read(n.output(0)))));
    }

    /** 1 inside of two bounds that y does not leave. */
    private static String inside(GradientBuilder b, String y, double low, double high) {
        return b.mul(b.op("Sign", b.plus(y, -low)), b.op("Sign", b.minus(high, y)));
    }

    /** Bounds are inputs since opset 11; an absent one bounds nothing. */
    private static List<String> clip(GradientBuilder b, Node n, List<String> up) {
        String y = b.read(n.output(0));
        String gradient = up.get(0);
        if (n.hasInput(1)) {
            gradient = b.mul(gradient, b.op("Sign", b.minus(y, b.read(n.input(1)))));
        }
        if (n.hasInput(2)) {
            gradient = b.mul(gradient, b.op("Sign", b.minus(b.read(n.input(2)), y)));
        }
        return List.of(gradient);
    }

    /** e^(-c x^2). */
    private static String gauss(GradientBuilder b, String x, double c) {
        return b.op("Exp", b.mul(b.mul(x, x), -c));
    }

    /** Hendrycks and Gimpel 2016: x Phi(x), or its approximation by tanh. */
    private static String gelu(GradientBuilder b, Node n, String x) {
        if (n.stringAttribute("approximate", "none").equals("tanh")) {
            double c = Math.sqrt(2 / Math.PI);
            String square = b.mul(x, x);
            String t = b.op("Tanh", b.mul(b.mul(x, b.plus(b.mul(square, 0.044715), 1)), c));
            String inner = b.mul(b.plus(b.mul(square, 3 * 0.044715), 1), c);
            return b.plus(b.mul(b.plus(t, 1), 0.5), b.mul(b.mul(b.mul(x, 0.5), b.minus(1, b.mul(t, t))), inner));
        }
        String phi = b.mul(b.plus(b.op("Erf", b.mul(x, Math.sqrt(0.5))), 1), 0.5);
        return b.plus(phi, b.mul(b.mul(x, gauss(b, x, 0.5)), 1 / Math.sqrt(2 * Math.PI)));
    }

    private static List<String> parametric(GradientBuilder b, Node n, List<String> up) {
        String x = b.read(n.input(0));
        String slope = b.read(n.input(1));
        String isPositive = b.op("Greater", x, b.scalar(0));
        String dx =
                b.isWanted(n, 0) ? b.mul(up.get(0), b.op("Where", isPositive, b.tensor(Tensor.scalar(1)), slope)) : "";
        String dslope = b.isWanted(n, 1)
                ? b.reduceTo(
                        b.mul(up.get(0), b.op("Where", isPositive, b.scalar(0), x)),
                        b.shape(n.output(0)),
                        b.shape(n.input(1)))
                : "";
        return List.of(dx, dslope);
    }
}
