package dev.detent.passes.calibration;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.LinearInteger;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a value may hold by the operator that makes it, for one that is 0 in every sample: its observed range would cut
 * off all that it holds once it is not.
 */
record ProducerRange(double min, double max) {

    private static final Map<String, ProducerRange> BOUNDED = Map.of(
            "Sigmoid", new ProducerRange(0, 1),
            "HardSigmoid", new ProducerRange(0, 1),
            "Softmax", new ProducerRange(0, 1),
            "Tanh", new ProducerRange(-1, 1),
            "Erf", new ProducerRange(-1, 1),
            "Sin", new ProducerRange(-1, 1),
            "Cos", new ProducerRange(-1, 1));

    /** Parameters as observed, or from the graph where nothing but zeros was and the graph knows more. */
    static QuantizationParameters orObserved(Graph graph, TensorQuantization config, QuantizationParameters observed) {
        boolean silent = config.scheme().system() instanceof LinearInteger
                && IntStream.range(0, observed.channels())
                        .allMatch(c -> observed.scale(c) == (float) LinearInteger.ZERO_SCALE);
        return silent && observed.channels() == 1
                ? of(graph, config.value())
                        .map(r -> config.scheme().cover(r.min(), r.max()))
                        .orElse(observed)
                : observed;
    }

    private static Optional<ProducerRange> of(Graph graph, String value) {
        return graph.producer(value)
                .flatMap(p -> p.is("Clip")
                        ? clip(graph, p)
                        : Optional.ofNullable(p.domain().isEmpty() ? BOUNDED.get(p.opType()) : null));
    }

    private static Optional<ProducerRange> clip(Graph graph, Node clip) {
        return graph.initializer(clip.input(1))
                .flatMap(lo ->
                        graph.initializer(clip.input(2)).map(hi -> new ProducerRange(lo.floats()[0], hi.floats()[0])))
                .filter(r -> Double.isFinite(r.max() - r.min()) && r.max() - r.min() < Float.MAX_VALUE);
    }
}
