package dev.detent.distribution;

import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.plugin.Registry;
import dev.detent.host.progress.Progress;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.PluginFolder;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.qdq.QdqGraphBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.yaml.snakeyaml.Yaml;

/** The platform with all plugins, in one class loader, for tests that look inside. */
final class TestPlatform {

    private static final String INDEX = "META-INF/extensions.idx";

    /** What the folder of plugin jars holds for the targets that are described in YAML. */
    private static final PluginFolder FOLDER = () -> Map.of("acme.yaml", acme());

    static final Registry REGISTRY = Registry.of(Map.of("all 1", extensions()));

    private TestPlatform() {}

    /** Every extension that an index on the class path names: what PF4J finds in the plugin jars. */
    static List<Object> extensions() {
        try {
            List<Object> all = new ArrayList<>();
            for (String name : extensionNames()) {
                Constructor<?> constructor = Class.forName(name).getDeclaredConstructors()[0];
                constructor.setAccessible(true);
                all.add(constructor.newInstance(Arrays.stream(constructor.getParameterTypes())
                        .map(TestPlatform::injected)
                        .toArray()));
            }
            return all;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    static Set<String> extensionNames() {
        Set<String> names = new TreeSet<>();
        try {
            for (URL index :
                    Collections.list(TestPlatform.class.getClassLoader().getResources(INDEX))) {
                try (InputStream in = index.openStream()) {
                    new String(in.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .map(l -> l.replaceAll("#.*", "").trim())
                            .filter(l -> !l.isEmpty())
                            .forEach(names::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }

    private static Object injected(Class<?> type) {
        if (type == PluginFolder.class) {
            return FOLDER;
        }
        throw new IllegalArgumentException("an extension asks for " + type + ", which these tests do not have");
    }

    /** The chip of docs/targets/generic.md. */
    private static Map<String, Object> acme() {
        try {
            String page = Files.readString(Path.of("../docs/targets/generic.md"));
            String yaml = page.substring(page.indexOf("```yaml") + 7);
            return new Yaml().load(yaml.substring(0, yaml.indexOf("```")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Pipeline.Result quantize(Graph graph, String target, Samples samples, int workers, String... set) {
        return quantize(graph, target, samples, workers, Settings.NONE, set);
    }

    /** @param first what is set before {@code set}, e.g. a person's rules */
    static Pipeline.Result quantize(
            Graph graph, String target, Samples samples, int workers, Settings first, String... set) {
        Settings settings = first;
        for (String s : set) {
            settings = settings.with(s);
        }
        Graph g = graph.copy();
        GraphNormalizer.normalize(g, "test");
        return new Pipeline(g::copy, samples, workers, Progress.QUIET).run(TargetPlan.of(REGISTRY, target, settings));
    }

    /** The model with Q/DQ, of the opset that their types need. */
    static Graph qdq(QuantizedModel model) {
        return QdqGraphBuilder.apply(model, Set.of(), (g, opset) -> OpsetUpgrade.apply(g, opset, "test"));
    }

    /** Samples of fixed noise for every float input. */
    static Samples noise(Graph graph, int count) {
        List<Sample> all = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            Map<String, Sample.Input> inputs = new LinkedHashMap<>();
            for (ValueInfo v : graph.inputs()) {
                inputs.put(v.name(), input(random, shape(v)));
            }
            all.add(new Sample(inputs));
        }
        return samples(all);
    }

    /** Unknown sizes become 1 for the batch and 8 elsewhere. */
    private static long[] shape(ValueInfo v) {
        long[] shape = v.shape().orElseThrow().stream()
                .mapToLong(d -> d.isKnown() ? d.size() : 8)
                .toArray();
        shape[0] = v.shape().get().get(0).isKnown() ? shape[0] : 1;
        return shape;
    }

    static Sample.Input input(Random random, long... shape) {
        int n = (int) Tensor.count(shape);
        ByteBuffer data = ByteBuffer.allocateDirect(4 * n).order(ByteOrder.LITTLE_ENDIAN);
        for (int e = 0; e < n; e++) {
            data.putFloat((float) random.nextGaussian());
        }
        return new Sample.Input(ElementType.FLOAT, shape, data.flip());
    }

    static Samples samples(List<Sample> all) {
        return new Samples() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }
        };
    }
}
