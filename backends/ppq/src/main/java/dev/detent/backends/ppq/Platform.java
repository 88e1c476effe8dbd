package dev.detent.backends.ppq;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;
import java.util.Set;

/**
 * One rule set of PPQ 0.6.5.1, as data.
 *
 * @param name PPQ's platform name, e.g. {@code TRT_INT8}
 * @param label the platform the quantized operators carry, where it differs (SNPE and QNN carry PPL_DSP_INT8)
 * @param types operators it quantizes
 * @param fused activations that fuse with a computing operator
 * @param activation rule of everything not named below
 * @param weighted operators whose second input follows {@code weight}
 * @param weight rule of weights; {@code perChannel} weights get the operator's output-channel axis
 * @param biased operators whose third input follows {@code bias}
 * @param passives data-moving operators are passive
 */
record Platform(
        String name,
        String label,
        Set<String> types,
        Set<String> fused,
        TensorRule activation,
        Set<String> weighted,
        Optional<TensorRule> weight,
        boolean perChannel,
        Set<String> biased,
        Optional<TensorRule> bias,
        boolean passives,
        boolean floatOutputs,
        Set<String> prepasses) {

    static final Set<String> PASSIVE = Set.of(
            "Resize",
            "MaxPool",
            "GlobalMaxPool",
            "Reshape",
            "Flatten",
            "Identity",
            "Pad",
            "Split",
            "Transpose",
            "Interp",
            "Squeeze",
            "Unsqueeze");

    static TensorRule rule(Scheme scheme, String observer) {
        return new TensorRule(scheme, observer, InitialState.INITIAL);
    }

    static Builder of(String name, Set<String> types, Scheme activation) {
        return new Builder(name, types, activation);
    }

    /** Fluent construction of a row. */
    static final class Builder {
        private final String name;
        private final Set<String> types;
        private final TensorRule activation;
        private String label;
        private Set<String> fused = Set.of();
        private Set<String> weighted = Set.of();
        private Optional<TensorRule> weight = Optional.empty();
        private boolean perChannel;
        private Set<String> biased = Set.of();
        private Optional<TensorRule> bias = Optional.empty();
        private boolean passives = true;
        private boolean floatOutputs;
        private Set<String> prepasses = Set.of();

        private Builder(String name, Set<String> types, Scheme activation) {
            this.name = name;
            this.label = name;
            this.types = types;
            this.activation = rule(activation, "percentile");
        }

        Builder labelled(String other) {
            label = other;
            return this;
        }

        Builder fuses(String... activations) {
            fused = Set.of(activations);
            return this;
        }

        Builder weights(Scheme scheme, String observer, String... operators) {
            weight = Optional.of(rule(scheme, observer));
            weighted = Set.of(operators);
            return this;
        }

        Builder channelWeights(Scheme scheme, String... operators) {
            perChannel = true;
            return weights(scheme, "minmax", operators);
        }

        Builder bias(Scheme scheme, InitialState state, String... operators) {
            bias = Optional.of(new TensorRule(scheme, "minmax", state));
            biased = Set.of(operators);
            return this;
        }

        Builder nothingPassive() {
            passives = false;
            return this;
        }

        Builder floatOutputs() {
            floatOutputs = true;
            return this;
        }

        Builder prepared(String... passes) {
            prepasses = Set.of(passes);
            return this;
        }

        Platform build() {
            return new Platform(
                    name,
                    label,
                    types,
                    fused,
                    activation,
                    weighted,
                    weight,
                    perChannel,
                    biased,
                    bias,
                    passives,
                    floatOutputs,
                    prepasses);
        }
    }
}
