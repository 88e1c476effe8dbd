package dev.detent.host.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.plugin.Registry;
import dev.detent.host.rules.Rule;
import dev.detent.host.rules.RuleText;
import dev.detent.host.settings.Settings;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.DefaultRecipes;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassRequirement;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Transition;
import dev.detent.support.number.LinearInteger;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a target, its recipe and a person's settings come to before a model is read. */
class TargetPlanTest {

    private static final PassDescriptor LOOK = PassDescriptor.of("look", "reads samples before the rules")
            .asks(Transition.CALIBRATE)
            .requires(Fact.DISPATCHED)
            .forbids(Fact.RULES_APPLIED)
            .needs(PassRequirement.SAMPLES)
            .build();

    private static final PassDescriptor WEIGHTS = PassDescriptor.of("weights", "gives weights their scales")
            .asks(Transition.CALIBRATE)
            .requires(Fact.RULES_APPLIED)
            .establishes(Fact.PARAMETERS_CALIBRATED)
            .build();

    private static final PassDescriptor RANGES = PassDescriptor.of("ranges", "gives activations their scales")
            .asks(Transition.CALIBRATE)
            .requires(Fact.PARAMETERS_CALIBRATED)
            .establishes(Fact.ACTIVATIONS_CALIBRATED)
            .needs(PassRequirement.SAMPLES)
            .build();

    private static final PassDescriptor CORRECT = PassDescriptor.of("correct", "moves biases")
            .asks(Transition.CALIBRATE)
            .requires(Fact.ACTIVATIONS_CALIBRATED)
            .needs(PassRequirement.SAMPLES)
            .build();

    private static final Option<Integer> OPSET = Option.integer("opset", 17, "opset of the file");

    private record Format(String id) implements Exporter {
        @Override
        public String summary() {
            return "writes nothing";
        }

        @Override
        public List<Option<?>> options() {
            return List.of(OPSET);
        }

        @Override
        public void export(QuantizedModel model, ExportContext context) {}
    }

    private record Chip(String id, QuantizationRecipe wanted, List<String> formats) implements Target {
        @Override
        public String summary() {
            return "a chip";
        }

        @Override
        public Rules rules() {
            return (n, g) -> NodeRule.uniform(
                    n, new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", InitialState.INITIAL));
        }

        @Override
        public boolean supports(Node node, Graph graph) {
            return true;
        }

        @Override
        public QuantizationRecipe recipe(DefaultRecipes host) {
            return wanted;
        }

        @Override
        public List<Exporter> exporters() {
            return formats.stream().map(Format::new).map(Exporter.class::cast).toList();
        }
    }

    private static final Chip CHIP =
            new Chip("chip", Fakes.recipe("look", "weights", "ranges", "correct"), List.of("plain", "sidecar"));

    private static Registry registry() {
        Backend backend = () -> List.of(CHIP, new Chip("mute", Fakes.recipe("weights"), List.of()));
        return Fakes.registry(List.of(backend), LOOK, WEIGHTS, RANGES, CORRECT);
    }

    private static List<String> ids(Settings settings) {
        return Fakes.ids(TargetPlan.of(registry(), "chip", settings).plan());
    }

    @Test
    void aTargetsRecipeIsItsPlan() {
        TargetPlan plan = TargetPlan.of(registry(), "chip", Settings.NONE);
        assertThat(plan.target()).isEqualTo(CHIP);
        assertThat(plan.plugin()).isEqualTo("vendor 1");
        assertThat(plan.switchedOff()).isEmpty();
        assertThat(plan.plan().dispatcher()).isEqualTo("none");
        assertThat(Fakes.ids(plan.plan()))
                .containsExactly("normalize", "place", "look", "rules", "weights", "ranges", "correct", "freeze");
    }

    /** The person who chose the target was told that there is no such pass, and was given others. */
    @Test
    void aRecipeThatNamesWhatIsNotThereIsItsPluginsFault() {
        for (QuantizationRecipe r :
                List.of(Fakes.recipe("look", "missing"), QuantizationRecipe.dispatchedBy("missing"))) {
            Backend backend = () -> List.of(new Chip("chip", r, List.of("plain")));
            Registry registry = Fakes.registry(List.of(backend), LOOK);
            assertThatThrownBy(() -> TargetPlan.of(registry, "chip", Settings.NONE))
                    .isInstanceOf(PluginException.class)
                    .hasMessageContaining("DT-PLG-042: vendor 1: target 'chip' asks for ")
                    .hasMessageContaining("'missing', which no loaded plugin offers");
        }
    }

    @Test
    void settingsTakePassesOut() {
        Settings off = Settings.NONE.with("look=off");
        assertThat(ids(off)).containsExactly("normalize", "place", "rules", "weights", "ranges", "correct", "freeze");
        assertThat(TargetPlan.of(registry(), "chip", off).switchedOff()).containsExactly("look");
    }

    @Test
    void everyStepSaysWhoseItIsAndWhy() {
        List<Step> steps =
                TargetPlan.of(registry(), "chip", Settings.NONE).plan().steps();
        assertThat(steps.get(0).plugin()).isEqualTo("detent");
        assertThat(steps.get(0).options().values()).isEmpty();
        assertThat(steps.get(1).plugin()).isEqualTo("stock 1");
        assertThat(steps.get(1).options().values()).containsEntry("dispatcher", "none");
        assertThat(steps.get(1).reason()).isEqualTo("gives every node its side by the strategy 'none'");
        assertThat(steps.get(4).plugin()).isEqualTo("vendor 1");
        assertThat(steps).allSatisfy(s -> assertThat(s.reason()).isNotBlank());
    }

    @Test
    void aPersonsRulesAreAStepBehindTheTargets() {
        List<Rule> rules = List.of(RuleText.keepFloat("Softmax"), RuleText.rule("type:Conv -> bits=8"));
        Plan plan = TargetPlan.of(registry(), "chip", Settings.NONE.with(rules)).plan();
        assertThat(Fakes.ids(plan))
                .containsExactly(
                        "normalize", "place", "look", "rules", "user-rules", "weights", "ranges", "correct", "freeze");
        Step step = plan.steps().get(4);
        assertThat(step.reason()).endsWith(": 2 of the command line");
        assertThat(step.options().values()).hasSize(2);
        assertThat(step.options().values().toString()).contains("Softmax").contains(" -> ");
    }

    @Test
    void whatIsDecidedBeforeDataLooksAtNone() {
        Plan plan = TargetPlan.of(registry(), "chip", Settings.NONE).plan();
        assertThat(Fakes.ids(plan.beforeData())).containsExactly("normalize", "place", "rules");
        List<Rule> rules = List.of(RuleText.keepFloat("Softmax"));
        assertThat(Fakes.ids(TargetPlan.of(registry(), "chip", Settings.NONE.with(rules))
                        .plan()
                        .beforeData()))
                .containsExactly("normalize", "place", "rules", "user-rules");
    }

    @Test
    void aPlanWithoutFreezeEndsBeforeIt() {
        TargetPlan plan = TargetPlan.of(registry(), "chip", Settings.NONE);
        TargetPlan open = plan.with(plan.plan().withoutFreeze());
        assertThat(Fakes.ids(open.plan()))
                .containsExactly("normalize", "place", "look", "rules", "weights", "ranges", "correct");
        assertThat(open.target()).isEqualTo(plan.target());
    }

    @Test
    void withoutDataThePassesThatOnlyImproveByThemAreLeftOut() {
        assertThat(DataPasses.of(registry(), "chip", Settings.NONE)).containsExactly("look", "correct");
        assertThat(ids(DataPasses.without(registry(), "chip", Settings.NONE)))
                .as("calibration stays: ranges take its place")
                .containsExactly("normalize", "place", "rules", "weights", "ranges", "freeze");
    }

    @Test
    void theFirstFormatIsTheDefault() {
        PlannedTarget planned = PlannedTarget.of(registry(), "chip", Settings.NONE, Optional.empty());
        assertThat(planned.id()).isEqualTo("chip");
        assertThat(planned.exporter().id()).isEqualTo("plain");
        assertThat(planned.options().get(OPSET)).isEqualTo(17);
    }

    @Test
    void anotherFormatIsChosenByNameWithItsOwnOptions() {
        Settings settings = Settings.NONE.with("sidecar.opset=19").with("plain.opset=13");
        PlannedTarget planned = PlannedTarget.of(registry(), "chip", settings, Optional.of("sidecar"));
        assertThat(planned.exporter().id()).isEqualTo("sidecar");
        assertThat(planned.options().get(OPSET)).isEqualTo(19);
    }

    @Test
    void aFormatThatTheTargetDoesNotWriteIsRefusedWithThoseItDoes() {
        assertThatThrownBy(() -> PlannedTarget.of(registry(), "chip", Settings.NONE, Optional.of("wk")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("target 'chip' writes [plain, sidecar], not 'wk'");
    }

    @Test
    void aTargetWithoutAFormatIsRefused() {
        assertThatThrownBy(() -> PlannedTarget.of(registry(), "mute", Settings.NONE, Optional.empty()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("target 'mute' has no exporter");
    }

    @Test
    void theStandardRecipeBakesLastAndNarrowerOnesFuseNothing() {
        assertThat(StandardRecipes.INSTANCE.integer().passes().keySet())
                .startsWith("bias-folding", "refine", "fusion", "simplify")
                .endsWith("passive-parameters", "bias-correction", "baking");
        assertThat(StandardRecipes.INSTANCE.integer().dispatcher()).isEqualTo("activations");
        assertThat(StandardRecipes.INSTANCE.inputsOnly().passes().keySet())
                .doesNotContain("fusion", "simplify")
                .contains("refine", "calibration");
    }
}
