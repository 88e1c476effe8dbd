package dev.detent.host.pipeline;

import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Configs as they would be if some that wait for calibration had parameters, or some were float. A view: nothing moves,
 * and the real configs do not know of it. A simulation built on it may serve one trial after the other, because it
 * reads parameters when a pass over the data begins.
 */
final class TrialQuantization implements Quantization {

    private final Quantization real;
    private final Map<Slot, Tried> views = new HashMap<>();
    private Map<Slot, QuantizationParameters> trial = Map.of();
    private Set<Slot> floats = Set.of();

    TrialQuantization(Quantization real) {
        this.real = real;
    }

    /** Begins another trial, which ends the one before. */
    void set(Map<? extends TensorQuantization, QuantizationParameters> parameters) {
        Map<Slot, QuantizationParameters> bySlot = new HashMap<>();
        parameters.forEach((c, p) -> bySlot.put(c.slot(), p));
        trial = bySlot;
    }

    /** The real configs, but for some roots, and those that follow them, that are taken for float. */
    static TrialQuantization without(Quantization real, Set<Slot> roots) {
        TrialQuantization view = new TrialQuantization(real);
        view.floats = Set.copyOf(roots);
        return view;
    }

    private Tried view(TensorQuantization config) {
        return views.computeIfAbsent(config.slot(), s -> new Tried(config));
    }

    @Override
    public Collection<? extends TensorQuantization> configs() {
        return real.configs().stream().map(this::view).toList();
    }

    @Override
    public Optional<? extends TensorQuantization> config(Slot slot) {
        return real.config(slot).map(this::view);
    }

    @Override
    public boolean isQuantized(Node node) {
        return real.isQuantized(node);
    }

    @Override
    public boolean isPassive(Node node) {
        return real.isPassive(node);
    }

    @Override
    public String target(Node node) {
        return real.target(node);
    }

    @Override
    public List<? extends TensorQuantization> inputs(Node node) {
        return real.inputs(node).stream().map(this::view).toList();
    }

    @Override
    public List<? extends TensorQuantization> outputs(Node node) {
        return real.outputs(node).stream().map(this::view).toList();
    }

    /** One config in the trial; ACTIVATED where the trial gives it parameters. */
    private final class Tried implements TensorQuantization {

        private final TensorQuantization config;

        Tried(TensorQuantization config) {
            this.config = config;
        }

        private boolean isTried() {
            return trial.containsKey(config.slot()) && config.state().awaitsCalibration();
        }

        @Override
        public Slot slot() {
            return config.slot();
        }

        @Override
        public String value() {
            return config.value();
        }

        @Override
        public boolean isInitializer() {
            return config.isInitializer();
        }

        @Override
        public QuantizationState state() {
            return floats.contains(config.root().slot())
                    ? QuantizationState.FP32
                    : isTried() ? QuantizationState.ACTIVATED : config.state();
        }

        @Override
        public TensorQuantization root() {
            return view(config.root());
        }

        @Override
        public boolean isFixed() {
            return config.isFixed();
        }

        @Override
        public Scheme scheme() {
            return config.scheme();
        }

        @Override
        public Optional<QuantizationParameters> qparams() {
            return Optional.ofNullable(trial.get(config.root().slot())).or(config::qparams);
        }

        @Override
        public String observer() {
            return config.observer();
        }

        @Override
        public boolean isObserverChosen() {
            return config.isObserverChosen();
        }
    }
}
