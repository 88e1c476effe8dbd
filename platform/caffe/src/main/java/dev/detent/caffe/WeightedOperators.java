package dev.detent.caffe;

import dev.detent.caffe.OperatorRules.Rule;
import dev.detent.caffe.proto.BlobProto;
import dev.detent.caffe.proto.ConvolutionParameter;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.support.graph.TransposedTensor;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** Operators with trained weights. */
final class WeightedOperators {

    static final Map<String, Rule> RULES = Map.of(
            "Conv",
            new Rule(
                    "Convolution",
                    "uneven pads stand as zeros in a larger kernel; refused: one or three spatial axes, computed weights",
                    WeightedOperators::conv),
            "ConvTranspose",
            new Rule("Deconvolution", "refused: uneven pads, output_padding", WeightedOperators::convTranspose),
            "Gemm",
            new Rule("InnerProduct", "refused: two computed factors", WeightedOperators::gemm),
            "MatMul",
            new Rule("InnerProduct", "over the last axis; refused: two computed factors", WeightedOperators::matMul),
            "BatchNormalization",
            new Rule("BatchNorm, Scale", "one Scale where mean is 0 and variance 1", WeightedOperators::batchNorm),
            "PRelu",
            new Rule("PReLU", "one slope, or one for each channel", WeightedOperators::prelu));

    private WeightedOperators() {}

    private static void conv(NodeWriting w) {
        Tensor weight = w.required(1, "weights");
        long[] dims = weight.dims();
        Geometry g = Geometry.of(w, Arrays.copyOfRange(dims, Math.min(2, dims.length), dims.length));
        convolution(
                w,
                w.bottom(0),
                widened(w, weight, g),
                w.constant(2),
                g,
                w.node().intAttribute("group", 1));
        if (w.node().hasInput(2) && w.constant(2).isEmpty()) {
            throw w.refused("has a bias that is computed; in Caffe it is fixed");
        }
    }

    /** Uneven pads: zeros in the kernel take the place of the missing ones. */
    static Tensor widened(NodeWriting w, Tensor weight, Geometry g) {
        long[] front = new long[2];
        long[] back = new long[2];
        for (int i = 0; i < 2; i++) {
            long missing = g.missing(i);
            if (missing != 0 && g.dilation()[i] != 1) {
                throw w.refused("has uneven pads and a dilation");
            }
            front[i] = Math.max(0, missing);
            back[i] = Math.max(0, -missing);
        }
        return g.isSymmetric() ? weight : Weights.widened(weight, front, back);
    }

    /** The node's last layer, with the kernel that the weight has. */
    static void convolution(
            NodeWriting w, String bottom, Tensor weight, Optional<Tensor> bias, Geometry g, long group) {
        w.last("Convolution", bottom, l -> {
            fill(l.getConvolutionParamBuilder(), weight, weight.dim(0), bias.isPresent(), g, group);
            l.addBlobs(NodeWriting.blob(weight));
            bias.ifPresent(b -> l.addBlobs(NodeWriting.blob(b)));
        });
    }

    static void fill(
            ConvolutionParameter.Builder p, Tensor weight, long outputs, boolean biased, Geometry g, long group) {
        p.setNumOutput((int) outputs);
        p.setBiasTerm(biased);
        if (weight.dim(2) == weight.dim(3)) {
            p.addKernelSize((int) weight.dim(2));
        } else {
            p.setKernelH((int) weight.dim(2)).setKernelW((int) weight.dim(3));
        }
        if (g.pad(0) != g.pad(1)) {
            p.setPadH((int) g.pad(0)).setPadW((int) g.pad(1));
        } else if (g.pad(0) != 0) {
            p.addPad((int) g.pad(0));
        }
        if (g.stride()[0] != g.stride()[1]) {
            p.setStrideH((int) g.stride()[0]).setStrideW((int) g.stride()[1]);
        } else if (g.stride()[0] != 1) {
            p.addStride((int) g.stride()[0]);
        }
        if (g.dilation()[0] != g.dilation()[1]) {
            p.addDilation((int) g.dilation()[0]).addDilation((int) g.dilation()[1]);
        } else if (g.dilation()[0] != 1) {
            p.addDilation((int) g.dilation()[0]);
        }
        if (group != 1) {
            p.setGroup((int) group);
        }
    }

    private static void convTranspose(NodeWriting w) {
        Tensor weight = w.required(1, "weights");
        long[] dims = weight.dims();
        Geometry g = Geometry.of(w, Arrays.copyOfRange(dims, Math.min(2, dims.length), dims.length));
        long[] in = w.in(0);
        long[] out = w.out();
        for (int i = 0; i < 2; i++) {
            long whole = g.stride()[i] * (in[2 + i] - 1) + g.dilation()[i] * (dims[2 + i] - 1) + 1;
            if (out[2 + i] != whole - 2 * g.before()[i] || !g.isSymmetric()) {
                throw w.refused("has uneven pads or an output_padding, which Deconvolution has not");
            }
        }
        long group = w.node().intAttribute("group", 1);
        deconvolution(w, weight, w.constant(2), g, group);
    }

    static void deconvolution(NodeWriting w, Tensor weight, Optional<Tensor> bias, Geometry g, long group) {
        w.last("Deconvolution", w.bottom(0), l -> {
            fill(l.getConvolutionParamBuilder(), weight, weight.dim(1) * group, bias.isPresent(), g, group);
            l.addBlobs(NodeWriting.blob(weight));
            bias.ifPresent(b -> l.addBlobs(NodeWriting.blob(b)));
        });
    }

    private static void gemm(NodeWriting w) {
        Node n = w.node();
        Tensor matrix = w.required(1, "a second factor");
        if (n.intAttribute("transA", 0) != 0) {
            throw w.refused("transposes its input");
        }
        boolean transposed = n.intAttribute("transB", 0) != 0;
        Tensor rows = Weights.scaled(transposed ? matrix : TransposedTensor.of(matrix), n.floatAttribute("alpha", 1));
        Optional<Tensor> bias =
                w.constant(2).map(b -> Weights.scaled(spread(b, rows.dim(0)), n.floatAttribute("beta", 1)));
        if (n.hasInput(2) && (bias.isEmpty() || w.constant(2).orElseThrow().elementCount() > rows.dim(0))) {
            throw w.refused("adds something other than one bias per output");
        }
        innerProduct(w, rows, bias, 1);
    }

    private static Tensor spread(Tensor bias, long outputs) {
        return bias.elementCount() == 1 && outputs != 1 ? Weights.filled(outputs, bias.floats()[0]) : bias;
    }

    private static void matMul(NodeWriting w) {
        Tensor matrix = w.required(1, "a second factor");
        if (matrix.rank() != 2) {
            throw w.refused("multiplies with a tensor of " + matrix.rank() + " axes; InnerProduct takes a matrix");
        }
        innerProduct(w, TransposedTensor.of(matrix), Optional.empty(), w.in(0).length - 1);
    }

    private static void innerProduct(NodeWriting w, Tensor rows, Optional<Tensor> bias, int axis) {
        w.last("InnerProduct", w.bottom(0), l -> {
            l.getInnerProductParamBuilder().setNumOutput((int) rows.dim(0)).setBiasTerm(bias.isPresent());
            if (axis != 1) {
                l.getInnerProductParamBuilder().setAxis(axis);
            }
            l.addBlobs(NodeWriting.blob(rows));
            bias.ifPresent(b -> l.addBlobs(NodeWriting.blob(b, rows.dim(0))));
        });
    }

    private static void batchNorm(NodeWriting w) {
        Tensor gamma = w.required(1, "a factor");
        Tensor beta = w.required(2, "a summand");
        Tensor mean = w.required(3, "a mean");
        Tensor variance = w.required(4, "a variance");
        float epsilon = w.node().floatAttribute("epsilon", 1e-5f);
        String bottom = w.bottom(0);
        boolean idle = epsilon == 0 && isFilled(mean, 0) && isFilled(variance, 1);
        String normalized = idle
                ? bottom
                : w.inner("norm", "BatchNorm", bottom, l -> {
                    l.getBatchNormParamBuilder().setUseGlobalStats(true).setEps(epsilon);
                    l.addBlobs(NodeWriting.blob(mean)).addBlobs(NodeWriting.blob(variance));
                    l.addBlobs(NodeWriting.blob(Weights.filled(1, 1)));
                });
        w.last("Scale", normalized, l -> scale(l, NodeWriting.blob(gamma), Optional.of(NodeWriting.blob(beta)), 1, 1));
    }

    static void scale(LayerParameter.Builder l, BlobProto factor, Optional<BlobProto> summand, int axis, int axes) {
        if (axis != 1) {
            l.getScaleParamBuilder().setAxis(axis);
        }
        if (axes != 1) {
            l.getScaleParamBuilder().setNumAxes(axes);
        }
        l.getScaleParamBuilder().setBiasTerm(summand.isPresent());
        l.addBlobs(factor);
        summand.ifPresent(l::addBlobs);
    }

    private static boolean isFilled(Tensor t, float value) {
        for (float v : t.floats()) {
            if (v != value) {
                return false;
            }
        }
        return true;
    }

    private static void prelu(NodeWriting w) {
        Tensor slope = w.required(1, "slopes");
        long[] in = w.in(0);
        boolean shared = slope.elementCount() == 1;
        boolean perChannel = slope.elementCount() == in[1] && slope.rank() == in.length - 1 && slope.dim(0) == in[1];
        if (!shared && !perChannel) {
            throw w.refused("has slopes other than one, or one for each channel");
        }
        w.last("PReLU", w.bottom(0), l -> {
            l.getPreluParamBuilder().setChannelShared(shared && in[1] != 1);
            l.addBlobs(NodeWriting.blob(slope, slope.elementCount()));
        });
    }
}
