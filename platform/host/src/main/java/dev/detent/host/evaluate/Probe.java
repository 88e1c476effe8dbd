package dev.detent.host.evaluate;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a run and {@code detent verify} feed a network to compare its layers: float inputs are noise; all others, which
 * may be axes, sizes or indices that noise makes nonsense of, are those of the first calibration sample, and so are
 * shapes that the model leaves open. A run writes the probe down where noise alone would not do.
 *
 * @param inputs by name; empty when every input is noise of a shape that the model states
 */
public record Probe(Map<String, Input> inputs) {

    /** @param values little-endian; empty for a float input, which is noise */
    public record Input(ElementType type, long[] shape, byte[] values) {}

    /** Every input is noise, or zero where it is not float. */
    public static final Probe NOISE = new Probe(Map.of());

    /** A record is read by people too. */
    private static final int LARGEST = 1 << 20;

    /**
     * The probe for a model, which is not run on any when there is no telling whether that ends well: a loop's end may
     * depend on the numbers, and so may what an input of rank 0 or 1 says that is not float.
     *
     * @param samples may be none
     */
    public static Optional<Probe> of(Graph graph, Samples samples) {
        if (graph.nodes().stream().anyMatch(n -> n.is("Loop"))) {
            return Optional.empty();
        }
        boolean stated = graph.inputs().stream().allMatch(Probe::isStated);
        boolean floats = graph.inputs().stream().allMatch(v -> v.type() == ElementType.FLOAT);
        if (stated && floats) {
            return Optional.of(NOISE);
        }
        if (samples.size() == 0) {
            boolean data = graph.inputs().stream()
                    .allMatch(v -> v.type() == ElementType.FLOAT
                            || v.shape().orElseThrow().size() > 1);
            return stated && data ? Optional.of(NOISE) : Optional.empty();
        }
        Map<String, Input> inputs = new TreeMap<>();
        long bytes = 0;
        for (Map.Entry<String, Sample.Input> e : samples.get(0).inputs().entrySet()) {
            Sample.Input in = e.getValue();
            boolean noise = in.type() == ElementType.FLOAT;
            bytes += noise ? 0 : in.data().remaining();
            if (bytes > LARGEST) {
                return Optional.empty();
            }
            byte[] values = new byte[noise ? 0 : in.data().remaining()];
            in.data().duplicate().get(values);
            inputs.put(e.getKey(), new Input(in.type(), in.shape(), values));
        }
        return Optional.of(new Probe(inputs));
    }

    /** The model says how large the input is, but for its batch. */
    private static boolean isStated(ValueInfo input) {
        return input.shape()
                .map(s -> s.stream().skip(1).allMatch(ValueInfo.Dimension::isKnown))
                .orElse(false);
    }

    /** What the noise run takes as it is, as a sample's input. */
    static Sample.Input sample(Input in) {
        ByteBuffer data = ByteBuffer.allocateDirect(in.values().length).order(ByteOrder.LITTLE_ENDIAN);
        return new Sample.Input(in.type(), in.shape(), data.put(in.values()).rewind());
    }
}
