package dev.detent.caffe;

import dev.detent.caffe.proto.ConvolutionParameter;
import dev.detent.caffe.proto.InnerProductParameter;
import dev.detent.caffe.proto.ScaleParameter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.TransposedTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Layers with trained blobs. */
final class WeightedLayers {

    /** By type; depthwise convolutions have layers of their own in several forks. */
    static final Map<String, Consumer<LayerReading>> READERS = Map.of(
            "Convolution", r -> convolution(r, r.layer().getConvolutionParam().getGroup()),
            "ConvolutionDepthwise", WeightedLayers::depthwise,
            "DepthwiseConvolution", WeightedLayers::depthwise,
            "DepthwiseConv", WeightedLayers::depthwise,
            "Deconvolution", WeightedLayers::deconvolution,
            "InnerProduct", WeightedLayers::innerProduct,
            "BatchNorm", WeightedLayers::batchNorm,
            "Scale", WeightedLayers::scale,
            "Bias", WeightedLayers::bias,
            "PReLU", WeightedLayers::prelu);

    private WeightedLayers() {}

    /** Kernel, strides, pads and dilations of one axis each: height, width. */
    private record Window(long[] kernel, long[] stride, long[] pad, long[] dilation) {
        static Window of(ConvolutionParameter p, LayerReading r) {
            if (p.getAxis() != 1 || r.shape(0).length != 4) {
                throw r.refused("convolves other than the two last of four axes");
            }
            long[] kernel = pair(p.getKernelSizeList(), p.hasKernelH(), p.getKernelH(), p.getKernelW(), 0);
            if (kernel[0] == 0 || kernel[1] == 0) {
                throw r.refused("has no kernel_size");
            }
            return new Window(
                    kernel,
                    pair(p.getStrideList(), p.hasStrideH(), p.getStrideH(), p.getStrideW(), 1),
                    pair(p.getPadList(), p.hasPadH() || p.hasPadW(), p.getPadH(), p.getPadW(), 0),
                    pair(p.getDilationList(), false, 0, 0, 1));
        }

        private static long[] pair(List<Integer> both, boolean single, int h, int w, int otherwise) {
            if (single) {
                return new long[] {h, w};
            }
            return both.isEmpty()
                    ? new long[] {otherwise, otherwise}
                    : new long[] {both.get(0), both.get(both.size() - 1)};
        }

        long extent(int i) {
            return dilation[i] * (kernel[i] - 1) + 1;
        }

        Map<String, Attribute> attributes(long group) {
            Map<String, Attribute> all = new LinkedHashMap<>();
            all.put("kernel_shape", Attributes.of(kernel));
            all.put("strides", Attributes.of(stride));
            all.put("pads", Attributes.of(new long[] {pad[0], pad[1], pad[0], pad[1]}));
            all.put("dilations", Attributes.of(dilation));
            all.put("group", Attributes.of(group));
            return all;
        }
    }

    private static void depthwise(LayerReading r) {
        convolution(r, (int) r.shape(0)[1]);
    }

    private static void convolution(LayerReading r, int group) {
        ConvolutionParameter p = r.layer().getConvolutionParam();
        Window w = Window.of(p, r);
        long[] in = r.shape(0);
        long[] out = {in[0], p.getNumOutput(), 0, 0};
        for (int i = 0; i < 2; i++) {
            out[2 + i] = (in[2 + i] + 2 * w.pad[i] - w.extent(i)) / w.stride[i] + 1;
        }
        Tensor weight = r.blob(0, p.getNumOutput(), in[1] / group, w.kernel[0], w.kernel[1]);
        r.top("Conv", weighted(r, weight, p.getBiasTerm(), p.getNumOutput()), w.attributes(group), out);
    }

    private static void deconvolution(LayerReading r) {
        ConvolutionParameter p = r.layer().getConvolutionParam();
        Window w = Window.of(p, r);
        long[] in = r.shape(0);
        long[] out = {in[0], p.getNumOutput(), 0, 0};
        for (int i = 0; i < 2; i++) {
            out[2 + i] = w.stride[i] * (in[2 + i] - 1) + w.extent(i) - 2 * w.pad[i];
        }
        Tensor weight = r.blob(0, in[1], p.getNumOutput() / p.getGroup(), w.kernel[0], w.kernel[1]);
        r.top("ConvTranspose", weighted(r, weight, p.getBiasTerm(), p.getNumOutput()), w.attributes(p.getGroup()), out);
    }

    private static List<String> weighted(LayerReading r, Tensor weight, boolean biased, long outputs) {
        List<String> inputs = new ArrayList<>(List.of(r.input(0), r.constant("weight", weight)));
        if (biased) {
            inputs.add(r.constant("bias", r.blob(1, outputs)));
        }
        return inputs;
    }

    /** Gemm over the flattened tail; MatMul where axes before the tail stay. */
    private static void innerProduct(LayerReading r) {
        InnerProductParameter p = r.layer().getInnerProductParam();
        long[] in = r.shape(0);
        int axis = r.axis(p.getAxis());
        long outputs = p.getNumOutput();
        long tail = Tensor.count(Arrays.copyOfRange(in, axis, in.length));
        long[] out = Arrays.copyOf(in, axis + 1);
        out[axis] = outputs;
        if (axis == 1) {
            String flat = in.length == 2
                    ? r.input(0)
                    : r.inner("flat", "Flatten", List.of(r.input(0)), Map.of("axis", Attributes.of(1)), in[0], tail);
            boolean transposed = !p.getTranspose();
            Tensor weight = transposed ? r.blob(0, outputs, tail) : r.blob(0, tail, outputs);
            List<String> inputs = new ArrayList<>(weighted(r, weight, p.getBiasTerm(), outputs));
            inputs.set(0, flat);
            r.top("Gemm", inputs, Map.of("transB", Attributes.of(transposed ? 1 : 0)), out);
            return;
        }
        if (axis != in.length - 1) {
            throw r.refused("multiplies more than the last axis of a blob with " + in.length + " axes");
        }
        Tensor matrix = p.getTranspose() ? r.blob(0, tail, outputs) : TransposedTensor.of(r.blob(0, outputs, tail));
        List<String> factors = List.of(r.input(0), r.constant("weight", matrix));
        if (!p.getBiasTerm()) {
            r.top("MatMul", factors, Map.of(), out);
            return;
        }
        String product = r.inner("product", "MatMul", factors, Map.of(), out);
        r.top("Add", List.of(product, r.constant("bias", r.blob(1, outputs))), Map.of(), out);
    }

    /** Blobs are sums; the third says of how many. */
    private static void batchNorm(LayerReading r) {
        long[] in = r.shape(0);
        if (in.length < 2
                || r.layer().getBatchNormParam().hasUseGlobalStats()
                        && !r.layer().getBatchNormParam().getUseGlobalStats()) {
            throw r.refused("normalizes with the statistics of the batch; set use_global_stats: true");
        }
        long channels = in[1];
        float sum = r.blob(2, 1).floats()[0];
        float factor = sum == 0 ? 0 : 1 / sum;
        normalized(
                r,
                Weights.filled(channels, 1),
                Weights.filled(channels, 0),
                Weights.scaled(r.blob(0, channels), factor),
                Weights.scaled(r.blob(1, channels), factor),
                r.layer().getBatchNormParam().getEps());
    }

    private static void normalized(
            LayerReading r, Tensor gamma, Tensor beta, Tensor mean, Tensor variance, float epsilon) {
        r.top(
                "BatchNormalization",
                List.of(
                        r.input(0),
                        r.constant("gamma", gamma),
                        r.constant("beta", beta),
                        r.constant("mean", mean),
                        r.constant("variance", variance)),
                Map.of("epsilon", Attributes.of(epsilon)),
                r.shape(0));
    }

    /**
     * A factor and a summand per channel fold into the layer before, as a batch normalization of mean 0 and variance 1
     * does.
     */
    private static void scale(LayerReading r) {
        ScaleParameter p = r.layer().getScaleParam();
        long[] in = r.shape(0);
        int axis = r.axis(p.getAxis());
        if (r.inputs().size() == 2) {
            String factor = aligned(r, axis);
            if (p.getBiasTerm()) {
                String product = r.inner("product", "Mul", List.of(r.input(0), factor), Map.of(), in);
                String summand = r.constant("bias", shaped(r, 0, axis, r.shape(1).length));
                r.top("Add", List.of(product, summand), Map.of(), in);
            } else {
                r.top("Mul", List.of(r.input(0), factor), Map.of(), in);
            }
        } else if (axis == 1 && p.getNumAxes() == 1 && in.length >= 2) {
            long channels = in[1];
            normalized(
                    r,
                    r.blob(0, channels),
                    p.getBiasTerm() ? r.blob(1, channels) : Weights.filled(channels, 0),
                    Weights.filled(channels, 0),
                    Weights.filled(channels, 1),
                    0);
        } else {
            int axes = p.getNumAxes() < 0 ? in.length - axis : p.getNumAxes();
            List<String> factors = List.of(r.input(0), r.constant("scale", shaped(r, 0, axis, axes)));
            if (p.getBiasTerm()) {
                String product = r.inner("product", "Mul", factors, Map.of(), in);
                r.top("Add", List.of(product, r.constant("bias", shaped(r, 1, axis, axes))), Map.of(), in);
            } else {
                r.top("Mul", factors, Map.of(), in);
            }
        }
    }

    private static void bias(LayerReading r) {
        long[] in = r.shape(0);
        int axis = r.axis(r.layer().getBiasParam().getAxis());
        int axes = r.layer().getBiasParam().getNumAxes();
        String summand = r.inputs().size() == 2
                ? aligned(r, axis)
                : r.constant("bias", shaped(r, 0, axis, axes < 0 ? in.length - axis : axes));
        r.top("Add", List.of(r.input(0), summand), Map.of(), in);
    }

    /** A trained blob over {@code axes} axes from {@code axis} on, so that ONNX spreads it over the rest. */
    private static Tensor shaped(LayerReading r, int blob, int axis, int axes) {
        long[] in = r.shape(0);
        long[] dims = new long[in.length - axis];
        Arrays.fill(dims, 1);
        System.arraycopy(in, axis, dims, 0, axes);
        return r.blob(blob, dims);
    }

    /** The second bottom with axes of size 1 behind it. */
    private static String aligned(LayerReading r, int axis) {
        long[] in = r.shape(0);
        long[] factor = r.shape(1);
        if (axis + factor.length == in.length) {
            return r.input(1);
        }
        long[] dims = Arrays.copyOf(factor, in.length - axis);
        Arrays.fill(dims, factor.length, dims.length, 1);
        if (axis == 0) {
            dims[0] = 0;
        }
        return r.inner(
                "aligned",
                "Reshape",
                List.of(r.input(1), r.constant("aligned_shape", Tensor.ofLongs(new long[] {dims.length}, dims))),
                Map.of(),
                Arrays.stream(dims).map(d -> d == 0 ? factor[0] : d).toArray());
    }

    private static void prelu(LayerReading r) {
        long[] in = r.shape(0);
        long[] dims = new long[Math.max(1, in.length - 1)];
        Arrays.fill(dims, 1);
        dims[0] = r.layer().getPreluParam().getChannelShared() ? 1 : in[1];
        r.top("PRelu", List.of(r.input(0), r.constant("slope", r.blob(0, dims))), Map.of(), in);
    }
}
