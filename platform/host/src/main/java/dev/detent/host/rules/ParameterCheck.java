package dev.detent.host.rules;

import dev.detent.host.problem.RuleProblems;
import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.stream.Collectors;

/** Whether an observer, a range or an encoding that a rule sets can serve a slot. */
final class ParameterCheck {

    private ParameterCheck() {}

    /** @throws UserException with the way out when it cannot */
    static void check(SlotOutcome slot, TensorRule rule, SlotOutcome.Said said, UserRules.Situation given) {
        Setting setting = said.setting();
        Scheme scheme = rule.scheme();
        if (rule.state() == InitialState.PASSIVE_INIT) {
            throw wrong(
                    said,
                    slot,
                    "its scale follows from input x weight; add state=initial to give the bias a scale of its own");
        }
        if (setting instanceof Setting.Observe o) {
            ObserverDefinition observer = given.registry().observer(RuleObservers.id(o));
            if (!observer.handles().test(scheme)) {
                throw wrong(
                        said,
                        slot,
                        "it cannot serve " + scheme + "; "
                                + given.registry().pluginObservers().stream()
                                        .filter(d -> d.handles().test(scheme))
                                        .map(ObserverDefinition::id)
                                        .collect(Collectors.joining(", "))
                                + " can");
            }
        } else if (setting instanceof Setting.FixedRange && scheme.isPerChannel()) {
            throw wrong(said, slot, "each channel has a scale of its own there; add per-channel=false, or leave it");
        } else if (setting instanceof Setting.FixedEncoding f) {
            encoding(slot, scheme, f.parameters(), said, given);
        }
    }

    private static void encoding(
            SlotOutcome slot,
            Scheme scheme,
            QuantizationParameters p,
            SlotOutcome.Said said,
            UserRules.Situation given) {
        long groups = given.graph()
                .initializer(slot.value())
                .map(t -> (long) scheme.granularity().groups(t.dims()))
                .orElse(scheme.isPerChannel() ? -1L : 1L);
        if (groups > 0 && groups != p.channels()) {
            throw wrong(said, slot, "it has " + groups + " scale" + (groups == 1 ? "" : "s") + ", not " + p.channels());
        }
        for (int c = 0; c < p.channels(); c++) {
            float z = p.zeroPoint(c);
            if (scheme.symmetric() && z != 0) {
                throw wrong(said, slot, "its codes are symmetric, so the zero point is 0");
            }
            if (z < scheme.quantMin() || z > scheme.quantMax()) {
                throw wrong(
                        said,
                        slot,
                        "a zero point lies among its codes, " + scheme.quantMin() + " to " + scheme.quantMax());
            }
        }
    }

    private static UserException wrong(SlotOutcome.Said said, SlotOutcome slot, String why) {
        return new UserException(
                RuleProblems.PARAMETERS,
                "cannot set " + said.setting() + " at the " + slot.role() + " '" + slot.value() + "' of " + slot.node()
                        + ": " + why,
                said.rule().source().label());
    }
}
