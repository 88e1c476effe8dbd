package dev.detent.backends.onnxruntime;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.CodeRange;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * LSTM as com.microsoft DynamicQuantizeLSTM (onnxruntime/docs/ContribOperators.md): W [directions, 4 hidden, in] and R
 * [directions, 4 hidden, hidden] become int8 [directions, in, 4 hidden] with a scale for each of the 4 hidden channels;
 * input and state are quantized as they come. The simulation quantizes weights and input alike; the state, which never
 * leaves the operator, stays float there.
 */
final class DynamicLstm {

    private static final String MICROSOFT = "com.microsoft";
    static final String TYPE = "DynamicQuantizeLSTM";

    /** In the entry of the recurrent weight. */
    private static final String RECURRENT = " R";

    /** Inputs of an LSTM; scales and zero points follow. */
    private static final int INPUTS = 8;

    private static final int W = 1;
    private static final int R = 2;

    private DynamicLstm() {}

    /** The operator knows no layout with the batch in front. */
    static boolean isSupported(Node n, Graph graph) {
        return n.is("LSTM")
                && n.intAttribute("layout", 0) == 0
                && isWeight(graph, n.input(W))
                && isWeight(graph, n.input(R));
    }

    private static boolean isWeight(Graph graph, String value) {
        return graph.initializer(value)
                .filter(t -> t.type() == ElementType.FLOAT && t.rank() == 3)
                .isPresent();
    }

    /**
     * Input and both weights; everything else is float. So narrow that any two products of a code and a weight fit the
     * 16 bits of x64 CPUs without VNNI.
     */
    static NodeRule rule(NodeRule rule, Node n, Scheme weight) {
        if (!n.is("LSTM")) {
            return rule;
        }
        TensorRule input = rule.inputs().get(0);
        TensorRule w =
                new TensorRule(weight.with(new CodeRange(7, -64, 64)).perChannel(1), "minmax", InitialState.INITIAL);
        return NodeRule.uniform(n, input.with(InitialState.FP32))
                .input(0, input)
                .input(W, w)
                .input(R, w);
    }

    /** What the entry of a weight is called. */
    static String entry(String node, int input) {
        return input == R ? node + RECURRENT : node;
    }

    static void write(GraphEditor edit, Node n, TensorQuantization w, TensorQuantization r) {
        List<String> in = new ArrayList<>();
        for (int i = 0; i < INPUTS; i++) {
            in.add(n.input(i));
        }
        List<String> parameters = new ArrayList<>();
        for (TensorQuantization c : List.of(w, r)) {
            int index = c.slot().index();
            Tensor weight = edit.graph().initializer(n.input(index)).orElseThrow();
            String stem = n.name() + (index == W ? "_W" : "_R");
            String codes = edit.freshName(stem + "_int8");
            edit.initializer(codes, codes(weight, c));
            in.set(index, codes);
            int directions = (int) weight.dim(0);
            float[] scales = c.qparams().orElseThrow().scales();
            float[] all = new float[directions * scales.length];
            for (int d = 0; d < directions; d++) {
                System.arraycopy(scales, 0, all, d * scales.length, scales.length);
            }
            long[] shape = {directions, scales.length};
            String scale = edit.freshName(stem + "_scale");
            edit.initializer(scale, Tensor.ofFloats(shape, all));
            String zeroPoint = edit.freshName(stem + "_zero_point");
            edit.initializer(zeroPoint, Tensor.ofCodes(ElementType.INT8, shape, new int[all.length]));
            parameters.addAll(List.of(scale, zeroPoint));
        }
        in.addAll(parameters);
        Map<String, Attribute> attributes = new TreeMap<>(n.attributes());
        attributes.remove("layout");
        edit.opset(MICROSOFT, 1);
        edit.replace(Node.of(n.name(), TYPE, in, n.outputs(), attributes).withOpType(MICROSOFT, TYPE));
    }

    private static Tensor codes(Tensor weight, TensorQuantization c) {
        QuantizationParameters p = c.qparams().orElseThrow();
        int channels = (int) weight.dim(1);
        int inputs = (int) weight.dim(2);
        float[] values = weight.floats();
        int[] codes = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            int channel = i / inputs % channels;
            int direction = i / inputs / channels;
            codes[(direction * inputs + i % inputs) * channels + channel] =
                    (int) c.scheme().system().code(values[i], p.scale(channel), 0, c.scheme());
        }
        return Tensor.ofCodes(ElementType.INT8, new long[] {weight.dim(0), inputs, channels}, codes);
    }

    static boolean isWritten(Graph graph, Node n) {
        return n.opType().equals(TYPE) && MatMulSupport.isNamed(graph, n.input(W), "_W_int8");
    }

    /** Of the weight at an input. */
    static QuantizationParameters parameters(ArtifactGraph file, Node n, int input) {
        int at = input == W ? INPUTS : INPUTS + 2;
        float[] scales = file.floats(n, at);
        long directions = file.constant(n, at).dim(0);
        if (directions < 1 || scales.length % directions != 0) {
            throw file.damaged(n, "has scales that do not fit its weights");
        }
        return ReadBackParameters.parameters(
                entry(n.name(), input), Arrays.copyOf(scales, (int) (scales.length / directions)));
    }

    /** An LSTM of the real weights again. */
    static void restore(ArtifactGraph file, GraphEditor edit, Node n) {
        List<String> in = new ArrayList<>(n.inputs().subList(0, INPUTS));
        for (int index : List.of(W, R)) {
            Tensor codes = file.constant(n, index);
            QuantizationParameters p = parameters(file, n, index);
            if (codes.rank() != 3 || codes.dim(2) != p.channels()) {
                throw file.damaged(n, "has " + p.channels() + " scales that do not fit " + codes);
            }
            int inputs = (int) codes.dim(1);
            int channels = p.channels();
            int[] q = file.codes(n, index);
            float[] values = new float[q.length];
            for (int i = 0; i < q.length; i++) {
                int channel = i % channels;
                int direction = i / channels / inputs;
                values[(direction * channels + channel) * inputs + i / channels % inputs] = q[i] * p.scale(channel);
            }
            String name = edit.freshName(n.name() + (index == W ? "_W" : "_R"));
            edit.initializer(name, Tensor.ofFloats(new long[] {codes.dim(0), channels, inputs}, values));
            in.set(index, name);
        }
        while (in.get(in.size() - 1).isEmpty()) {
            in.remove(in.size() - 1);
        }
        edit.replace(Node.of(n.name(), "LSTM", in, n.outputs(), n.attributes()));
    }
}
