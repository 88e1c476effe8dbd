package dev.detent.runtime;

import dev.detent.spi.observe.Sketch;
import dev.detent.spi.run.Simulator;
import dev.detent.support.observe.BufferedBatchSketch;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps the one batch it sees, for layer-by-layer comparisons on single samples. */
public final class TensorRecorder extends BufferedBatchSketch {

    private float[] values = new float[0];

    /** The raw values of one sample, each in C order; they must be watched. */
    public static Map<String, float[]> of(Simulation simulation, Collection<String> values, Samples one) {
        List<String> names = List.copyOf(values);
        List<TensorRecorder> seen = simulation.observe(
                names.stream()
                        .map(v -> new Simulator.Observation<>(v, TensorRecorder::new))
                        .toList(),
                one,
                1,
                d -> {});
        Map<String, float[]> recorded = new LinkedHashMap<>();
        for (int k = 0; k < names.size(); k++) {
            recorded.put(names.get(k), seen.get(k).values());
        }
        return recorded;
    }

    /** The values in C order. */
    public float[] values() {
        return values;
    }

    @Override
    protected void look(float[] batch, long[] shape) {
        values = batch;
    }

    @Override
    public void merge(Sketch other) {
        TensorRecorder o = (TensorRecorder) other;
        if (o.values.length > 0) {
            values = o.values;
        }
    }
}
