package dev.detent.host.trace;

import dev.detent.host.problem.TraceProblems;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.problem.UserException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Translates settings as PPQ's users write them ({@code fusion_setting.fuse_activation=False}) into changes of a
 * profile.
 */
public final class PpqSettings {

    /** A pass option a setting stands for. */
    private record Target(String pass, String option) {}

    private static final Map<String, Target> OPTIONS = Map.of(
            "fusion_setting.force_alignment_overlap", new Target("alignment", "force-overlap"),
            "fusion_setting.align_concat_to", new Target("alignment", "concat"),
            "fusion_setting.align_elementwise_to", new Target("alignment", "elementwise"),
            "fusion_setting.align_avgpooling_to", new Target("alignment", "pooling"),
            "fusion_setting.fuse_activation", new Target("fusion", "activation"),
            "fusion_setting.fuse_passive_op", new Target("fusion", "passive"),
            "quantize_activation_setting.calib_algorithm", new Target("calibration", "method"),
            "quantize_parameter_setting.calib_algorithm", new Target("parameter-quantization", "method"));

    /** Switches: setting to the passes that False takes away (or True adds). */
    private static final Map<String, String[]> SWITCHES = Map.of(
            "fusion", new String[] {"refine", "fusion", "simplify", "alignment"},
            "fusion_setting.refine_quantization", new String[] {"refine"},
            "fusion_setting.remove_useless_quantization", new String[] {"simplify"},
            "fusion_setting.align_quantization", new String[] {"alignment"},
            "quantize_parameter_setting.baking_parameter", new String[] {"baking"},
            "quantize_parameter_setting.quantize_passive_parameter", new String[] {"passive-parameters"},
            "equalization", new String[] {"equalization"},
            "bias_correct", new String[] {"bias-correction"});

    private PpqSettings() {}

    /** Applies settings separated by {@code ;}. */
    public static QuantizationRecipe apply(QuantizationRecipe profile, String settings) {
        QuantizationRecipe changed = profile;
        for (String s : settings.split(";")) {
            String[] part = s.split("=", 2);
            String name = part[0].trim();
            String value = part[1].trim().replaceAll("^['\"]|['\"]$", "");
            if (name.equals("dispatcher")) {
                changed = new QuantizationRecipe(value, changed.passes());
            } else if (SWITCHES.containsKey(name)) {
                for (String pass : SWITCHES.get(name)) {
                    changed = value.equals("True") ? changed.with(pass) : changed.without(pass);
                }
            } else if (OPTIONS.containsKey(name)) {
                Target t = OPTIONS.get(name);
                Map<String, Object> options =
                        new LinkedHashMap<>(changed.passes().getOrDefault(t.pass(), Map.of()));
                options.put(t.option(), value.equals("True") || value.equals("False") ? value.equals("True") : value);
                changed = changed.with(t.pass(), options);
            } else {
                throw new UserException(TraceProblems.PPQ_SETTING, "is a PPQ setting Detent does not know", name);
            }
        }
        return changed;
    }
}
