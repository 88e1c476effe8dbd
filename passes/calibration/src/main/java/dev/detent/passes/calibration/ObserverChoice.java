package dev.detent.passes.calibration;

import dev.detent.spi.graph.Node;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.pass.PassView;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator.Observation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Which observers calibrate activations.
 *
 * @param method observer for every config; empty for the rules' choice
 * @param samples how many it sees
 * @param useful look no further than where everything that reads a tensor saturates, or what of a row a Softmax takes
 *     for 0
 */
record ObserverChoice(String method, int samples, boolean useful) {

    /** What one observer serves: all configs of one value that want the same scheme. */
    private record Key(String value, String observer, Scheme scheme) {}

    /**
     * What the observers are to see.
     *
     * @param configs those that one observer calibrates, in the order of the observations
     * @param fixed parameters from observers that need no data
     */
    record Request(
            ObserverChoice choice,
            List<Observation<Observer>> observations,
            List<List<TensorQuantization>> configs,
            Map<TensorQuantization, QuantizationParameters> fixed) {

        /** Parameters from what the observers saw; a config whose range has no end gets none. */
        Map<TensorQuantization, QuantizationParameters> render(List<Observer> observers) {
            List<Optional<QuantizationParameters>> rendered = IntStream.range(0, observers.size())
                    .parallel()
                    .mapToObj(i -> FiniteRange.render(
                            observers.get(i), configs.get(i).get(0).scheme()))
                    .toList();
            Map<TensorQuantization, QuantizationParameters> parameters = new LinkedHashMap<>(fixed);
            for (int i = 0; i < rendered.size(); i++) {
                List<TensorQuantization> served = configs.get(i);
                rendered.get(i).ifPresent(p -> served.forEach(c -> parameters.put(c, p)));
            }
            return parameters;
        }
    }

    /** The observer that cuts nothing off, shown everything. */
    static final String COVERS_ALL = "minmax";

    boolean coversAll() {
        return method.equals(COVERS_ALL);
    }

    String name() {
        return method.isEmpty() ? "the rules' observers" : method;
    }

    /**
     * The observer that calibrates a config: what the target prescribes, or a person chose for this very config, is no
     * matter of choice.
     */
    static String observer(String method, TensorQuantization c) {
        return method.isEmpty() || c.isFixed() || c.isObserverChosen() ? c.observer() : method;
    }

    /** A tensor read at several slots is observed once per scheme. */
    Request request(PassView view, List<TensorQuantization> waiting) {
        Map<Key, List<TensorQuantization>> byKey = new LinkedHashMap<>();
        waiting.forEach(c -> byKey.computeIfAbsent(
                        new Key(c.value(), observer(method, c), c.scheme()), k -> new ArrayList<>())
                .add(c));
        Request request = new Request(this, new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
        byKey.forEach((key, configs) -> {
            Observer observer = view.observers().create(key.observer(), key.scheme());
            if (observer.needsData()) {
                request.observations().add(observation(view, key));
                request.configs().add(configs);
            } else {
                QuantizationParameters fixed = observer.render(key.scheme());
                configs.forEach(c -> request.fixed().put(c, fixed));
            }
        });
        return request;
    }

    private static boolean rounds(PassView view, Node node) {
        return view.quantization()
                .output(node, 0)
                .filter(c -> !c.root().state().isFloat())
                .isPresent();
    }

    private Observation<Observer> observation(PassView view, Key key) {
        ConsumerSaturationRange range = useful
                ? ConsumerSaturationRange.of(
                        view.graph(), key.value(), key.scheme().bits(), n -> rounds(view, n))
                : ConsumerSaturationRange.ALL;
        OptionalDouble tail = useful ? SoftmaxTail.depth(view.graph(), key.value()) : OptionalDouble.empty();
        return new Observation<>(
                key.value(),
                key.observer()
                        + key.scheme().axis()
                        + range
                        + (tail.isPresent() ? " within " + tail.getAsDouble() + " of its row's largest" : ""),
                samples,
                () -> RowTailObserver.of(
                        ClampingObserver.of(view.observers().create(key.observer(), key.scheme()), range), tail));
    }
}
