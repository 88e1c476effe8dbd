package dev.detent.passes.calibration;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.pass.Fact;
import dev.detent.spi.pass.Need;
import dev.detent.spi.pass.Option;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Verb;
import dev.detent.spi.run.Simulator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Calibrates every waiting activation in one pass over the data. A tensor read at several slots is observed once per scheme. */
final class CalibrateActivations {

    private static final Option<String> METHOD = Option.text("method", "", "observer for every activation instead of the rules' choice");

    static final PassDefinition DEFINITION = new PassDefinition(
            PassDescriptor.of("calibration", "calibrates activations in one pass over the samples")
                    .requires(Fact.PARAMETERS_CALIBRATED).forbids(Fact.BAKED).establishes(Fact.ACTIVATIONS_CALIBRATED)
                    .invalidates(Fact.PASSIVES_DERIVED)
                    .asks(Verb.CALIBRATE, Verb.KEEP_FLOAT).needs(Need.SAMPLES).options(METHOD).build(),
            CalibrateActivations::run);

    private record Key(String value, String observer, Scheme scheme) {}

    private CalibrateActivations() {}

    private static void run(PassContext context) {
        String method = context.options().get(METHOD);
        Map<Key, List<TensorQuantization>> waiting = new LinkedHashMap<>();
        for (TensorQuantization c : context.quantization().configs()) {
            if (c.state().awaitsCalibration() && !isFloat(context, c.value())) {
                context.states().keepFloat(c, c.value().isEmpty() ? "an absent optional input" : "not a floating-point tensor");
            } else if (c.state().awaitsCalibration()) {
                Key key = new Key(c.value(), method.isEmpty() ? c.observer() : method, c.scheme());
                waiting.computeIfAbsent(key, k -> new ArrayList<>()).add(c);
            }
        }
        List<Simulator.Observation> observations = new ArrayList<>();
        for (Key k : waiting.keySet()) {
            observations.add(new Simulator.Observation(k.value(), () -> context.observers().create(k.observer(), k.scheme())));
        }
        List<Observer> observed = context.simulator().observe(observations);
        int i = 0;
        for (Map.Entry<Key, List<TensorQuantization>> e : waiting.entrySet()) {
            Observer observer = observed.get(i++);
            for (TensorQuantization c : e.getValue()) {
                context.states().calibrate(c, observer.render(e.getKey().scheme()), e.getKey().observer() + " over the calibration samples");
            }
        }
    }

    private static boolean isFloat(PassContext context, String value) {
        return context.graph().valueInfo(value).map(v -> v.type() == ElementType.FLOAT).orElse(false);
    }
}
