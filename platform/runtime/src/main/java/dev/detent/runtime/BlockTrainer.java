package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Block;
import dev.detent.support.number.FakeQuantization;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A block of a walk during its visit. */
final class BlockTrainer implements Block, AutoCloseable {

    /**
     * Samples of a step are dealt to so many sums, which are added up in order: what comes out does not depend on how
     * many threads there are. More threads than this stay idle.
     */
    private static final int LANES = 4;

    /** Of a sample; what is less, or more, counts as this. Neither 0 nor infinity has a mean of logarithms. */
    private static final double LEAST_ERROR = 1e-12;

    private static final double MOST_ERROR = 1e6;

    /**
     * What a block has of its network.
     *
     * @param exact the network as it was before anything was quantized
     */
    record Network(Graph graph, Graph exact, Quantization quantization) {}

    /**
     * Where on the walk the block stands.
     *
     * @param weights of channels of the blocks' outputs, by value, where they do not count alike
     */
    record Place(int index, int count, Map<String, ChannelWeights> weights) {}

    /** What a block is run on: values by name, of each sample; those held out come last. */
    record Data(Map<String, BlockValue[]> inputs, Map<String, BlockValue[]> exactInputs, int learned, int heldOut) {
        int all() {
            return learned + heldOut;
        }
    }

    private final Network network;
    private final BlockStages stages;
    private final Data data;
    private final int workers;
    private final Place place;
    private final List<TensorQuantization> activations;
    private final Map<String, OnnxTensor> parameters = new LinkedHashMap<>();
    private final Map<String, FloatBuffer> parameterValues = new LinkedHashMap<>();
    private final ConcurrentLinkedQueue<BlockLane> idle = new ConcurrentLinkedQueue<>();
    private final List<BlockLane> lanes = new ArrayList<>();
    private final List<String> outputs;
    private final Map<String, float[][]> targets = new LinkedHashMap<>();

    BlockTrainer(
            Network network,
            BlockStages stages,
            Data data,
            List<TensorQuantization> activations,
            int workers,
            Place place) {
        this.network = network;
        this.stages = stages;
        this.data = data;
        this.activations = activations;
        this.workers = Math.min(workers, LANES);
        this.place = place;
        this.outputs = stages.block().outputs().stream().filter(stages::isFloat).toList();
    }

    /** Takes room for the parameters. */
    void open() {
        for (String p : stages.block().parameters().keySet()) {
            long[] shape = stages.shape(p);
            FloatBuffer buffer = BufferPool.allocate((int) Tensor.count(shape));
            parameterValues.put(p, buffer);
            try {
                parameters.put(p, OnnxTensor.createTensor(OrtRuntime.environment(), buffer, shape));
            } catch (OrtException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Outputs of the float network, which are what the block is judged by. */
    Map<String, BlockValue[]> exactOutputs() {
        loadExact();
        Map<String, BlockValue[]> all = outputs(data.exactInputs(), BlockLane.Mode.FLOAT);
        for (String o : outputs) {
            targets.put(
                    o,
                    Stream.of(Objects.requireNonNull(all.get(o)))
                            .map(BlockValue::floats)
                            .toArray(float[][]::new));
        }
        return all;
    }

    /** Outputs of the quantized network as it is now. */
    Map<String, BlockValue[]> quantizedOutputs() {
        Values now = values();
        load(now);
        return outputs(data.inputs(), mode(now, Drop.NONE));
    }

    private Map<String, BlockValue[]> outputs(Map<String, BlockValue[]> inputs, BlockLane.Mode mode) {
        Map<String, BlockValue[]> all = new LinkedHashMap<>();
        stages.block().outputs().forEach(o -> all.put(o, new BlockValue[data.all()]));
        AtomicInteger next = new AtomicInteger();
        Workers.run(Math.min(workers, data.all()), stop -> {
            BlockLane lane = lane();
            for (int s = next.getAndIncrement(); s < data.all() && !stop.get(); s = next.getAndIncrement()) {
                lane.forward(sample(inputs, s), Map.of(), mode, s);
                for (Map.Entry<String, BlockValue[]> o : all.entrySet()) {
                    o.getValue()[s] = lane.output(o.getKey());
                }
            }
            idle.add(lane);
        });
        return all;
    }

    private static Map<String, BlockValue> sample(Map<String, BlockValue[]> values, int index) {
        Map<String, BlockValue> sample = new LinkedHashMap<>();
        values.forEach((name, all) -> sample.put(name, all[index]));
        return sample;
    }

    private BlockLane lane() {
        BlockLane lane = idle.poll();
        if (lane == null) {
            lane = new BlockLane(stages, parameters);
            synchronized (lanes) {
                lanes.add(lane);
            }
        }
        return lane;
    }

    private FloatBuffer values(String parameter) {
        return Objects.requireNonNull(parameterValues.get(parameter), parameter);
    }

    private void loadExact() {
        stages.block().parameters().values().forEach(p -> values(p.value()).put(0, exact(p).floats()));
    }

    private void load(Values values) {
        stages.block().parameters().keySet().forEach(p -> {
            float[] given = values.parameters().get(p);
            values(p).put(0, given != null ? given : quantized(p));
        });
    }

    private BlockLane.Mode mode(Values values, Drop drop) {
        Map<Slot, FakeQuantizer> quantizers = new LinkedHashMap<>();
        stages.plan().cuts().values().forEach(cut -> {
            add(cut.producer(), values, quantizers);
            cut.versions().forEach(v -> add(v.config(), values, quantizers));
        });
        return new BlockLane.Mode(quantizers, drop.probability(), drop.seed());
    }

    private static void add(@Nullable TensorQuantization config, Values values, Map<Slot, FakeQuantizer> quantizers) {
        if (config != null) {
            QuantizationParameters p = values.activations().get(config.root().slot());
            quantizers.put(
                    config.slot(),
                    new FakeQuantizer(
                            config.scheme(), p != null ? p : config.qparams().orElseThrow()));
        }
    }

    @Override
    public String name() {
        List<String> all = stages.block().outputs();
        return all.isEmpty() ? nodes().get(nodes().size() - 1).name() : all.get(all.size() - 1);
    }

    @Override
    public int index() {
        return place.index();
    }

    @Override
    public int count() {
        return place.count();
    }

    @Override
    public List<Node> nodes() {
        return List.copyOf(stages.block().graph().nodes());
    }

    @Override
    public List<Parameter> parameters() {
        return stages.block().parameters().values().stream()
                .filter(p -> stages.learned().contains(p.value()))
                .toList();
    }

    @Override
    public List<TensorQuantization> activations() {
        return activations;
    }

    @Override
    public int samples() {
        return data.learned();
    }

    @Override
    public int heldOut() {
        return data.heldOut();
    }

    @Override
    public Values values() {
        Map<String, float[]> now = new LinkedHashMap<>();
        stages.block().parameters().keySet().forEach(p -> now.put(p, quantized(p)));
        Map<Slot, QuantizationParameters> scales = new LinkedHashMap<>();
        activations.forEach(a -> scales.put(a.slot(), a.qparams().orElseThrow()));
        return new Values(now, scales);
    }

    private float[] quantized(String parameter) {
        Tensor t = network.graph().initializer(parameter).orElseThrow();
        float[] values = t.floats();
        network.quantization()
                .config(Objects.requireNonNull(stages.block().parameters().get(parameter))
                        .slot())
                .filter(c -> c.state().isActive())
                .ifPresent(c -> FakeQuantization.inPlace(
                        values, t.dims(), c.scheme(), c.qparams().orElseThrow()));
        return values;
    }

    @Override
    public Tensor exact(Parameter parameter) {
        Tensor now = network.graph().initializer(parameter.value()).orElseThrow();
        return network.exact()
                .initializer(parameter.value())
                .filter(t -> t.elementCount() == now.elementCount())
                .orElse(now);
    }

    @Override
    public double error(Values values) {
        load(values);
        BlockLane.Mode mode = mode(values, Drop.NONE);
        int first = data.heldOut() > 0 ? data.learned() : 0;
        int all = data.heldOut() > 0 ? data.heldOut() : data.learned();
        double[][] errors = new double[all][outputs.size()];
        AtomicInteger next = new AtomicInteger();
        Workers.run(Math.min(workers, all), stop -> {
            BlockLane lane = lane();
            for (int i = next.getAndIncrement(); i < all && !stop.get(); i = next.getAndIncrement()) {
                lane.forward(sample(data.inputs(), first + i), Map.of(), mode, first + i);
                for (int o = 0; o < outputs.size(); o++) {
                    errors[i][o] =
                            lane.error(outputs.get(o), target(outputs.get(o), first + i), weights(outputs.get(o)));
                }
            }
            idle.add(lane);
        });
        double logs = 0;
        for (int i = 0; i < all; i++) {
            double mean = 0;
            for (int o = 0; o < outputs.size(); o++) {
                double power = power(target(outputs.get(o), first + i), weights(outputs.get(o)));
                mean += Math.min(errors[i][o] / Math.max(power, Double.MIN_NORMAL), MOST_ERROR) / outputs.size();
            }
            logs += Math.log(Math.max(mean, LEAST_ERROR));
        }
        return outputs.isEmpty() ? 0 : Math.exp(logs / all);
    }

    private float[] target(String output, int sample) {
        return Objects.requireNonNull(targets.get(output))[sample];
    }

    private ChannelWeights weights(String output) {
        return place.weights().getOrDefault(output, ChannelWeights.NONE);
    }

    private static double power(float[] values, ChannelWeights weights) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += weights.at(i) * values[i] * (double) values[i];
        }
        return sum;
    }

    @Override
    public <S extends PairSketch<S>> S observe(Slot input, Supplier<? extends S> sketch) {
        Node node = stages.block().graph().node(input.node()).orElseThrow();
        String value = node.input(input.index());
        String read = stages.plan().read(node, input.index());
        boolean arrives = data.inputs().containsKey(value);
        float[][] exact = exact(value, arrives);
        Values now = values();
        load(now);
        BlockLane.Mode mode = mode(now, Drop.NONE);
        List<S> sketches = new ArrayList<>();
        for (int l = 0; l < LANES; l++) {
            sketches.add(sketch.get());
        }
        AtomicInteger next = new AtomicInteger();
        Workers.run(workers, stop -> {
            BlockLane lane = lane();
            for (int l = next.getAndIncrement(); l < LANES && !stop.get(); l = next.getAndIncrement()) {
                for (int s = l; s < data.learned(); s += LANES) {
                    run(lane, data.inputs(), mode, s, arrives);
                    sketches.get(l).accept(exact[s], lane.floats(read), stages.shape(value));
                }
            }
            idle.add(lane);
        });
        S merged = sketches.get(0);
        sketches.subList(1, LANES).forEach(merged::merge);
        return merged;
    }

    /** What the float network has for a value, of all samples to learn from. */
    private float[][] exact(String value, boolean arrives) {
        float[][] exact = new float[data.learned()][];
        if (arrives) {
            for (int s = 0; s < exact.length; s++) {
                exact[s] = Objects.requireNonNull(data.exactInputs().get(value))[s].floats();
            }
            return exact;
        }
        loadExact();
        AtomicInteger next = new AtomicInteger();
        Workers.run(Math.min(workers, exact.length), stop -> {
            BlockLane lane = lane();
            for (int s = next.getAndIncrement(); s < exact.length && !stop.get(); s = next.getAndIncrement()) {
                lane.forward(sample(data.exactInputs(), s), Map.of(), BlockLane.Mode.FLOAT, s);
                exact[s] = lane.floats(value);
            }
            idle.add(lane);
        });
        return exact;
    }

    private static void run(
            BlockLane lane, Map<String, BlockValue[]> inputs, BlockLane.Mode mode, int sample, boolean arrives) {
        if (arrives) {
            lane.arrive(sample(inputs, sample), Map.of(), mode, sample);
        } else {
            lane.forward(sample(inputs, sample), Map.of(), mode, sample);
        }
    }

    @Override
    public Gradient gradient(Values values, int[] samples, Drop drop) {
        load(values);
        BlockLane.Mode mode = mode(values, drop);
        Map<String, Double> factors = new LinkedHashMap<>();
        for (String o : outputs) {
            double power = 0;
            for (int s : samples) {
                power += power(target(o, s), weights(o));
            }
            factors.put(o, 1 / Math.max(power, Double.MIN_NORMAL) / outputs.size());
        }
        BlockLane.Sums[] sums = new BlockLane.Sums[LANES];
        double[] errors = new double[LANES];
        AtomicInteger next = new AtomicInteger();
        Workers.run(Math.min(workers, samples.length), stop -> {
            BlockLane lane = lane();
            for (int l = next.getAndIncrement(); l < LANES && !stop.get(); l = next.getAndIncrement()) {
                sums[l] = new BlockLane.Sums();
                for (int i = l; i < samples.length; i += LANES) {
                    errors[l] += step(lane, samples[i], mode, factors, sums[l]);
                }
            }
            idle.add(lane);
        });
        return joined(errors, sums);
    }

    private double step(
            BlockLane lane, int sample, BlockLane.Mode mode, Map<String, Double> factors, BlockLane.Sums sums) {
        lane.forward(
                sample(data.inputs(), sample),
                mode.drop() > 0 ? sample(data.exactInputs(), sample) : Map.of(),
                mode,
                sample);
        Map<String, float[]> wanted = new LinkedHashMap<>();
        double error = 0;
        for (String o : outputs) {
            wanted.put(o, target(o, sample));
            error += Objects.requireNonNull(factors.get(o)) * lane.error(o, target(o, sample), weights(o));
        }
        lane.backward(wanted, factors, place.weights(), mode, sample, sums);
        return error;
    }

    private static Gradient joined(double[] errors, BlockLane.Sums[] sums) {
        double error = 0;
        Map<String, float[]> parameters = new LinkedHashMap<>();
        Map<Slot, double[]> scales = new LinkedHashMap<>();
        Map<Slot, double[]> zeroPoints = new LinkedHashMap<>();
        for (int l = 0; l < sums.length; l++) {
            error += errors[l];
            sums[l].parameters().forEach((name, part) -> {
                float[] sum = parameters.computeIfAbsent(name, k -> new float[part.length]);
                for (int i = 0; i < part.length; i++) {
                    sum[i] += part[i];
                }
            });
            sums[l].quantizers().forEach((slot, part) -> {
                add(scales.computeIfAbsent(slot, k -> new double[part.scales().length]), part.scales());
                add(zeroPoints.computeIfAbsent(slot, k -> new double[part.scales().length]), part.zeroPoints());
            });
        }
        return new Gradient(error, parameters, floats(scales), floats(zeroPoints));
    }

    private static void add(double[] to, double[] from) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
        }
    }

    private static Map<Slot, float[]> floats(Map<Slot, double[]> sums) {
        Map<Slot, float[]> floats = new LinkedHashMap<>();
        sums.forEach((slot, sum) -> {
            float[] f = new float[sum.length];
            for (int i = 0; i < f.length; i++) {
                f[i] = (float) sum[i];
            }
            floats.put(slot, f);
        });
        return floats;
    }

    @Override
    public void close() {
        lanes.forEach(BlockLane::close);
        parameters.values().forEach(OnnxTensor::close);
        stages.close();
    }
}
