package dev.detent.kernel;

import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One config. Only the kernel's control changes it. The parent is a plain pointer that is never shortened: when a
 * config is detached, those that point to it follow, those that point to its former root do not (PPQ 0.6.5.1,
 * set_master).
 */
final class TensorConfig implements TensorQuantization {

    private final Slot slot;
    private final String value;
    private final boolean parameter;
    private final String observer;
    private final boolean observerChosen;

    @Nullable
    private final QuantizationParameters prescribed;

    /** States under the one that switched the config off, the latest on top. */
    private final Deque<QuantizationState> former = new ArrayDeque<>(2);
    /** Those whose parent this is. */
    private final List<TensorConfig> children = new ArrayList<>(0);

    QuantizationState state;
    private TensorConfig parent = this;
    Scheme ownScheme;

    @Nullable
    QuantizationParameters ownParameters;

    /**
     * @param observerChosen a person chose the rule's observer
     * @param prescribed the encoding that target or person prescribe, in every run the same
     */
    TensorConfig(
            Slot slot,
            String value,
            boolean parameter,
            TensorRule rule,
            boolean observerChosen,
            @Nullable QuantizationParameters prescribed) {
        this.slot = slot;
        this.value = value;
        this.parameter = parameter;
        this.observer = rule.observer();
        this.observerChosen = observerChosen;
        this.ownScheme = rule.scheme();
        this.state = rule.state().state();
        this.prescribed = prescribed;
        if (state.isSwitchedOff()) {
            // A rule switched it off before anything happened.
            former.push(QuantizationState.INITIAL);
        }
    }

    @Override
    public Slot slot() {
        return slot;
    }

    @Override
    public String value() {
        return value;
    }

    @Override
    public boolean isInitializer() {
        return parameter;
    }

    @Override
    public QuantizationState state() {
        return state;
    }

    @Override
    public TensorConfig root() {
        TensorConfig c = this;
        while (c.parent != c) {
            c = c.parent;
        }
        return c;
    }

    @Override
    public Scheme scheme() {
        return root().ownScheme;
    }

    @Override
    public Optional<QuantizationParameters> qparams() {
        return Optional.ofNullable(root().ownParameters);
    }

    @Override
    public boolean isFixed() {
        return root().prescribed != null;
    }

    @Override
    public String observer() {
        return observer;
    }

    @Override
    public boolean isObserverChosen() {
        return observerChosen;
    }

    /** Nothing has happened to it since its rule made it. */
    boolean isFresh() {
        return parent == this && children.isEmpty() && ownParameters == null;
    }

    /** The encoding that the target prescribes for this very slot. */
    Optional<QuantizationParameters> prescribed() {
        return Optional.ofNullable(prescribed);
    }

    TensorConfig parent() {
        return parent;
    }

    /** Reads {@code leader}'s parameters from now on, its own when that is itself. */
    void follow(TensorConfig leader) {
        parent.children.remove(this);
        parent = leader;
        if (leader != this) {
            leader.children.add(this);
        }
    }

    /** Following parents from here passes {@code target}. */
    boolean reaches(TensorConfig target) {
        for (TensorConfig c = this; ; c = c.parent) {
            if (c == target) {
                return true;
            }
            if (c.parent == c) {
                return false;
            }
        }
    }

    /** All that read this config's parameters as long as it is its own root. */
    Stream<TensorConfig> readers() {
        return children.stream().flatMap(c -> Stream.concat(Stream.of(c), c.readers()));
    }

    /** Others may quantize with the parameters of this root. */
    boolean isLive() {
        return state.isWritten() && ownParameters != null;
    }

    /** The state without what a suspension does to it for a while. */
    QuantizationState lasting() {
        return state == QuantizationState.DEQUANTIZED ? former() : state;
    }

    /** The state that comes back when the config is switched on again. */
    QuantizationState former() {
        return former.getFirst();
    }

    void enter(QuantizationState next) {
        if (next.isSwitchedOff()) {
            former.push(state);
        }
        state = next;
    }

    void enterFormer() {
        state = former.pop();
    }

    @Override
    public String toString() {
        return slot + " [" + state + "]";
    }
}
