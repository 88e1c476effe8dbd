package dev.detent.host.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.MetricProvider;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Options;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RegistryTest {

    private static final class Nothing implements Metric {
        @Override
        public String id() {
            return "nothing";
        }

        @Override
        public String summary() {
            return "measures nothing";
        }

        @Override
        public double[] sample(List<OutputTensor> reference, List<OutputTensor> quantized, Options options) {
            return new double[0];
        }

        @Override
        public double value(List<double[]> samples, Options options) {
            return 1;
        }
    }

    /** The isolation contract held for such a plugin whatever it saw: it was not among those looked at. */
    @Test
    void aPluginWithNothingButAMetricIsOneOfItsFile() {
        MetricProvider metrics = () -> List.of(new Nothing());
        Registry registry = Registry.of(Map.of("vendor 1", List.of(metrics)));
        assertThat(registry.pluginsOf("vendor 1")).containsExactly("vendor 1");
        assertThat(registry.isContributing("vendor 1")).isTrue();
        assertThat(registry.pluginsOf("other 1")).isEmpty();
        assertThat(registry.isContributing("other 1")).isFalse();
    }
}
