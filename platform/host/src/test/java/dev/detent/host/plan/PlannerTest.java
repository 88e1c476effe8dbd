package dev.detent.host.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.plugin.Registry;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The order of steps: facts, what passes say about each other, ties, and the host's own steps. */
class PlannerTest {

    /** A pass that moves configs, so its place matters. */
    private static PassDescriptor.Builder moving(String id) {
        return PassDescriptor.of(id, id).asks(Transition.CALIBRATE);
    }

    private static PassDescriptor.Builder weights() {
        return moving("weights").requires(Fact.RULES_APPLIED).establishes(Fact.PARAMETERS_CALIBRATED);
    }

    private static PassDescriptor.Builder activations() {
        return moving("activations").requires(Fact.PARAMETERS_CALIBRATED).establishes(Fact.ACTIVATIONS_CALIBRATED);
    }

    /** Settings and records of older versions go on working; what is written anew has today's id. */
    @Test
    void aDispatcherIsKnownByItsFormerIdToo() {
        Registry registry = Fakes.registry();
        assertThat(new Planner(registry)
                        .plan(new QuantizationRecipe("nothing", Map.of()))
                        .dispatcher())
                .isEqualTo("none");
        assertThatThrownBy(() -> registry.dispatcher("nobody")).hasMessageContaining("DT-CLI-012");
    }

    @Test
    void theHostsStepsAreInThePlan() {
        assertThat(Fakes.plan()).containsExactly("normalize", "place", "rules", "freeze");
    }

    @Test
    void factsOrderPassesAndTheHostsStepsByOneRule() {
        PassDescriptor edit = PassDescriptor.of("zz-edit", "edits")
                .requires(Fact.FORMATTED)
                .forbids(Fact.DISPATCHED)
                .editsGraph()
                .build();
        assertThat(Fakes.plan(activations().build(), weights().build(), edit))
                .containsExactly("normalize", "zz-edit", "place", "rules", "weights", "activations", "freeze");
    }

    @Test
    void aPassComesBetweenPlaceAndRulesWhenItSaysSo() {
        PassDescriptor between = moving("between")
                .requires(Fact.DISPATCHED)
                .forbids(Fact.RULES_APPLIED)
                .build();
        assertThat(Fakes.plan(between)).containsExactly("normalize", "place", "between", "rules", "freeze");
    }

    @Test
    void aTieIsAnErrorThatNamesBothAndTheWayOut() {
        PassDescriptor a = moving("alpha").requires(Fact.RULES_APPLIED).build();
        PassDescriptor b = moving("beta").requires(Fact.RULES_APPLIED).build();
        assertThatThrownBy(() -> Fakes.plan(a, b))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("DT-PLN-006")
                .hasMessageContaining("'alpha' or 'beta'")
                .hasMessageContaining("after(")
                .hasMessageContaining("vendor 1");
    }

    @Test
    void aPassWithoutFactsIsTiedWithTheHostsOwnSteps() {
        assertThatThrownBy(() -> Fakes.plan(moving("vague").build()))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("'place' or 'vague'");
    }

    @Test
    void afterAndBeforeOrderWhatFactsLeaveOpenWhateverTheNames() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.RULES_APPLIED)
                .after("zeta", "it reads")
                .build();
        PassDescriptor z = moving("zeta").requires(Fact.RULES_APPLIED).build();
        assertThat(Fakes.plan(a, z)).containsExactly("normalize", "place", "rules", "zeta", "alpha", "freeze");
        PassDescriptor first = moving("zeta")
                .requires(Fact.RULES_APPLIED)
                .before("alpha", "it reads")
                .build();
        PassDescriptor plain = moving("alpha").requires(Fact.RULES_APPLIED).build();
        assertThat(Fakes.plan(plain, first)).containsExactly("normalize", "place", "rules", "zeta", "alpha", "freeze");
    }

    @Test
    void thePlanSaysWhy() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.RULES_APPLIED)
                .after("zeta", "it reads")
                .build();
        PassDescriptor z = moving("zeta").requires(Fact.RULES_APPLIED).build();
        assertThat(new Planner(Fakes.registry(a, z))
                        .plan(Fakes.recipe("alpha", "zeta"))
                        .steps())
                .filteredOn(s -> s.id().equals("alpha"))
                .extracting(Step::reason)
                .containsExactly("chosen by the profile; after RULES_APPLIED; after zeta (it reads)");
    }

    @Test
    void afterAPassThatIsNotInThePlanMeansNothing() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.RULES_APPLIED)
                .after("absent", "it reads")
                .build();
        assertThat(Fakes.plan(a)).containsExactly("normalize", "place", "rules", "alpha", "freeze");
    }

    @Test
    void passesThatCommuteOrOnlyReadNeedNoOrder() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.RULES_APPLIED)
                .commutesWith("beta", "other slots")
                .build();
        PassDescriptor b = moving("beta").requires(Fact.RULES_APPLIED).build();
        PassDescriptor reader = PassDescriptor.of("reader", "reports")
                .requires(Fact.RULES_APPLIED)
                .build();
        assertThat(Fakes.plan(reader, b, a))
                .containsExactly("normalize", "place", "rules", "alpha", "beta", "reader", "freeze");
    }

    @Test
    void aTieIsSeenThoughAThirdPassKeepsTheTwoFromEverBeingReadyTogether() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.RULES_APPLIED)
                .after("reader", "x")
                .build();
        PassDescriptor b = moving("beta").requires(Fact.ACTIVATIONS_CALIBRATED).build();
        PassDescriptor reader = PassDescriptor.of("reader", "reports")
                .requires(Fact.RULES_APPLIED)
                .build();
        assertThatThrownBy(() -> Fakes.plan(
                        a, b, reader, weights().build(), activations().build()))
                .hasMessageContaining("DT-PLN-006")
                .hasMessageContaining("'alpha'");
    }

    @Test
    void whatInvalidatesAFactComesBeforeItsEstablisherWhereItCan() {
        PassDescriptor derive = moving("derive")
                .requires(Fact.ACTIVATIONS_CALIBRATED)
                .establishes(Fact.PASSIVES_DERIVED)
                .build();
        PassDescriptor widen = moving("widen")
                .requires(Fact.ACTIVATIONS_CALIBRATED)
                .invalidates(Fact.PASSIVES_DERIVED)
                .build();
        assertThat(Fakes.plan(weights().build(), activations().build(), derive, widen))
                .containsExactly("normalize", "place", "rules", "weights", "activations", "widen", "derive", "freeze");
    }

    @Test
    void whereItCannotTheEstablisherRunsAgainAndSaysWhy() {
        PassDescriptor derive = moving("derive")
                .requires(Fact.ACTIVATIONS_CALIBRATED)
                .establishes(Fact.PASSIVES_DERIVED)
                .build();
        PassDescriptor tune = moving("tune")
                .requires(Fact.PASSIVES_DERIVED)
                .invalidates(Fact.PASSIVES_DERIVED)
                .build();
        Plan plan = new Planner(Fakes.registry(weights().build(), activations().build(), derive, tune))
                .plan(Fakes.recipe("tune"));
        assertThat(Fakes.ids(plan))
                .containsExactly(
                        "normalize", "place", "rules", "weights", "activations", "derive", "tune", "derive", "freeze");
        assertThat(plan.steps().get(7).reason()).startsWith("again, because 'tune' invalidated PASSIVES_DERIVED");
        assertThat(plan.steps().get(5).reason()).startsWith("owed to 'tune', which requires PASSIVES_DERIVED");
    }

    @Test
    void passesThatUndoEachOtherAreAnError() {
        PassDescriptor a = moving("alpha")
                .requires(Fact.PASSIVES_DERIVED)
                .establishes(Fact.ACTIVATIONS_CALIBRATED)
                .invalidates(Fact.PASSIVES_DERIVED)
                .build();
        PassDescriptor b = moving("beta")
                .requires(Fact.RULES_APPLIED)
                .establishes(Fact.PASSIVES_DERIVED)
                .invalidates(Fact.ACTIVATIONS_CALIBRATED)
                .build();
        assertThatThrownBy(() -> Fakes.plan(a, b))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("undo each other");
    }

    @Test
    void aCircleOfOrdersIsAnErrorThatSaysSo() {
        PassDescriptor a =
                moving("alpha").requires(Fact.RULES_APPLIED).after("beta", "x").build();
        PassDescriptor b =
                moving("beta").requires(Fact.RULES_APPLIED).after("alpha", "y").build();
        assertThatThrownBy(() -> Fakes.plan(a, b))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'alpha' has no place")
                .hasMessageContaining("circle");
    }

    @Test
    void aRequirementThatNobodyEstablishesIsAnError() {
        assertThatThrownBy(() -> Fakes.plan(activations().build()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("requires PARAMETERS_CALIBRATED, which no plugin establishes");
    }

    @Test
    void noPassTakesTheNameOfAStepOfTheHosts() {
        assertThatThrownBy(() -> Fakes.plan(moving("freeze").build()))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("step of Detent's own");
    }

    /** Random passes in random order: the same plan whatever the order, or the same error; never against a rule. */
    @Test
    void theOrderOfRegistrationNeverShows() {
        int planned = 0;
        for (int seed = 0; seed < 2000; seed++) {
            List<PassDescriptor> passes = random(new Random(seed));
            String plan = outcome(passes);
            for (int i = 0; i < 3; i++) {
                Collections.shuffle(passes, new Random(1000L * seed + i));
                assertThat(outcome(passes)).as("seed " + seed).isEqualTo(plan);
            }
            planned += plan.startsWith("[") ? 1 : 0;
            if (plan.startsWith("[")) {
                keepsPromises(passes, seed);
            }
        }
        assertThat(planned).as("plans that came out").isGreaterThan(200);
    }

    private static List<PassDescriptor> random(Random random) {
        int count = 1 + random.nextInt(6);
        Fact[] facts = {Fact.PARAMETERS_CALIBRATED, Fact.ACTIVATIONS_CALIBRATED, Fact.PASSIVES_DERIVED, Fact.BAKED};
        List<String> names = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f"));
        Collections.shuffle(names, random);
        List<PassDescriptor> passes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            PassDescriptor.Builder b = PassDescriptor.of(names.get(i), "random");
            if (random.nextInt(4) > 0) {
                b.asks(Transition.CALIBRATE);
            }
            b.requires(random.nextInt(3) > 0 ? Fact.RULES_APPLIED : facts[random.nextInt(facts.length)]);
            if (random.nextInt(2) == 0) {
                b.establishes(facts[random.nextInt(facts.length)]);
            }
            if (random.nextInt(5) == 0) {
                b.forbids(facts[random.nextInt(facts.length)]);
            }
            if (random.nextInt(5) == 0) {
                b.invalidates(facts[random.nextInt(facts.length)]);
            }
            for (int j = 0; j < i; j++) {
                if (random.nextInt(2) == 0) {
                    b.after(names.get(j), "random");
                } else if (random.nextInt(4) == 0) {
                    b.commutesWith(names.get(j), "random");
                }
            }
            passes.add(b.build());
        }
        return passes;
    }

    private static String outcome(List<PassDescriptor> passes) {
        try {
            return Fakes.plan(passes.toArray(PassDescriptor[]::new)).toString();
        } catch (UserException | PluginException e) {
            return e.getMessage();
        }
    }

    private static void keepsPromises(List<PassDescriptor> passes, int seed) {
        List<String> plan = Fakes.plan(passes.toArray(PassDescriptor[]::new));
        assertThat(plan)
                .as("seed " + seed)
                .startsWith("normalize", "place", "rules")
                .endsWith("freeze");
        for (PassDescriptor d : passes) {
            assertThat(plan).as("seed " + seed).contains(d.id());
            for (PassDescriptor.Order o : d.orders()) {
                if (o.relation() == PassDescriptor.Relation.AFTER && plan.contains(o.pass())) {
                    assertThat(plan.indexOf(d.id())).as("seed " + seed).isGreaterThan(plan.indexOf(o.pass()));
                }
            }
        }
        List<Fact> holds = new ArrayList<>(List.of(Fact.RULES_APPLIED));
        for (String id : plan) {
            passes.stream().filter(d -> d.id().equals(id)).forEach(d -> {
                assertThat(holds).as("seed " + seed + ", before " + id).containsAll(d.requires());
                assertThat(d.forbids()).as("seed " + seed + ", before " + id).noneMatch(holds::contains);
                holds.removeAll(d.invalidates());
                holds.addAll(d.establishes());
            });
        }
    }
}
