package dev.detent.host.analyze;

import dev.detent.runtime.SwitchableNetwork;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.number.FakeQuantization;
import dev.detent.support.operator.WeightLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Collects {@link TensorFacts} while samples are computed. Called by several threads, each with samples of its own. */
final class TensorSurvey implements SwitchableNetwork.BaseSink {

    /** A tensor with more channels is shown by this many of them, evenly spaced. */
    private static final int CHANNELS = 512;

    /** What one sample, or one weight, showed. */
    private record Look(TensorStatistics statistics, Optional<TensorFacts.Channels> channels) {}

    private final SwitchableNetwork network;
    private final Graph graph;
    private final int samples;
    private final Map<String, TensorQuantization> encodings = new LinkedHashMap<>();
    private final List<Map<String, Look>> looks = new ArrayList<>();

    /** @param samples the first so many are looked at */
    TensorSurvey(SwitchableNetwork network, Graph graph, int samples) {
        this.network = network;
        this.graph = graph;
        this.samples = samples;
        for (String value : network.cuts()) {
            network.quantizers(value).stream()
                    .filter(c -> c.qparams().isPresent() && !c.scheme().system().isDynamic())
                    .findFirst()
                    .ifPresent(c -> encodings.put(value, c));
        }
        for (int i = 0; i < samples; i++) {
            looks.add(Map.of());
        }
    }

    @Override
    public void accept(int sample, SwitchableNetwork.Bases bases) {
        if (sample >= samples) {
            return;
        }
        Map<String, Look> seen = new LinkedHashMap<>();
        encodings.forEach((value, c) -> {
            float[] values = bases.ordered(value);
            seen.put(
                    value,
                    look(
                            sample,
                            values,
                            shape(value, bases),
                            c.scheme(),
                            c.qparams().orElseThrow(),
                            1));
        });
        synchronized (looks) {
            looks.set(sample, seen);
        }
    }

    private long[] shape(String value, SwitchableNetwork.Bases bases) {
        long[] shape = bases.exact().shape(value).clone();
        network.blockedChannels(value).ifPresent(c -> shape[1] = c);
        return shape;
    }

    private static Look look(
            int sample, float[] exact, long[] shape, Scheme scheme, QuantizationParameters p, int channelAxis) {
        float[] quantized = exact.clone();
        FakeQuantization.inPlace(quantized, shape, scheme, p);
        TensorStatistics statistics = new TensorStatistics(scheme, p);
        statistics.add(sample, exact, quantized);
        return new Look(statistics, channels(exact, shape, channelAxis));
    }

    private static Optional<TensorFacts.Channels> channels(float[] values, long[] shape, int axis) {
        if (shape.length <= axis || shape[axis] < 2 || values.length == 0) {
            return Optional.empty();
        }
        int all = (int) shape[axis];
        int stride = 1;
        for (int d = axis + 1; d < shape.length; d++) {
            stride *= (int) shape[d];
        }
        int shown = Math.min(CHANNELS, all);
        float[] min = new float[shown];
        float[] max = new float[shown];
        java.util.Arrays.fill(min, Float.POSITIVE_INFINITY);
        java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
        for (int at = 0, run = 0; at + stride <= values.length; at += stride, run++) {
            int c = (int) ((long) (run % all) * shown / all);
            for (int i = at; i < at + stride; i++) {
                min[c] = Math.min(min[c], values[i]);
                max[c] = Math.max(max[c], values[i]);
            }
        }
        return Optional.of(new TensorFacts.Channels(min, max));
    }

    /** Of all tensors that are quantized, activations first, in network order. */
    List<TensorFacts> facts(Quantization quantization) {
        List<TensorFacts> facts = new ArrayList<>();
        encodings.forEach((value, c) -> {
            List<Look> own = looks.stream()
                    .filter(l -> l.containsKey(value))
                    .map(l -> l.get(value))
                    .toList();
            if (!own.isEmpty()) {
                facts.add(fact(value, graph.producer(value).map(Node::name).orElse(value), c, own));
            }
        });
        for (Node n : graph.nodes()) {
            for (TensorQuantization c : quantization.inputs(n)) {
                Optional<Tensor> floats = network.floatConstant(c.slot());
                if (c.isInitializer()
                        && c.state().isWritten()
                        && floats.isPresent()
                        && !c.scheme().isPerBlock()) {
                    Tensor t = floats.get();
                    int axis = c.scheme().isPerChannel()
                            ? c.scheme().axis().orElse(0)
                            : c.slot().index() == 1
                                    ? WeightLayout.outputAxis(n, graph).orElse(0)
                                    : 0;
                    facts.add(fact(
                            c.value(),
                            n.name(),
                            c,
                            List.of(look(
                                    0,
                                    t.floats(),
                                    t.dims(),
                                    c.scheme(),
                                    c.qparams().orElseThrow(),
                                    axis))));
                }
            }
        }
        return facts;
    }

    private static TensorFacts fact(String value, String node, TensorQuantization c, List<Look> looks) {
        TensorStatistics all = new TensorStatistics(c.scheme(), c.qparams().orElseThrow());
        looks.forEach(l -> all.merge(l.statistics()));
        double half = 0;
        for (int i = 0; i < (all.magnitudes.length + 1) / 2; i++) {
            half = Math.max(half, all.magnitudes[i]);
        }
        double whole = Math.max(-(double) all.min, all.max);
        return new TensorFacts(
                value,
                node,
                new TensorFacts.Encoding(c.scheme(), c.qparams().orElseThrow(), all.encodedLow(), all.encodedHigh()),
                new TensorFacts.Seen(
                        Float.isFinite(all.min) ? all.min : 0,
                        Float.isFinite(all.max) ? all.max : 0,
                        share(all.zeros, all.count),
                        Math.max(0, all.widest),
                        half == 0 ? 1 : whole / half),
                new TensorFacts.Noise(
                        all.snr(), share(all.clipped, all.count), all.noise == 0 ? 0 : all.clipping / all.noise),
                new TensorFacts.Histogram(all.low, all.high, all.histogram),
                joined(looks));
    }

    private static Optional<TensorFacts.Channels> joined(List<Look> looks) {
        Optional<TensorFacts.Channels> first = looks.get(0).channels();
        if (first.isEmpty()) {
            return first;
        }
        float[] min = first.get().min().clone();
        float[] max = first.get().max().clone();
        for (Look l : looks) {
            TensorFacts.Channels c = l.channels().orElse(first.get());
            for (int i = 0; i < Math.min(min.length, c.min().length); i++) {
                min[i] = Math.min(min[i], c.min()[i]);
                max[i] = Math.max(max[i], c.max()[i]);
            }
        }
        return Optional.of(new TensorFacts.Channels(min, max));
    }

    private static double share(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }
}
