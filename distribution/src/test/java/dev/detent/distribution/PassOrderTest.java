package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.detent.host.plan.TargetPlan;
import dev.detent.host.settings.Settings;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever passes a person switches on, a plan comes of it. */
class PassOrderTest {

    /** Passes that make a network better and need nothing from each other. */
    private static final List<String> CHOICES = List.of(
            "activation-ranges",
            "adaptive-rounding",
            "adaround",
            "bias-correction",
            "block-bias-correction",
            "block-reconstruction",
            "clip-equalization",
            "float-fallback",
            "lsq",
            "smoothing",
            "tqt");

    @ParameterizedTest
    @ValueSource(strings = {"fpga", "nnie", "onnxruntime", "openvino", "qnn", "rknn", "tensorrt", "vitis"})
    void anyTwoOfThemHaveAnOrder(String target) {
        for (String one : CHOICES) {
            for (String other : CHOICES) {
                assertThatCode(() -> plan(target, List.of(one, other)))
                        .as("%s with %s", one, other)
                        .doesNotThrowAnyException();
            }
        }
    }

    /** Each invalidates the biases' scales, which are derived again behind it: more often than in any recipe. */
    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime", "vitis"})
    void allOfThemHaveAnOrder(String target) {
        assertThatCode(() -> plan(target, CHOICES)).doesNotThrowAnyException();
    }

    private static void plan(String target, List<String> passes) {
        Settings settings = Settings.NONE;
        for (String pass : passes) {
            settings = settings.with(pass + "=on");
        }
        TargetPlan.of(TestPlatform.REGISTRY, target, settings);
    }
}
