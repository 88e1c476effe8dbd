package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real jars, good and bad, in a copy of the plugin folder. */
class PluginsIT {

    private static final String GOOD = """
            package vendor;
            import dev.detent.spi.backend.*;
            import dev.detent.spi.graph.*;
            import dev.detent.support.number.LinearInteger;
            import java.util.List;
            public class Vendor implements Backend {
                public List<Target> targets() { return List.of(new VendorTarget()); }
                static class VendorTarget implements Target {
                    public String id() { return "vendor"; }
                    public String summary() { return "a vendor's chip"; }
                    public boolean supports(Node n, Graph g) { return n.is("Conv", "Relu"); }
                    public Rules rules() { return (n, g) -> NodeRule.uniform(n, new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", InitialState.INITIAL)); }
                    public QuantizationRecipe recipe(DefaultRecipes host) { return QuantizationRecipe.dispatchedBy("perseus").with("refine").with("fusion").with("simplify")
                        .with("parameter-quantization").with("calibration").with("baking"); }
                }
            }
            """;

    @TempDir
    Path work;

    private Path plugins;

    @BeforeEach
    void copyPlugins() throws IOException {
        plugins = Files.createDirectories(work.resolve("plugins"));
        try (Stream<Path> files = Files.list(InstalledDistribution.home().resolve("plugins"))) {
            for (Path f : files.toList()) {
                Files.copy(f, plugins.resolve(f.getFileName()));
            }
        }
    }

    private Path jar(String name, Map<String, String> manifest, String source, boolean index) throws IOException {
        Manifest m = new Manifest();
        m.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.forEach((k, v) -> m.getMainAttributes().putValue(k, v));
        Path jar = plugins.resolve(name);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream j = new JarOutputStream(out, m)) {
            if (!source.isEmpty()) {
                Path classes = compile(source);
                try (Stream<Path> files = Files.walk(classes)) {
                    for (Path f : files.filter(Files::isRegularFile).toList()) {
                        j.putNextEntry(new ZipEntry(classes.relativize(f).toString()));
                        j.write(Files.readAllBytes(f));
                    }
                }
            }
            if (index) {
                j.putNextEntry(new ZipEntry("META-INF/extensions.idx"));
                j.write("vendor.Vendor\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        return jar;
    }

    private Path compile(String source) throws IOException {
        Path classes = Files.createTempDirectory(work, "classes");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> libs = new ArrayList<>();
        try (Stream<Path> files = Files.list(InstalledDistribution.home().resolve("lib"))) {
            files.forEach(f -> libs.add(f.toString()));
        }
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///vendor/Vendor.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignore) {
                        return source;
                    }
                };
        boolean ok = compiler.getTask(
                        null,
                        null,
                        null,
                        List.of(
                                "--release",
                                "17",
                                "-proc:none",
                                "-cp",
                                String.join(java.io.File.pathSeparator, libs),
                                "-d",
                                classes.toString()),
                        null,
                        List.of(file))
                .call();
        assertThat(ok).isTrue();
        return classes;
    }

    private static Map<String, String> manifest(String id, String requires) {
        Map<String, String> m = new LinkedHashMap<>();
        m.put("Plugin-Id", id);
        m.put("Plugin-Version", "1.2.3");
        m.put("Plugin-Requires", requires);
        return m;
    }

    private InstalledDistribution.Run backends(Object... more) {
        return InstalledDistribution.run(Stream.concat(Stream.of("backends", "--plugins", plugins), Stream.of(more))
                .toArray());
    }

    @Test
    void aVendorsJarIsInstalledVerifiedAndUsed() throws IOException {
        Path jar = jar("vendor.jar", manifest("vendor", ">=1.0.0 & <2.0.0"), GOOD, true);
        Path outside = Files.move(jar, work.resolve("vendor.jar"));
        InstalledDistribution.Run verify =
                InstalledDistribution.run("plugins", "verify", outside, "--plugins", plugins);
        assertThat(verify.code()).as(verify.all()).isZero();
        assertThat(verify.out())
                .contains("passed RulesContract", "passed PipelineContract", "passed IsolationContract", "0 failed");
        InstalledDistribution.Run install =
                InstalledDistribution.run("plugins", "install", outside, "--plugins", plugins);
        assertThat(install.code()).as(install.all()).isZero();
        assertThat(backends().out()).contains("vendor  a vendor's chip");
        assertThat(InstalledDistribution.run("plugins", "list", "--plugins", plugins)
                        .out())
                .contains("vendor 1.2.3");
    }

    @Test
    void unlistedAndChangedJarsAreRefused() throws IOException {
        jar("vendor.jar", manifest("vendor", ">=1.0.0"), GOOD, true);
        InstalledDistribution.Run unlisted = backends();
        assertThat(unlisted.code()).isEqualTo(3);
        assertThat(unlisted.err()).contains("DT-PLG-022", "vendor");
        assertThat(backends("--allow-unlisted").code()).isZero();
        Files.delete(plugins.resolve("vendor.jar"));
        Path changed = plugins.resolve("detent-backend-dsp-" + System.getProperty("detent.version") + ".jar");
        try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(changed)) {
            Files.writeString(zip.getPath("extra.txt"), "smuggled in");
        }
        InstalledDistribution.Run tampered = backends();
        assertThat(tampered.code()).isEqualTo(3);
        assertThat(tampered.err()).contains("DT-PLG-023", "dsp");
    }

    static Stream<String> badJars() {
        return Stream.of(
                "noManifest DT-PLG-002",
                "noIndex DT-PLG-004",
                "incompatible DT-PLG-003",
                "noRequires DT-PLG-005",
                "badRange DT-PLG-005",
                "missingClass DT-PLG-006",
                "bundledSpi DT-PLG-007",
                "duplicate DT-PLG-009",
                "throwing DT-PLG-013",
                "foreign DT-PLG-012",
                "noJar DT-PLG-001",
                "clash DT-PLG-010",
                "targetsThrow DT-PLG-016",
                "oldSpi DT-PLG-016",
                "nothing DT-PLG-016");
    }

    @ParameterizedTest
    @MethodSource("badJars")
    void badJarsAreNamedAndNothingLoads(String test) throws IOException {
        String kind = test.split(" ")[0];
        String fine = ">=1.0.0";
        switch (kind) {
            case "noManifest" -> jar("bad.jar", Map.of(), GOOD, true);
            case "noIndex" -> jar("bad.jar", manifest("vendor", fine), GOOD, false);
            case "incompatible" -> jar("bad.jar", manifest("vendor", ">=2.0.0"), GOOD, true);
            case "noRequires" -> jar("bad.jar", Map.of("Plugin-Id", "vendor", "Plugin-Version", "1.0.0"), GOOD, true);
            case "badRange" -> jar("bad.jar", manifest("vendor", "anything goes"), GOOD, true);
            case "missingClass" -> jar("bad.jar", manifest("vendor", fine), "", true);
            case "bundledSpi" -> {
                Path bad = jar("bad.jar", manifest("vendor", fine), GOOD, true);
                try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(bad)) {
                    Files.createDirectories(zip.getPath("dev/detent/spi"));
                    Files.copy(zip.getPath("vendor/Vendor.class"), zip.getPath("dev/detent/spi/Copy.class"));
                }
            }
            case "duplicate" -> jar("bad.jar", manifest("dsp", fine), GOOD, true);
            case "throwing" ->
                jar(
                        "bad.jar",
                        manifest("vendor", fine),
                        GOOD.replace(
                                "public class Vendor implements Backend {",
                                "public class Vendor implements Backend { public Vendor() { throw new IllegalStateException(\"no licence\"); }"),
                        true);
            case "foreign" -> jar("bad.jar", manifest("vendor", fine), "package vendor; public class Vendor {}", true);
            case "targetsThrow" ->
                jar(
                        "bad.jar",
                        manifest("vendor", fine),
                        GOOD.replace(
                                "return List.of(new VendorTarget());",
                                "throw new IllegalStateException(\"no licence\");"),
                        true);
            case "oldSpi" ->
                jar(
                        "bad.jar",
                        manifest("vendor", fine),
                        GOOD.replace(
                                "return List.of(new VendorTarget());",
                                "throw new NoSuchMethodError(\"Scheme.of(int)\");"),
                        true);
            case "nothing" ->
                jar(
                        "bad.jar",
                        manifest("vendor", fine),
                        GOOD.replace("return List.of(new VendorTarget());", "return null;"),
                        true);
            case "noJar" -> Files.writeString(plugins.resolve("bad.jar"), "this is no jar");
            default -> jar("bad.jar", manifest("vendor", fine), GOOD.replace("\"vendor\"", "\"dsp\""), true);
        }
        InstalledDistribution.Run run = backends("--allow-unlisted");
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err()).contains(test.split(" ")[1]).doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void allProblemsComeAtOnce() throws IOException {
        jar("one.jar", Map.of(), GOOD, true);
        jar("two.jar", manifest("two", ">=9.0.0"), GOOD, true);
        InstalledDistribution.Run run = backends("--allow-unlisted");
        assertThat(run.err()).contains("one.jar", "two.jar");
    }

    @Test
    void aPluginSeesNothingOfTheHost() throws IOException {
        jar(
                "spy.jar",
                manifest("vendor", ">=1.0.0"),
                GOOD.replace(
                        "return \"a vendor's chip\";",
                        "try { Class.forName(\"dev.detent.host.pipeline.Pipeline\"); return \"sees the host\"; } catch (ClassNotFoundException e) { return \"isolated\"; }"),
                true);
        assertThat(backends("--allow-unlisted").out())
                .contains("vendor  isolated")
                .doesNotContain("sees the host");
    }

    /** It is the plugin's fault, not Detent's and not the user's, and the plugin is named. */
    @ParameterizedTest
    @ValueSource(strings = {"rules", "supports", "recipe", "exporters", "lint"})
    void whatThrowsAtWorkIsNamed(String method) throws IOException {
        String target = """
            public java.util.List<dev.detent.spi.export.Exporter> exporters() { return List.of(new dev.detent.support.qdq.QdqExporter("q",
                dev.detent.support.qdq.QdqGraphBuilder.Form.OTHER_TIES)); }
            public java.util.List<dev.detent.spi.problem.Problem> lint(dev.detent.spi.export.QuantizedModel m) { return List.of(); }
            """;
        String source = GOOD.replace(
                "static class VendorTarget implements Target {",
                "static class VendorTarget implements Target {" + target);
        int body = source.indexOf("{", source.indexOf(" " + method + "(")) + 1;
        jar(
                "bad.jar",
                manifest("vendor", ">=1.0.0"),
                source.substring(0, body) + "if (true) throw new NoSuchMethodError(\"Scheme.of(int)\"); "
                        + source.substring(body),
                true);
        Path corpus = InstalledDistribution.corpus(work.resolve("corpus"));
        Path out = work.resolve("out");
        InstalledDistribution.Run run = InstalledDistribution.run(
                "quantize",
                corpus.resolve("models/conv1d.onnx"),
                "--backend",
                "vendor",
                "--calibration",
                InstalledDistribution.npy(
                        work.resolve("data.npy"), shape(corpus), InstalledDistribution.noise(elements(corpus))),
                "--plugins",
                plugins,
                "--allow-unlisted",
                "--out",
                out);
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err())
                .contains("DT-PLG-016: vendor 1.2.3: target 'vendor' failed", "Scheme.of(int)")
                .doesNotContain("\tat ");
        assertThat(out).doesNotExist();
    }

    private static long[] input(Path corpus) {
        return OnnxReader.read(corpus.resolve("models/conv1d.onnx"))
                .inputs()
                .get(0)
                .staticShape()
                .orElseThrow();
    }

    private static String shape(Path corpus) {
        return Arrays.toString(input(corpus)).replaceAll("[\\[\\]]", "");
    }

    private static int elements(Path corpus) {
        return (int) Arrays.stream(input(corpus)).reduce(1, (a, b) -> a * b);
    }

    @Test
    void rulesThatBreakTheContractFailVerification() throws IOException {
        Path jar = Files.move(
                jar("bad.jar", manifest("vendor", ">=1.0.0"), GOOD.replace("\"minmax\"", "\"crystal-ball\""), true),
                work.resolve("bad.jar"));
        InstalledDistribution.Run run = InstalledDistribution.run("plugins", "verify", jar, "--plugins", plugins);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("FAILED RulesContract", "crystal-ball");
    }

    static Stream<String> shipped() throws IOException {
        try (Stream<Path> files = Files.list(InstalledDistribution.home().resolve("plugins"))) {
            return files
                    .map(f -> f.getFileName().toString())
                    .filter(f -> f.endsWith(".jar"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("shipped")
    void theShippedPluginsKeepTheContracts(String name) {
        InstalledDistribution.Run run = InstalledDistribution.run(
                "plugins",
                "verify",
                InstalledDistribution.home().resolve("plugins").resolve(name));
        assertThat(run.code()).as(run.all()).isZero();
    }
}
