package dev.detent.caffe;

import dev.detent.caffe.proto.EltwiseParameter;
import dev.detent.caffe.proto.EltwiseParameter.EltwiseOp;
import dev.detent.caffe.proto.LRNParameter;
import dev.detent.caffe.proto.PowerParameter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Layers that compute each element from its own place (and, for normalizations, from its neighbours). */
final class PointwiseLayers {

    static final Map<String, Consumer<LayerReading>> READERS = new TreeMap<>();

    static {
        READERS.put("ReLU", PointwiseLayers::relu);
        READERS.put("ReLU6", r -> clip(r, 0, 6));
        READERS.put(
                "Clip",
                r -> clip(
                        r,
                        r.layer().getClipParam().getMin(),
                        r.layer().getClipParam().getMax()));
        READERS.put("Sigmoid", r -> simple(r, "Sigmoid", Map.of()));
        READERS.put("TanH", r -> simple(r, "Tanh", Map.of()));
        READERS.put("AbsVal", r -> simple(r, "Abs", Map.of()));
        READERS.put("BNLL", r -> simple(r, "Softplus", Map.of()));
        READERS.put(
                "ELU",
                r -> simple(
                        r,
                        "Elu",
                        Map.of("alpha", Attributes.of(r.layer().getEluParam().getAlpha()))));
        READERS.put(
                "Softmax",
                r -> simple(
                        r,
                        "Softmax",
                        Map.of(
                                "axis",
                                Attributes.of(r.axis(r.layer().getSoftmaxParam().getAxis())))));
        READERS.put("Dropout", r -> r.pass(r.input(0)));
        READERS.put("Split", r -> r.layer().getTopList().forEach(t -> r.pass(r.input(0))));
        READERS.put("Silence", r -> {});
        READERS.put("Swish", PointwiseLayers::swish);
        READERS.put("Power", PointwiseLayers::power);
        READERS.put("Exp", PointwiseLayers::exp);
        READERS.put("Log", PointwiseLayers::log);
        READERS.put("Eltwise", PointwiseLayers::eltwise);
        READERS.put("LRN", PointwiseLayers::lrn);
        READERS.put("Normalize", PointwiseLayers::normalize);
    }

    private PointwiseLayers() {}

    private static void simple(LayerReading r, String op, Map<String, Attribute> attributes) {
        r.top(op, List.of(r.input(0)), attributes, r.shape(0));
    }

    private static void relu(LayerReading r) {
        float slope = r.layer().getReluParam().getNegativeSlope();
        simple(r, slope == 0 ? "Relu" : "LeakyRelu", slope == 0 ? Map.of() : Map.of("alpha", Attributes.of(slope)));
    }

    private static void clip(LayerReading r, float low, float high) {
        r.top(
                "Clip",
                List.of(r.input(0), r.constant("min", Tensor.scalar(low)), r.constant("max", Tensor.scalar(high))),
                Map.of(),
                r.shape(0));
    }

    private static void swish(LayerReading r) {
        String scaled = times(r, r.input(0), r.layer().getSwishParam().getBeta());
        String gate = r.inner("gate", "Sigmoid", List.of(scaled), Map.of(), r.shape(0));
        r.top("Mul", List.of(r.input(0), gate), Map.of(), r.shape(0));
    }

    private static String times(LayerReading r, String value, float factor) {
        return factor == 1
                ? value
                : r.inner(
                        "scaled",
                        "Mul",
                        List.of(value, r.constant("factor", Tensor.scalar(factor))),
                        Map.of(),
                        r.shape(value));
    }

    private static String plus(LayerReading r, String value, float summand) {
        return summand == 0
                ? value
                : r.inner(
                        "shifted",
                        "Add",
                        List.of(value, r.constant("summand", Tensor.scalar(summand))),
                        Map.of(),
                        r.shape(value));
    }

    /** (shift + scale x)^power; what does nothing is left out, the last step carries the layer's name. */
    private static void power(LayerReading r) {
        PowerParameter p = r.layer().getPowerParam();
        if (p.getPower() == 1 && p.getShift() == 0) {
            r.top("Mul", List.of(r.input(0), r.constant("factor", Tensor.scalar(p.getScale()))), Map.of(), r.shape(0));
            return;
        }
        String scaled = times(r, r.input(0), p.getScale());
        if (p.getPower() == 1) {
            r.top("Add", List.of(scaled, r.constant("summand", Tensor.scalar(p.getShift()))), Map.of(), r.shape(0));
            return;
        }
        String shifted = plus(r, scaled, p.getShift());
        if (p.getPower() == 0.5f) {
            r.top("Sqrt", List.of(shifted), Map.of(), r.shape(0));
        } else if (p.getPower() == -1) {
            r.top("Reciprocal", List.of(shifted), Map.of(), r.shape(0));
        } else {
            r.top("Pow", List.of(shifted, r.constant("exponent", Tensor.scalar(p.getPower()))), Map.of(), r.shape(0));
        }
    }

    private static void exp(LayerReading r) {
        float base = r.layer().getExpParam().getBase();
        float log = base == -1 ? 1 : (float) Math.log(base);
        String scaled = times(r, r.input(0), r.layer().getExpParam().getScale() * log);
        String shifted = plus(r, scaled, r.layer().getExpParam().getShift() * log);
        r.top("Exp", List.of(shifted), Map.of(), r.shape(0));
    }

    private static void log(LayerReading r) {
        float base = r.layer().getLogParam().getBase();
        String shifted = plus(
                r,
                times(r, r.input(0), r.layer().getLogParam().getScale()),
                r.layer().getLogParam().getShift());
        if (base == -1) {
            r.top("Log", List.of(shifted), Map.of(), r.shape(0));
            return;
        }
        String natural = r.inner("natural", "Log", List.of(shifted), Map.of(), r.shape(0));
        r.top(
                "Mul",
                List.of(natural, r.constant("base", Tensor.scalar((float) (1 / Math.log(base))))),
                Map.of(),
                r.shape(0));
    }

    /** Blobs of one shape; sums may weigh them. */
    private static void eltwise(LayerReading r) {
        EltwiseParameter p = r.layer().getEltwiseParam();
        String op = switch (p.getOperation()) {
            case PROD -> "Mul";
            case SUM -> "Add";
            case MAX -> "Max";
        };
        if (r.inputs().size() < 2) {
            throw r.refused("combines one blob with nothing");
        }
        List<String> terms = new ArrayList<>(r.inputs());
        if (p.getOperation() == EltwiseOp.SUM && p.getCoeffCount() > 0) {
            if (terms.size() == 2 && p.getCoeff(0) == 1 && p.getCoeff(1) == -1) {
                op = "Sub";
            } else {
                for (int i = 0; i < terms.size(); i++) {
                    terms.set(i, times(r, terms.get(i), p.getCoeff(i)));
                }
            }
        }
        String sum = terms.get(0);
        for (int i = 1; i < terms.size() - 1; i++) {
            sum = r.inner("part", op, List.of(sum, terms.get(i)), Map.of(), r.shape(0));
        }
        r.top(op, List.of(sum, terms.get(terms.size() - 1)), Map.of(), r.shape(0));
    }

    private static void lrn(LayerReading r) {
        LRNParameter p = r.layer().getLrnParam();
        if (p.getNormRegion() != LRNParameter.NormRegion.ACROSS_CHANNELS) {
            throw r.refused("normalizes within a channel, which no operator of ONNX does");
        }
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        attributes.put("size", Attributes.of(p.getLocalSize()));
        attributes.put("alpha", Attributes.of(p.getAlpha()));
        attributes.put("beta", Attributes.of(p.getBeta()));
        attributes.put("bias", Attributes.of(p.getK()));
        simple(r, "LRN", attributes);
    }

    /** SSD's: x / sqrt(sum over channels of x^2 + eps), times a factor per channel. */
    private static void normalize(LayerReading r) {
        long[] in = r.shape(0);
        if (r.layer().getNormParam().getAcrossSpatial()) {
            throw r.refused("normalizes across space too; Detent reads across_spatial: false");
        }
        long[] sums = in.clone();
        sums[1] = 1;
        String squares = r.inner("squares", "Mul", List.of(r.input(0), r.input(0)), Map.of(), in);
        String sum = r.inner(
                "sum",
                "ReduceSum",
                List.of(squares, r.constant("axes", Tensor.ofLongs(new long[] {1}, 1))),
                Map.of(),
                sums);
        String shifted = plus(r, sum, r.layer().getNormParam().getEps());
        String length = r.inner("length", "Sqrt", List.of(shifted), Map.of(), sums);
        String unit = r.inner("unit", "Div", List.of(r.input(0), length), Map.of(), in);
        long channels = r.layer().getNormParam().getChannelShared() ? 1 : in[1];
        r.top("Mul", List.of(unit, r.constant("scale", r.blob(0, channels, 1, 1))), Map.of(), in);
    }
}
