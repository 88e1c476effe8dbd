package dev.detent.testkit;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a pass or an observer declares makes sense, and an observer gives the same parameters however its data was
 * split.
 */
public final class DescriptorContract {

    private static final String PASS = "PassContract";
    private static final String OBSERVER = "ObserverContract";

    private DescriptorContract() {}

    /** What a pass says of itself that cannot be. */
    public static ContractViolation check(PassDefinition definition) {
        PassDescriptor d = definition.descriptor();
        List<String> broken = new ArrayList<>();
        if (!d.id().matches("[a-z0-9]+(-[a-z0-9]+)*")) {
            broken.add("its id is not lower-case words joined by '-'");
        }
        if (d.summary().isBlank()) {
            broken.add("it has no summary");
        }
        Set<Fact> both = new HashSet<>(d.requires());
        both.retainAll(d.forbids());
        if (!both.isEmpty()) {
            broken.add("it requires and forbids " + both);
        }
        Set<String> names = new HashSet<>();
        d.options().forEach(o -> {
            if (!names.add(o.name())
                    || !o.name().matches("[a-z0-9]+(-[a-z0-9]+)*")
                    || o.help().isBlank()) {
                broken.add("option '" + o.name() + "' is a duplicate, badly named or without help");
            }
        });
        return broken.isEmpty()
                ? ContractViolation.passed(PASS, d.id())
                : ContractViolation.failed(PASS, d.id() + ": " + String.join("; ", broken));
    }

    /** What an observer says of itself that cannot be. */
    public static ContractViolation check(ObserverDefinition definition) {
        List<String> broken = new ArrayList<>();
        for (Scheme s : List.of(
                LinearInteger.symmetric(8, -128, 127),
                LinearInteger.asymmetric(8, 0, 255),
                LinearInteger.symmetric(8, -127, 127).perChannel(1))) {
            if (!definition.handles().test(s)) {
                continue;
            }
            QuantizationParameters whole = observe(definition, s, 1);
            QuantizationParameters split = observe(definition, s, 3);
            if (!whole.equals(split)) {
                broken.add("three merged sketches give " + split + ", one gives " + whole + " for " + s);
            }
        }
        return broken.isEmpty()
                ? ContractViolation.passed(OBSERVER, definition.id())
                : ContractViolation.failed(OBSERVER, definition.id() + ": " + String.join("; ", broken));
    }

    /** Twelve batches dealt to {@code workers} sketches, merged last to first. */
    private static QuantizationParameters observe(ObserverDefinition definition, Scheme scheme, int workers) {
        List<Observer> sketches = new ArrayList<>();
        for (int w = 0; w < workers; w++) {
            sketches.add(definition.factory().apply(scheme, new Options(Map.of())));
        }
        long[] shape = {1, 4, 50, 60};
        float[] values = new float[4 * 50 * 60];
        for (int batch = 0; batch < 12; batch++) {
            for (int i = 0; i < values.length; i++) {
                double t = (i * 7919L + batch * 104729L) % 100003 / 100003.0;
                values[i] = (float) (Math.cbrt(t - 0.4) * (1 + batch * 0.1));
            }
            sketches.get(batch % workers).observe(values, shape);
        }
        Observer merged = definition.factory().apply(scheme, new Options(Map.of()));
        for (int w = workers - 1; w >= 0; w--) {
            merged.merge(sketches.get(w));
        }
        merged.render(scheme);
        // Several targets may ask one sketch: the second answer is the first.
        return merged.render(scheme);
    }
}
