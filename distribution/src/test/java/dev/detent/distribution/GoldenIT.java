package dev.detent.distribution;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.StandardRecipes;
import dev.detent.onnx.OnnxReader;
import dev.detent.runtime.Samples;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * As {@link GoldenTest}, on the real model that the distribution ships. Accept with {@code mvn -Pslow -pl distribution
 * -am verify -Dit.test=GoldenIT -Ddetent.golden=accept -Dsurefire.failIfNoSpecifiedTests=false}.
 */
@Tag("slow")
class GoldenIT {

    static Stream<Target> targets() {
        return TestPlatform.REGISTRY.targets().stream().filter(t -> !t.id().startsWith("ppq:"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void everyFormatOfTheRealModelIsWrittenAsItWas(Target target) throws IOException {
        Path demo = InstalledDistribution.home().resolve("demo");
        Graph model = OnnxReader.read(demo.resolve("ch_ppocr_mobile_v2.0_cls_infer.onnx"));
        Samples samples =
                SampleLoader.open(model, demo.resolve("calibration").toString(), Preprocessing.parse("ocr"), 4);
        List<String> settings = new ArrayList<>();
        if (target.recipe(StandardRecipes.INSTANCE).passes().containsKey("calibration")
                && !target.id().equals("onnxruntime-dynamic")) {
            settings.addAll(List.of("calibration.method=minmax", "calibration.rival="));
        }
        if (target.recipe(StandardRecipes.INSTANCE).passes().containsKey("adaptive-rounding")) {
            // One rounding the other way, for another CPU's last bit, changes those that follow by a whole step.
            settings.add("adaptive-rounding=off");
        }
        Pipeline.Result r = TestPlatform.quantize(model, target.id(), samples, 1, settings.toArray(String[]::new));
        StringBuilder text = new StringBuilder();
        for (Exporter e : target.exporters()) {
            text.append(GoldenTest.written(target, e, e.id(), r, GoldenTest.LINES_OF_LARGE_MODEL));
        }
        GoldenTest.compare(target.id() + ".ppocr", text.toString());
    }
}
