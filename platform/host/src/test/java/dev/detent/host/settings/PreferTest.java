package dev.detent.host.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.backend.QuantizationRecipe;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PreferTest {

    private static final QuantizationRecipe WEIGHS = QuantizationRecipe.dispatchedBy("activations")
            .with("islands", Map.of("kernels", "all=Conv"))
            .with("float-fallback", Map.of("kernels", "all=Conv"));

    @Test
    void passesThatWeighAreTold() {
        assertThat(Prefer.SIZE.apply(WEIGHS).passes().get("islands"))
                .containsEntry("prefer", "size")
                .containsEntry("kernels", "all=Conv");
        assertThat(Prefer.ACCURACY.apply(WEIGHS).passes().get("float-fallback")).containsEntry("least", 30);
    }

    @Test
    void whereNothingWeighsNothingChanges() {
        QuantizationRecipe plain =
                QuantizationRecipe.dispatchedBy("activations").with("calibration");
        assertThat(Prefer.matters(plain)).isFalse();
        assertThat(Prefer.SPEED.apply(plain).passes()).isEqualTo(plain.passes());
        assertThat(Prefer.matters(WEIGHS)).isTrue();
    }
}
