package dev.detent.backends.onnxruntime;

import dev.detent.backends.onnxruntime.IntegerOperator.Layout;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.operator.WeightLayout;
import dev.detent.support.qdq.QdqGraphReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The way back from {@link QOperatorWriter}. */
final class QOperatorReader {

    private QOperatorReader() {}

    /** Scales and zero points as inputs of the integer operators, and of the pairs that are left. */
    static Map<Slot, QuantizationParameters> parameters(ArtifactGraph file) {
        Map<Slot, QuantizationParameters> parameters =
                new LinkedHashMap<>(QdqGraphReader.ofIntegerOperators(file).parameters());
        for (Node n : file.graph().nodes()) {
            Optional<Layout> layout = IntegerOperator.ofInteger(n).map(IntegerOperator::layout);
            if (layout.isPresent()) {
                parameters.put(
                        Slot.output(n.name(), 0),
                        file.parameters(n, layout.get().outputScale()));
                for (int i = 0; i < layout.get().operandsOf(n); i++) {
                    parameters.put(
                            Slot.input(n.name(), i),
                            file.parameters(n, layout.get().scale(i)));
                }
            }
        }
        return parameters;
    }

    /** Float operators with real weights in place of the integer ones; what is left of the pairs goes. */
    static Graph graph(ArtifactGraph file) {
        GraphEditor edit = file.graph().edit();
        for (Node n : List.copyOf(file.graph().nodes())) {
            IntegerOperator.ofInteger(n)
                    .ifPresent(o -> edit.replace(new Node(
                            n.name(),
                            "",
                            o.floatType(),
                            floats(file, edit, n, o.layout()),
                            n.outputs(),
                            n.attributes(),
                            UnmodeledProto.NONE)));
        }
        QOperatorWriter.removeUnread(edit);
        return QdqGraphReader.ofIntegerOperators(file).graph();
    }

    private static List<String> floats(ArtifactGraph file, GraphEditor edit, Node n, Layout layout) {
        List<String> inputs = new ArrayList<>();
        for (int i = 0; i < layout.operandsOf(n); i++) {
            inputs.add(real(file, edit, n, layout.codes(i)));
        }
        layout.bias(n).ifPresent(bias -> {
            String name = edit.freshName(bias + "_real");
            edit.initializer(name, bias(file, n, layout, n.inputs().indexOf(bias)));
            inputs.add(name);
        });
        return inputs;
    }

    /** Codes of a bias have the scale of input times weight. */
    private static Tensor bias(ArtifactGraph file, Node n, Layout layout, int bias) {
        float x = file.floats(n, layout.scale(0))[0];
        float[] w = file.floats(n, layout.scale(1));
        int[] codes = file.codes(n, bias);
        if (w.length != 1 && w.length != codes.length) {
            throw file.damaged(n, "has " + codes.length + " biases and " + w.length + " scales");
        }
        float[] values = new float[codes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = codes[i] * (x * w[w.length == 1 ? 0 : i]);
        }
        return Tensor.ofFloats(new long[] {values.length}, values);
    }

    /**
     * A constant's real values; a computed value as it is. Per-channel scales run along the output channels of Conv,
     * Gemm and MatMul.
     */
    private static String real(ArtifactGraph file, GraphEditor edit, Node n, int input) {
        if (!file.graph().isInitializer(n.input(input))) {
            return n.input(input);
        }
        QuantizationParameters p = file.parameters(n, input + 1);
        Tensor codes = file.constant(n, input);
        int[] q = file.codes(n, input);
        long[] dims = codes.dims();
        Optional<WeightLayout> layout = IntegerOperator.ofInteger(n)
                .flatMap(o -> WeightLayout.of(n.withOpType("", o.floatType()), codes))
                .filter(l -> l.outputChannels() == p.channels());
        if (p.channels() > 1 && layout.isEmpty()) {
            throw file.damaged(n, "has " + p.channels() + " scales that do not fit " + codes);
        }
        float[] values = new float[q.length];
        for (int i = 0; i < q.length; i++) {
            int channel = p.channels() > 1 ? layout.orElseThrow().output(i) : 0;
            values[i] = (q[i] - p.zeroPoint(channel)) * p.scale(channel);
        }
        String name = edit.freshName(n.input(input) + "_real");
        edit.initializer(name, Tensor.ofFloats(dims, values));
        return name;
    }
}
