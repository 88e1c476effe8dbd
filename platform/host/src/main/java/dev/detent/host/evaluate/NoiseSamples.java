package dev.detent.host.evaluate;

import dev.detent.host.problem.VerificationProblems;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Samples of a fixed sequence, uniform in [-1, 1) for float inputs and zero for others. An unknown batch size is 1.
 *
 * @param probe inputs whose shape or values are given
 */
public record NoiseSamples(Graph graph, int size, Probe probe) implements Samples {

    /** Without given inputs. */
    public NoiseSamples(Graph graph, int size) {
        this(graph, size, Probe.NOISE);
    }

    @Override
    public Sample get(int index) {
        Map<String, Sample.Input> inputs = new LinkedHashMap<>();
        for (ValueInfo v : graph.inputs()) {
            Probe.Input given = probe.inputs().get(v.name());
            if (given != null && given.type() != ElementType.FLOAT) {
                inputs.put(v.name(), Probe.sample(given));
                continue;
            }
            long[] shape = given == null ? shape(v) : given.shape();
            int n = Math.toIntExact(Tensor.count(shape));
            ByteBuffer data = ByteBuffer.allocateDirect(Math.toIntExact(v.type().bytes(n)))
                    .order(ByteOrder.LITTLE_ENDIAN);
            long state = index * 7919L + 17;
            for (int i = 0; i < n && v.type() == ElementType.FLOAT; i++) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                data.putFloat((state >>> 40) / (float) (1 << 23) - 1);
            }
            inputs.put(v.name(), new Sample.Input(v.type(), shape, data.rewind()));
        }
        return new Sample(inputs);
    }

    private static long[] shape(ValueInfo v) {
        List<ValueInfo.Dimension> dims = v.shape().orElseThrow(() -> unknown(v));
        long[] shape = new long[dims.size()];
        for (int d = 0; d < shape.length; d++) {
            if (!dims.get(d).isKnown() && d > 0) {
                throw unknown(v);
            }
            shape[d] = dims.get(d).isKnown() ? dims.get(d).size() : 1;
        }
        return shape;
    }

    private static UserException unknown(ValueInfo v) {
        return new UserException(
                VerificationProblems.SHAPE_UNKNOWN,
                "has a shape that is only known at run time; give real data with --data",
                v.name());
    }
}
