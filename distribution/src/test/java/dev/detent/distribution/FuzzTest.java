package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.artifact.DirectoryArtifact;
import dev.detent.host.contract.ExportFixture;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.normalize.HalfPrecision;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plugin.YamlPluginFile;
import dev.detent.host.record.RunDirectory;
import dev.detent.host.settings.SettingsFile;
import dev.detent.host.verify.ParameterComparison;
import dev.detent.onnx.ExternalDataFiles;
import dev.detent.onnx.OnnxReader;
import dev.detent.onnx.OnnxWriter;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.testkit.SampleGraphs;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A minute of damaged inputs for every reader of files that come from others: models, data, settings, artefacts,
 * records. A million at night: {@code mvn -Pslow -pl distribution -am test -Dtest=FuzzTest
 * -Ddetent.fuzz.executions=1000000 -Ddetent.fuzz.seconds=36000 -Dsurefire.failIfNoSpecifiedTests=false};
 * {@code -Ddetent.fuzz.seed} for other ones, {@code -Djava.io.tmpdir=/dev/shm} for a folder in memory: a disk is waited
 * for with every file that is written over. Seeds are made here, so there is no corpus to keep; what it has found
 * stands in {@code ModelCheckTest} and the tests of the readers.
 */
@Tag("slow")
class FuzzTest {

    private static final long EXECUTIONS = Long.getLong("detent.fuzz.executions", Long.MAX_VALUE);
    private static final long SECONDS = Long.getLong("detent.fuzz.seconds", 60);
    private static final long SEED = Long.getLong("detent.fuzz.seed", 21);
    private static final List<String> KEYS = List.of("backend", "calibration", "preset", "set", "samples", "out");

    @TempDir
    static Path work;

    /** A reader with its seeds and its part of all executions, in percent. */
    private record Part(String name, int percent, List<byte[]> seeds, Fuzzer.Reader reader) {}

    @Test
    void damageIsAValueOrASentence() throws IOException {
        List<String> finds = new ArrayList<>();
        long total = 0;
        for (Part p : parts()) {
            Fuzzer.Outcome o = new Fuzzer(p.seeds(), p.reader(), SEED)
                    .run(Math.max(1, EXECUTIONS / 100 * p.percent()), Math.max(1, SECONDS * p.percent() / 100));
            System.out.println("fuzz " + p.name() + ": " + o.executions() + " executions, " + o.accepted()
                    + " accepted, " + o.kept() + " kept as seeds, " + o.finds().size() + " finds");
            assertThat(o.executions()).as(p.name()).isGreaterThan(20);
            o.finds().forEach(f -> finds.add(p.name() + " " + f));
            total += o.executions();
        }
        System.out.println("fuzz: " + total + " executions, " + finds.size() + " finds");
        assertThat(finds).isEmpty();
    }

    private static List<Part> parts() throws IOException {
        List<Part> parts = new ArrayList<>();
        Path model = work.resolve("model.onnx");
        parts.add(new Part("onnx", 40, models(), b -> {
            Files.write(model, b);
            ExternalDataFiles.of(model);
            Graph graph = OnnxReader.read(model);
            OnnxWriter.bytes(graph);
            HalfPrecision.widen(graph, "model.onnx");
            if (graph.cycle().isEmpty()) {
                OpsetUpgrade.apply(graph, "model.onnx");
            }
        }));
        Graph image = input(1, 3, 8, 8);
        parts.add(data("npy", 10, List.of(npy("1, 3, 8, 8", 192), npy("2, 3, 8, 8", 384)), image, "none"));
        parts.add(data("npz", 10, List.of(npz("x", npy("1, 3, 8, 8", 192))), image, "none"));
        parts.add(data(
                "png",
                8,
                List.of(picture("png", BufferedImage.TYPE_INT_RGB), picture("png", BufferedImage.TYPE_BYTE_INDEXED)),
                image,
                "unit"));
        parts.add(data(
                "jpg",
                8,
                List.of(picture("jpg", BufferedImage.TYPE_INT_RGB), picture("jpg", BufferedImage.TYPE_BYTE_GRAY)),
                image,
                "unit"));
        parts.add(new Part("yaml", 8, settings(), FuzzTest::yaml));
        artefacts(parts);
        records(parts);
        return parts;
    }

    private static List<byte[]> models() throws IOException {
        List<byte[]> models = new ArrayList<>();
        for (Graph g : SampleGraphs.all().values()) {
            models.add(OnnxWriter.bytes(g));
        }
        Path corpus = InstalledDistribution.corpus(Files.createDirectory(work.resolve("corpus")));
        try (Stream<Path> files = Files.list(corpus.resolve("models"))) {
            for (Path f :
                    files.filter(f -> f.toString().endsWith(".onnx")).sorted().toList()) {
                if (Files.size(f) < 20_000) {
                    models.add(Files.readAllBytes(f));
                }
            }
        }
        return models;
    }

    private static Part data(String ending, int percent, List<byte[]> seeds, Graph model, String preset) {
        Path file = work.resolve("x." + ending);
        Preprocessing preprocessing = Preprocessing.parse(preset + (preset.equals("none") ? "" : ",resize=8,crop=8"));
        return new Part(ending, percent, seeds, b -> {
            Files.write(file, b);
            SampleLoader.open(model, file.toString(), preprocessing, 0).get(0);
        });
    }

    private static Graph input(long... shape) {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, shape))
                .graph();
    }

    private static byte[] npy(String shape, int floats) throws IOException {
        Path file = InstalledDistribution.npy(work.resolve("seed.npy"), shape, InstalledDistribution.noise(floats));
        return Files.readAllBytes(file);
    }

    private static byte[] npz(String name, byte[] array) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry(name + ".npy"));
            zip.write(array);
        }
        return out.toByteArray();
    }

    private static byte[] picture(String format, int type) throws IOException {
        BufferedImage image = new BufferedImage(16, 12, type);
        Random random = new Random(1);
        for (int i = 0; i < 16 * 12; i++) {
            image.setRGB(i % 16, i / 16, random.nextInt());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }

    private static List<byte[]> settings() {
        return Stream.of(
                        "backend: [tensorrt, openvino]\ncalibration: images/\npreset: {preset: imagenet, resize: 232}\n"
                                + "set:\n  calibration: {method: percentile}\n  alignment.concat: large\n  bias-correction: off\n",
                        "backend: nnie\nset: [calibration.method=kl, fusion=off]\nsamples: 12\nout: out\n",
                        "target: acme\nsummary: &a Acme\nquantizes: [weighted, *a]\nweights: {per-channel: true}\n")
                .map(s -> s.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    private static void yaml(byte[] b) throws IOException {
        Path file = Files.write(work.resolve("settings.yaml"), b);
        YamlPluginFile.read(file);
        SettingsFile settings = SettingsFile.read(file, KEYS);
        settings.text("backend");
        settings.path("out");
        settings.count("samples");
        settings.preprocessing();
        settings.settings();
    }

    /** One format of each plugin, its smallest text or model. */
    private static void artefacts(List<Part> parts) throws IOException {
        Set<String> seen = new HashSet<>();
        Map<Target, ReadableExporter> formats = new LinkedHashMap<>();
        for (Target t : TestPlatform.REGISTRY.targets()) {
            if (seen.add(TestPlatform.REGISTRY.pluginOfTarget(t.id())
                            + t.exporters().stream().map(e -> e.id()).toList())
                    && !t.exporters().isEmpty()
                    && t.exporters().get(0) instanceof ReadableExporter e
                    && formats.size() < 12) {
                formats.put(t, e);
            }
        }
        for (Map.Entry<Target, ReadableExporter> f : formats.entrySet()) {
            artefact(parts, f.getKey(), f.getValue());
        }
    }

    private static void artefact(List<Part> parts, Target target, ReadableExporter exporter) throws IOException {
        Graph graph = SampleGraphs.all().values().iterator().next();
        Pipeline.Result result = TestPlatform.quantize(graph, target.id(), TestPlatform.noise(graph, 2), 1);
        FrozenQuantizedModel frozen = new FrozenQuantizedModel(
                "model", target.id(), result.graph(), result.configs().snapshot());
        Map<String, TensorQuantization> entries = exporter.entries(frozen);
        Path folder = work.resolve("artefact-" + target.id().replace(':', '.'));
        Map<String, byte[]> whole = ExportFixture.to(folder, exporter, "model", target.id(), result);
        String file = whole.keySet().stream()
                .filter(n -> !n.endsWith(".onnx"))
                .findFirst()
                .orElseGet(() -> whole.keySet().iterator().next());
        DirectoryArtifact files = new DirectoryArtifact("model", folder);
        parts.add(new Part(target.id() + "." + exporter.id(), 1, List.of(whole.get(file)), b -> {
            Files.write(folder.resolve(file), b);
            exporter.graph(files);
            ParameterComparison.problems(entries, exporter.read(files, entries));
        }));
    }

    /** {@code detent.json} of a real run, for everything that is asked of it. */
    private static void records(List<Part> parts) throws IOException {
        Path folder = Files.createDirectory(work.resolve("run"));
        Graph graph = SampleGraphs.all().values().iterator().next();
        CaseRun run = CaseRun.of(folder, graph, "onnxruntime", 1);
        Path record = folder.resolve("out/detent.json");
        assertThat(run.problems()).doesNotContain("DT-INT-001");
        parts.add(new Part("detent.json", 8, List.of(Files.readAllBytes(record)), b -> {
            Files.write(record, b);
            RunDirectory read = RunDirectory.read(folder.resolve("out"));
            read.target();
            read.name();
            read.preprocessing();
            read.record();
            read.missingNodes(graph);
            try {
                read.exporter(TestPlatform.REGISTRY);
            } catch (UserException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
            read.quantization(graph, TestPlatform.REGISTRY, Map.of());
        }));
    }
}
