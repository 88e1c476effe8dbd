package dev.detent.runtime;

import dev.detent.spi.graph.Tensor;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.run.Simulator;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps the one batch it sees, for layer-by-layer comparisons on single samples. */
public final class Recording implements Observer {

    private float[] values = new float[0];
    private int at;

    /** The raw values of one sample, each in C order; they must be watched. */
    public static Map<String, float[]> of(Simulation simulation, Collection<String> values, Samples one) {
        List<String> names = List.copyOf(values);
        List<Observer> seen = simulation.observe(names.stream().map(v -> new Simulator.Observation(v, Recording::new)).toList(), one, 1, d -> { });
        Map<String, float[]> recorded = new LinkedHashMap<>();
        for (int k = 0; k < names.size(); k++) {
            recorded.put(names.get(k), ((Recording) seen.get(k)).values());
        }
        return recorded;
    }

    /** The values in C order. */
    public float[] values() {
        return values;
    }

    @Override
    public void begin(long[] shape) {
        values = new float[Math.toIntExact(Tensor.count(shape))];
        at = 0;
    }

    @Override
    public void accept(float[] chunk, int from, int to) {
        System.arraycopy(chunk, from, values, at, to - from);
        at += to - from;
    }

    @Override
    public void merge(Observer other) {
        Recording o = (Recording) other;
        if (o.at > 0) {
            values = o.values;
            at = o.at;
        }
    }

    @Override
    public Parameters render(Scheme scheme) {
        throw new UnsupportedOperationException("a recording renders nothing");
    }
}
