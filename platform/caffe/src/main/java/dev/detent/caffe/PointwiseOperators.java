package dev.detent.caffe;

import dev.detent.caffe.OperatorRules.Rule;
import dev.detent.caffe.proto.EltwiseParameter.EltwiseOp;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.spi.export.CaffeOptions.Extension;
import dev.detent.spi.graph.Tensor;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Operators of one computed input that keep its shape. */
final class PointwiseOperators {

    static final Map<String, Rule> RULES = new TreeMap<>();

    static {
        simple("Relu", "ReLU");
        simple("Sigmoid", "Sigmoid");
        simple("Tanh", "TanH");
        simple("Abs", "AbsVal");
        simple("Softplus", "BNLL");
        simple("Exp", "Exp");
        simple("Log", "Log");
        rule(
                "LeakyRelu",
                "ReLU",
                "negative_slope",
                w -> w.last(
                        "ReLU",
                        w.bottom(0),
                        l -> l.getReluParamBuilder().setNegativeSlope(w.node().floatAttribute("alpha", 0.01f))));
        rule(
                "Elu",
                "ELU",
                "",
                w -> w.last(
                        "ELU",
                        w.bottom(0),
                        l -> l.getEluParamBuilder().setAlpha(w.node().floatAttribute("alpha", 1))));
        rule("Neg", "Power", "", w -> w.last("Power", w.bottom(0), NodeWriting.power(1, -1, 0)));
        rule("Sqrt", "Power", "", w -> w.last("Power", w.bottom(0), NodeWriting.power(0.5f, 1, 0)));
        rule("Reciprocal", "Power", "", w -> w.last("Power", w.bottom(0), NodeWriting.power(-1, 1, 0)));
        rule("Pow", "Power", "refused: a computed exponent, one for each element", PointwiseOperators::pow);
        rule("Identity", "none", "", w -> w.pass(0));
        rule("Dropout", "none", "", w -> w.pass(0));
        rule("Softmax", "Softmax", "", PointwiseOperators::softmax);
        rule(
                "Clip",
                "ReLU, Power, Eltwise",
                "ReLU alone from 0 on; ReLU6 or Clip where the reader has them",
                w -> clip(w, w.bottom(0), bound(w, 1, Float.NEGATIVE_INFINITY), bound(w, 2, Float.POSITIVE_INFINITY)));
        rule("HardSigmoid", "Power, then as Clip", "", w -> clip(w, hardSigmoidInput(w), 0, 1));
        rule("HardSwish", "as HardSigmoid, then Eltwise", "", PointwiseOperators::hardSwish);
        rule("LRN", "LRN", "", PointwiseOperators::lrn);
    }

    private PointwiseOperators() {}

    /** Of layers without parameters. */
    private static void nothing(LayerParameter.Builder layer) {}

    private static void rule(String op, String layers, String remark, Consumer<NodeWriting> writer) {
        RULES.put(op, new Rule(layers, remark, writer));
    }

    private static void simple(String op, String layer) {
        rule(op, layer, "", w -> w.last(layer, w.bottom(0), PointwiseOperators::nothing));
    }

    private static void pow(NodeWriting w) {
        Tensor exponent = w.required(1, "an exponent");
        if (exponent.elementCount() != 1) {
            throw w.refused("has exponents for each element");
        }
        w.last("Power", w.bottom(0), NodeWriting.power(exponent.floats()[0], 1, 0));
    }

    private static void softmax(NodeWriting w) {
        int axis = Math.floorMod(w.node().intAttribute("axis", -1), w.in(0).length);
        w.last("Softmax", w.bottom(0), l -> l.getSoftmaxParamBuilder().setAxis(axis));
    }

    private static float bound(NodeWriting w, int input, float none) {
        return w.node().hasInput(input) ? w.required(input, "a bound").floats()[0] : none;
    }

    /**
     * min(max(x, low), high), as the node's last layers. Without a layer for it: with y = relu(x - low) and h = high -
     * low, y - relu(y - h) is y up to h, exactly, and h above, to a rounding.
     */
    private static void clip(NodeWriting w, String x, float low, float high) {
        if (low == 0 && high == 6 && w.has(Extension.RELU6)) {
            w.last("ReLU6", x, PointwiseOperators::nothing);
        } else if (Float.isFinite(low) && Float.isFinite(high) && w.has(Extension.CLIP)) {
            w.last("Clip", x, l -> l.getClipParamBuilder().setMin(low).setMax(high));
        } else if (low == 0 && high >= Float.MAX_VALUE) {
            w.last("ReLU", x, PointwiseOperators::nothing);
        } else if (low == 0 && Float.isFinite(high)) {
            String y = w.inner("low", "ReLU", x, PointwiseOperators::nothing);
            w.last("Eltwise", y, NodeWriting.eltwise(EltwiseOp.SUM, above(w, y, high), 1, -1));
        } else if (Float.isFinite(low) && Float.isFinite(high)) {
            String shifted = w.inner("down", "Power", x, NodeWriting.power(1, 1, -low));
            String y = w.inner("low", "ReLU", shifted, PointwiseOperators::nothing);
            String bounded =
                    w.inner("high", "Eltwise", y, NodeWriting.eltwise(EltwiseOp.SUM, above(w, y, high - low), 1, -1));
            w.last("Power", bounded, NodeWriting.power(1, 1, low));
        } else if (Float.isFinite(low)) {
            String shifted = w.inner("down", "Power", x, NodeWriting.power(1, 1, -low));
            String y = w.inner("low", "ReLU", shifted, PointwiseOperators::nothing);
            w.last("Power", y, NodeWriting.power(1, 1, low));
        } else if (Float.isFinite(high)) {
            w.last("Eltwise", x, NodeWriting.eltwise(EltwiseOp.SUM, above(w, x, high), 1, -1));
        } else {
            w.copy(x);
        }
    }

    /** relu(x - bound). */
    private static String above(NodeWriting w, String x, float bound) {
        return w.inner(
                "excess",
                "ReLU",
                w.inner("minus", "Power", x, NodeWriting.power(1, 1, -bound)),
                PointwiseOperators::nothing);
    }

    private static String hardSigmoidInput(NodeWriting w) {
        return w.inner(
                "linear",
                "Power",
                w.bottom(0),
                NodeWriting.power(
                        1, w.node().floatAttribute("alpha", 0.2f), w.node().floatAttribute("beta", 0.5f)));
    }

    /** x times the hard sigmoid of x / 6. */
    private static void hardSwish(NodeWriting w) {
        String linear = w.inner("linear", "Power", w.bottom(0), NodeWriting.power(1, 1 / 6f, 0.5f));
        String y = w.inner("low", "ReLU", linear, PointwiseOperators::nothing);
        String gate = w.inner("gate", "Eltwise", y, NodeWriting.eltwise(EltwiseOp.SUM, above(w, y, 1), 1, -1));
        w.last("Eltwise", w.bottom(0), NodeWriting.eltwise(EltwiseOp.PROD, gate));
    }

    private static void lrn(NodeWriting w) {
        w.last(
                "LRN",
                w.bottom(0),
                l -> l.getLrnParamBuilder()
                        .setLocalSize((int) w.node().intAttribute("size", 5))
                        .setAlpha(w.node().floatAttribute("alpha", 1e-4f))
                        .setBeta(w.node().floatAttribute("beta", 0.75f))
                        .setK(w.node().floatAttribute("bias", 1)));
    }
}
