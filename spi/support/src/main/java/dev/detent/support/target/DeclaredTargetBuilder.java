package dev.detent.support.target;

import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.quant.Scheme;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects the table; calls may come in any order. */
public final class DeclaredTargetBuilder {
    final String id;
    final String summary;
    final Map<String, DeclaredTarget.Weights> weights = new LinkedHashMap<>();
    final Map<String, TensorRule> outputs = new LinkedHashMap<>();
    final List<DeclaredTarget.Adjustment> adjustments = new ArrayList<>();
    final List<DeclaredTarget.Lint> lints = new ArrayList<>();
    final List<DeclaredTarget.Also> alsoActivations = new ArrayList<>();
    final List<DeclaredTarget.Also> alsoWeights = new ArrayList<>();

    @Nullable
    TensorRule activation;

    @Nullable
    TensorRule bias;

    Set<String> types = Set.of();
    Set<String> passive = Set.of();
    Set<String> floatInputs = Set.of();
    DeclaredTarget.Condition condition = (n, g) -> true;
    boolean floatOutputs;
    boolean floatNetworkOutputs;
    DeclaredTarget.RecipeChoice recipe = DefaultRecipes::integer;
    List<Exporter> exporters = List.of();

    DeclaredTargetBuilder(String id, String summary) {
        this.id = id;
        this.summary = summary;
    }

    /** Operators that are quantized. */
    public DeclaredTargetBuilder quantizes(Set<String> opTypes) {
        types = Set.copyOf(opTypes);
        return this;
    }

    /** Nodes of these types stay float unless the condition holds. */
    public DeclaredTargetBuilder onlyIf(DeclaredTarget.Condition holds) {
        condition = holds;
        return this;
    }

    /** Operators among them that only move data; their outputs take over the input's quantization. */
    public DeclaredTargetBuilder moves(Set<String> opTypes) {
        passive = Set.copyOf(opTypes);
        return this;
    }

    /** Every slot without a rule of its own. */
    public DeclaredTargetBuilder activations(Scheme scheme, String observer) {
        activation = new TensorRule(scheme, observer, InitialState.INITIAL);
        return this;
    }

    /** One scale for a whole constant weight. */
    public DeclaredTargetBuilder weights(Scheme scheme, String observer, Set<String> opTypes) {
        return weights(
                new DeclaredTarget.Weights(new TensorRule(scheme, observer, InitialState.INITIAL), false), opTypes);
    }

    /** One scale per output channel of a constant weight. */
    public DeclaredTargetBuilder channelWeights(Scheme scheme, String observer, Set<String> opTypes) {
        return weights(
                new DeclaredTarget.Weights(new TensorRule(scheme, observer, InitialState.INITIAL), true), opTypes);
    }

    private DeclaredTargetBuilder weights(DeclaredTarget.Weights rule, Set<String> opTypes) {
        opTypes.forEach(t -> weights.put(t, rule));
        return this;
    }

    /**
     * Bias with scale input x weight; without this call it stays float. The observer serves where a person asks for a
     * scale of its own.
     */
    public DeclaredTargetBuilder derivedBias(Scheme scheme, String observer) {
        bias = new TensorRule(scheme, observer, InitialState.PASSIVE_INIT);
        return this;
    }

    /** Bias with a scale of its own. */
    public DeclaredTargetBuilder calibratedBias(Scheme scheme, String observer) {
        bias = new TensorRule(scheme, observer, InitialState.INITIAL);
        return this;
    }

    /** Outputs of these operators. */
    public DeclaredTargetBuilder outputs(TensorRule rule, Set<String> opTypes) {
        opTypes.forEach(t -> outputs.put(t, rule));
        return this;
    }

    /** Only inputs are quantized. */
    public DeclaredTargetBuilder floatOutputs() {
        floatOutputs = true;
        return this;
    }

    /** What goes into these operators alone stays float; they are float themselves. */
    public DeclaredTargetBuilder floatInto(Set<String> opTypes) {
        floatInputs = Set.copyOf(opTypes);
        return this;
    }

    /**
     * What leaves the network stays float, also where it is joined before: boxes and scores of a detector need no
     * common scale.
     */
    public DeclaredTargetBuilder floatNetworkOutputs() {
        floatNetworkOutputs = true;
        return this;
    }

    /**
     * The chip runs these operators with activations of this scheme as well, whatever their weights; nothing takes it
     * of its own accord.
     */
    public DeclaredTargetBuilder alsoActivations(Scheme scheme, Set<String> opTypes) {
        alsoActivations.add(new DeclaredTarget.Also(scheme, Set.copyOf(opTypes)));
        return this;
    }

    /** The chip runs these operators with constant weights of this scheme as well, as fine as the table's own. */
    public DeclaredTargetBuilder alsoWeights(Scheme scheme, Set<String> opTypes) {
        alsoWeights.add(new DeclaredTarget.Also(scheme, Set.copyOf(opTypes)));
        return this;
    }

    /** Changes single rules at the end; several adjustments are made in the order of the calls. */
    public DeclaredTargetBuilder adjusted(DeclaredTarget.Adjustment adjustment) {
        adjustments.add(adjustment);
        return this;
    }

    /** What to make of the host's recipes; without this call it is the one for integers. */
    public DeclaredTargetBuilder recipe(DeclaredTarget.RecipeChoice choice) {
        recipe = choice;
        return this;
    }

    /** In order of preference. */
    public DeclaredTargetBuilder writes(Exporter... formats) {
        exporters = List.of(formats);
        return this;
    }

    /** One more check of the finished model. */
    public DeclaredTargetBuilder lint(DeclaredTarget.Lint lint) {
        lints.add(lint);
        return this;
    }

    /**
     * The target as the table stands now; later calls do not change it.
     *
     * @throws IllegalStateException without activations
     */
    public DeclaredTarget build() {
        if (activation == null) {
            throw new IllegalStateException("target '" + id + "' says nothing about activations");
        }
        return new DeclaredTarget(this, activation);
    }
}
