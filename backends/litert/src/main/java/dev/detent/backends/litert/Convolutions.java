package dev.detent.backends.litert;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.QuantizationParameters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Convolutions and matrix products. */
final class Convolutions {

    static final Map<String, Consumer<NodeConversion>> TABLE = Map.of(
            "Conv", Convolutions::convolution,
            "ConvTranspose", Convolutions::transposed,
            "Gemm", Convolutions::gemm,
            "MatMul", Convolutions::product);

    private Convolutions() {}

    private static void convolution(NodeConversion c) {
        Node n = c.node();
        StoredValue picture = Picture.of(c);
        Constant weight = c.constant(1, "weights");
        long[] dims = weight.values().dims();
        long[] kernel = Arrays.copyOfRange(dims, 2, dims.length);
        Window w = Window.of(n, kernel, c.shape(0), c.outputShape());
        StoredValue data = Picture.padded(c, picture, w, Optional.empty());
        boolean depthwise = isDepthwise(n, dims);
        Constant laid = tall(weight).transposed(weightOrder(n, dims));
        List<StoredValue> in = new ArrayList<>(List.of(data, weights(c, laid)));
        in.add(bias(c, laid, (int) dims[0], 1));
        BuiltinOptions options = BuiltinOptions.none()
                .choice(0, Picture.padding(w))
                .integer(1, w.stride()[1])
                .integer(2, w.stride()[0]);
        if (depthwise) {
            options.integer(3, dims[0] / n.intAttribute("group", 1))
                    .choice(4, c.activation())
                    .factor(5, w.dilation()[1])
                    .factor(6, w.dilation()[0]);
        } else {
            options.choice(3, c.activation()).factor(4, w.dilation()[1]).factor(5, w.dilation()[0]);
        }
        Picture.gives(
                c, depthwise ? BuiltinOperator.DEPTHWISE_CONV_2D : BuiltinOperator.CONV_2D, options, in, c.wanted());
    }

    /** All of the result without ONNX's pads, which are then cut off. */
    private static void transposed(NodeConversion c) {
        Node n = c.node();
        Constant weight = tall(c.constant(1, "weights"));
        long[] dims = weight.values().dims();
        StoredValue data = Picture.of(c);
        long[] out = Picture.tall(c.outputShape());
        List<Long> strides = n.intsAttribute("strides", List.of());
        List<Long> pads = n.intsAttribute("pads", List.of());
        if (n.intAttribute("group", 1) != 1) {
            throw c.refused("has groups, which TRANSPOSE_CONV has not");
        }
        if (n.intsAttribute("dilations", List.of()).stream().anyMatch(d -> d != 1)
                || n.stringAttribute("auto_pad", "NOTSET").startsWith("SAME")) {
            throw c.refused("has dilations or auto_pad, which TRANSPOSE_CONV has not; write its pads out");
        }
        boolean sized = !n.intsAttribute("output_shape", List.of()).isEmpty();
        List<Long> more = n.intsAttribute("output_padding", List.of());
        int missing = 4 - c.shape(0).length;
        long[] full = out.clone();
        int[] begin = new int[4];
        int[] stride = {1, 1};
        for (int d = missing; d < 2; d++) {
            stride[d] = strides.isEmpty() ? 1 : Math.toIntExact(strides.get(d - missing));
            long all = (data.dims()[2 + d] - 1) * stride[d] + dims[2 + d];
            if (sized) {
                // The size decides the pads, the larger half in front (ONNX's ConvTranspose).
                long total = Math.max(0, all + (more.isEmpty() ? 0 : more.get(d - missing)) - out[2 + d]);
                begin[2 + d] = Math.toIntExact(total - total / 2);
            } else {
                begin[2 + d] = pads.isEmpty() ? 0 : Math.toIntExact(pads.get(d - missing));
            }
            full[2 + d] = Math.max(all, begin[2 + d] + out[2 + d]);
        }
        Constant laid = weight.transposed(weightOrder(n, dims));
        AxisOrder order = AxisOrder.channelsLast(4);
        List<StoredValue> in =
                List.of(c.integers(order.apply(full)), weights(c, laid), data, bias(c, laid, (int) dims[1], 1));
        BuiltinOptions options = BuiltinOptions.none()
                .choice(0, Picture.Padding.VALID)
                .integer(1, stride[1])
                .integer(2, stride[0]);
        boolean whole = Arrays.equals(full, out);
        StoredValue made = c.make(BuiltinOperator.TRANSPOSE_CONV, options, in, full, order, c.wanted());
        Picture.gives(c, whole ? made : DataMovement.cut(c, made, begin, out));
    }

    private static void gemm(NodeConversion c) {
        Node n = c.node();
        boolean across = n.intAttribute("transA", 0) != 0;
        float alpha = n.floatAttribute("alpha", 1);
        float beta = n.floatAttribute("beta", 1);
        if (across || c.net().constant(n.input(1)).isEmpty()) {
            throw c.refused("multiplies " + (across ? "a transposed input" : "two computed matrices")
                    + "; write it as Transpose and MatMul");
        }
        Constant weight = c.constant(1, "weights");
        if (!c.isInteger() && alpha != 1) {
            weight = scaled(weight.inFloat(), alpha);
        }
        Constant laid = weight.transposed(weightOrder(n, weight.values().dims()));
        connected(c, laid, bias(c, laid, (int) laid.values().dim(0), beta));
    }

    private static void product(NodeConversion c) {
        Optional<Constant> right = c.net().constant(c.node().input(1));
        int rank = c.shape(0).length;
        if (rank > 1 && right.filter(w -> w.values().rank() == 2).isPresent()) {
            Constant laid = right.orElseThrow().transposed(weightOrder(c.node(), new long[2]));
            connected(c, laid, bias(c, laid, (int) laid.values().dim(0), 1));
            return;
        }
        int other = c.shape(1).length;
        if (rank < 2 || other < 2) {
            throw c.refused("multiplies a vector; give it a second dimension");
        }
        BuiltinOptions options = BuiltinOptions.none().flag(0, false).flag(1, false);
        List<StoredValue> in = List.of(c.in(0, AxisOrder.natural(rank)), c.in(1, AxisOrder.natural(other)));
        c.gives(BuiltinOperator.BATCH_MATMUL, options, in, AxisOrder.natural(c.outputShape().length));
    }

    private static boolean isDepthwise(Node n, long[] dims) {
        return n.is("Conv") && n.intAttribute("group", 1) > 1 && dims[1] == 1;
    }

    /**
     * How weights lie: output, H, W, input of one group; depthwise 1, H, W, C x multiplier; matrices output, input.
     *
     * @param dims ONNX's; kernels of signals count as height 1
     */
    static AxisOrder weightOrder(Node n, long[] dims) {
        return switch (n.opType()) {
            case "Conv" -> new AxisOrder(isDepthwise(n, dims) ? List.of(1, 2, 3, 0) : List.of(0, 2, 3, 1));
            case "ConvTranspose" -> new AxisOrder(List.of(1, 2, 3, 0));
            default -> n.intAttribute("transB", 0) != 0 ? AxisOrder.natural(2) : new AxisOrder(List.of(1, 0));
        };
    }

    private static void connected(NodeConversion c, Constant laid, StoredValue bias) {
        int rank = c.shape(0).length;
        List<StoredValue> in = new ArrayList<>(List.of(c.in(0, AxisOrder.natural(rank)), weights(c, laid)));
        in.add(bias);
        BuiltinOptions options = BuiltinOptions.none().choice(0, c.activation()).flag(2, rank > 2);
        c.gives(BuiltinOperator.FULLY_CONNECTED, options, in, AxisOrder.natural(rank));
    }

    /** Codes for an integer operator; for another one floats, or what a DEQUANTIZE makes of the codes. */
    private static StoredValue weights(NodeConversion c, Constant laid) {
        AxisOrder order = AxisOrder.natural(laid.values().rank());
        StoredValue w = c.net().constant(laid, order);
        if (c.isInteger() || laid.encoding().isEmpty()) {
            return w;
        }
        StoredValue out = c.net().tensor(laid.name() + "_float", w.dims(), order, ElementType.FLOAT, Optional.empty());
        c.net().operator(BuiltinOperator.DEQUANTIZE, BuiltinOptions.none(), List.of(w.tensor()), out);
        return out;
    }

    /**
     * One value per output channel, zeros where the node has none: in units of input scale x weight scale for integer
     * operators, 32 bits for 8-bit data and 64 for 16-bit ones.
     */
    private static StoredValue bias(NodeConversion c, Constant weight, int channels, float factor) {
        boolean has = c.node().is("Conv", "ConvTranspose", "Gemm") && c.node().hasInput(2);
        String name = has ? c.constant(2, "a bias").name() : c.node().name() + "_bias";
        float[] values = has ? c.constant(2, "a bias").floats() : new float[channels];
        float[] full = new float[channels];
        for (int i = 0; i < channels; i++) {
            full[i] = values[values.length == 1 ? 0 : i] * factor;
        }
        if (values.length != 1 && values.length != channels) {
            throw c.refused("has a bias of " + values.length + " values for " + channels + " channels");
        }
        Constant b = new Constant(name, Tensor.ofFloats(new long[] {channels}, full), Optional.empty());
        return c.net().constant(c.isInteger() ? coded(c, b, weight) : b, AxisOrder.natural(1));
    }

    private static Constant coded(NodeConversion c, Constant bias, Constant weight) {
        Encoding data = c.in(0).encoding().orElseThrow();
        Encoding w = weight.encoding().orElseThrow();
        float[] values = bias.values().floats();
        boolean wide = data.type() == ElementType.INT16;
        ByteBuffer bytes = ByteBuffer.allocate(values.length * (wide ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        float[] scales = new float[w.parameters().channels()];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = data.scale() * w.parameters().scale(i);
        }
        for (int i = 0; i < values.length; i++) {
            long code = Math.round(Math.rint(values[i] / (double) scales[scales.length == 1 ? 0 : i]));
            if (wide) {
                bytes.putLong(code);
            } else {
                bytes.putInt((int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, code)));
            }
        }
        ElementType type = wide ? ElementType.INT64 : ElementType.INT32;
        return new Constant(
                bias.name(),
                Tensor.of(type, bias.values().dims(), bytes.rewind()),
                Optional.of(new Encoding(type, new QuantizationParameters(scales, new float[scales.length]), 0)));
    }

    private static Constant scaled(Constant c, float factor) {
        float[] values = c.values().floats();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return new Constant(c.name() + "_scaled", Tensor.ofFloats(c.values().dims(), values), Optional.empty());
    }

    /** Kernels of signals with a height of 1. */
    private static Constant tall(Constant weight) {
        return weight.reshaped(Picture.tall(weight.values().dims()));
    }
}
