package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real jars, good and bad, in a copy of the plugin folder. */
class PluginsIT {

    private static final String GOOD = VendorFolder.GOOD;

    @TempDir
    Path work;

    private VendorFolder folder;
    private Path plugins;

    @BeforeEach
    void copyPlugins() throws IOException {
        folder = VendorFolder.below(work);
        plugins = folder.plugins();
    }

    private Path jar(String name, Map<String, String> manifest, String source, boolean index) throws IOException {
        return folder.jar(name, manifest, source, index);
    }

    private static Map<String, String> manifest(String id, String requires) {
        return VendorFolder.manifest(id, requires);
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
    void unlistedAndChangedJarsAreRefusedAndTheOthersWork() throws IOException {
        jar("vendor.jar", manifest("vendor", ">=1.0.0"), GOOD, true);
        InstalledDistribution.Run unlisted = backends();
        assertThat(unlisted.code()).as(unlisted.all()).isZero();
        assertThat(unlisted.err()).contains("warning DT-PLG-022", "vendor");
        assertThat(unlisted.out()).contains("tensorrt").doesNotContain("a vendor's chip");
        assertThat(backends("--allow-unlisted").out()).contains("a vendor's chip");
        Files.delete(plugins.resolve("vendor.jar"));
        Path changed = plugins.resolve("detent-backend-ncnn-" + System.getProperty("detent.version") + ".jar");
        try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(changed)) {
            Files.writeString(zip.getPath("extra.txt"), "smuggled in");
        }
        InstalledDistribution.Run tampered = backends();
        assertThat(tampered.code()).isZero();
        assertThat(tampered.err()).contains("warning DT-PLG-023", "ncnn");
        assertThat(tampered.out()).contains("tensorrt").doesNotContain("ncnn  ");
        InstalledDistribution.Run asked = folder.run("plan", "--backend", "ncnn");
        assertThat(asked.code()).as(asked.all()).isEqualTo(3);
        assertThat(asked.err())
                .contains(
                        "there is no backend 'ncnn'",
                        "was refused",
                        changed.getFileName().toString());
    }

    @Test
    void withoutALockNothingLoads() throws IOException {
        Files.delete(plugins.resolve("plugins.lock"));
        InstalledDistribution.Run run = backends();
        assertThat(run.code()).isEqualTo(3);
        assertThat(run.err()).contains("DT-PLG-020", "detent plugins lock");
    }

    /** What is wrong, as the jar's name and id say it, and the problem it is refused for. */
    private static final Map<String, String> BAD = Map.ofEntries(
            Map.entry("noManifest", "DT-PLG-002"),
            Map.entry("noIndex", "DT-PLG-004"),
            Map.entry("incompatible", "DT-PLG-003"),
            Map.entry("noRequires", "DT-PLG-005"),
            Map.entry("badRange", "DT-PLG-005"),
            Map.entry("missingClass", "DT-PLG-006"),
            Map.entry("bundledSpi", "DT-PLG-007"),
            Map.entry("duplicate", "DT-PLG-009"),
            Map.entry("throwing", "DT-PLG-013"),
            Map.entry("foreign", "DT-PLG-012"),
            Map.entry("noJar", "DT-PLG-001"),
            Map.entry("clash", "DT-PLG-010"),
            Map.entry("targetsThrow", "DT-PLG-016"),
            Map.entry("oldSpi", "DT-PLG-016"),
            Map.entry("nothing", "DT-PLG-016"),
            Map.entry("nullTarget", "DT-PLG-016"),
            Map.entry("nullId", "DT-PLG-016"),
            Map.entry("nullPass", "DT-PLG-016"),
            Map.entry("nullDescriptor", "DT-PLG-016"),
            Map.entry("stack", "DT-PLG-013"),
            Map.entry("assertion", "DT-PLG-013"),
            Map.entry("staticInitializer", "DT-PLG-013"),
            Map.entry("noConstructor", "DT-PLG-013"),
            Map.entry("abstractClass", "DT-PLG-013"),
            Map.entry("privateConstructor", "DT-PLG-013"),
            Map.entry("dependency", "DT-PLG-018"),
            Map.entry("ownDependency", "DT-PLG-018"),
            Map.entry("blankId", "DT-PLG-014"),
            Map.entry("slashId", "DT-PLG-014"),
            Map.entry("pluginClass", "DT-PLG-011"),
            Map.entry("targetSlash", "DT-PLG-060"),
            Map.entry("targetUp", "DT-PLG-060"),
            Map.entry("targetComma", "DT-PLG-060"),
            Map.entry("targetEmpty", "DT-PLG-060"),
            Map.entry("targetAbsolute", "DT-PLG-060"),
            Map.entry("folder", "DT-PLG-001"),
            Map.entry("link", "DT-PLG-001"),
            Map.entry("pipe", "DT-PLG-001"),
            Map.entry("empty", "DT-PLG-001"),
            Map.entry("truncated", "DT-PLG-001"),
            Map.entry("largeClass", "DT-PLG-015"),
            Map.entry("zeros", "DT-PLG-015"),
            Map.entry("largeJar", "DT-PLG-015"));

    private void bad(String kind) throws IOException {
        String name = kind + ".jar";
        Map<String, String> fine = manifest(kind, ">=1.0.0");
        switch (kind) {
            case "noManifest" -> jar(name, Map.of(), GOOD, true);
            case "noIndex" -> jar(name, fine, GOOD, false);
            case "incompatible" -> jar(name, manifest(kind, ">=2.0.0"), GOOD, true);
            case "noRequires" -> jar(name, Map.of("Plugin-Id", kind, "Plugin-Version", "1.0.0"), GOOD, true);
            case "badRange" -> jar(name, manifest(kind, "anything goes"), GOOD, true);
            case "missingClass" -> jar(name, fine, "", true);
            case "bundledSpi" -> {
                Path bad = jar(name, fine, GOOD, true);
                try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(bad)) {
                    Files.createDirectories(zip.getPath("dev/detent/spi"));
                    Files.copy(zip.getPath("vendor/Vendor.class"), zip.getPath("dev/detent/spi/Copy.class"));
                }
            }
            case "duplicate" -> jar(name, manifest("dsp", ">=1.0.0"), GOOD, true);
            case "foreign" -> jar(name, fine, "package vendor; public class Vendor {}", true);
            case "dependency" -> jar(name, with(fine, "Plugin-Dependencies", "nothere"), GOOD, true);
            case "ownDependency" -> jar(name, with(fine, "Plugin-Dependencies", kind), GOOD, true);
            case "blankId" -> jar(name, manifest("ven dor", ">=1.0.0"), GOOD, true);
            case "slashId" -> jar(name, manifest("../vendor", ">=1.0.0"), GOOD, true);
            case "pluginClass" -> jar(name, with(fine, "Plugin-Class", "vendor.Missing"), GOOD, true);
            case "folder" -> Files.createDirectory(plugins.resolve(name));
            case "link" -> Files.createSymbolicLink(plugins.resolve(name), work.resolve("nowhere"));
            case "pipe" ->
                InstalledDistribution.execute(
                        Map.of(),
                        java.util.List.of("mkfifo", plugins.resolve(name).toString()));
            case "empty" -> Files.createFile(plugins.resolve(name));
            case "truncated" -> {
                byte[] whole = Files.readAllBytes(jar(name, fine, GOOD, true));
                Files.write(plugins.resolve(name), Arrays.copyOf(whole, whole.length / 2));
            }
            case "largeClass" -> zeros(jar(name, fine, GOOD, true), "vendor/Big.class", 9);
            case "zeros" -> zeros(jar(name, fine, GOOD, true), "big.bin", 450);
            case "largeJar" -> {
                try (java.io.RandomAccessFile f =
                        new java.io.RandomAccessFile(plugins.resolve(name).toFile(), "rw")) {
                    f.setLength(200L << 20);
                }
            }
            case "noJar" -> Files.writeString(plugins.resolve(name), "this is no jar");
            default -> jar(name, fine, source(kind), true);
        }
    }

    /** The vendor's code, whose jar is sound. */
    private static String source(String kind) {
        String type = "public class Vendor implements Backend {";
        String noLicence = "throw new IllegalStateException(\"no licence\");";
        return switch (kind) {
            case "throwing" -> VendorFolder.constructor(noLicence);
            case "assertion" -> VendorFolder.constructor("throw new AssertionError();");
            case "stack" -> VendorFolder.constructor("new Vendor();");
            case "staticInitializer" -> GOOD.replace(type, type + " static final int N = 1 / Integer.parseInt(\"0\");");
            case "noConstructor" -> GOOD.replace(type, type + " private Vendor(int n) {}");
            case "privateConstructor" -> GOOD.replace(type, type + " @Deprecated private Vendor() {}");
            case "abstractClass" -> GOOD.replace("public class", "public abstract class");
            case "targetsThrow" -> GOOD.replace("return List.of(new VendorTarget());", noLicence);
            case "oldSpi" ->
                GOOD.replace("return List.of(new VendorTarget());", "throw new NoSuchMethodError(\"Scheme.of(int)\");");
            case "nothing" -> targets("null");
            case "nullTarget" -> targets("java.util.Collections.singletonList(null)");
            case "nullId" -> target("null");
            case "targetSlash" -> target("\"a/b\"");
            case "targetUp" -> target("\"../../evil\"");
            case "targetComma" -> target("\"a,b\"");
            case "targetEmpty" -> target("\"\"");
            case "targetAbsolute" -> target("\"/tmp/evil\"");
            case "clash" -> target("\"dsp\"");
            case "nullPass" -> passes("null");
            default -> passes("new PassDefinition(null, c -> {})");
        };
    }

    /** All of them at once: the others work, and each is named once. */
    @Test
    void badJarsAreNamedAndTheOthersWork() throws IOException {
        for (String kind : BAD.keySet()) {
            bad(kind);
        }
        InstalledDistribution.Run run = backends("--allow-unlisted");
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.err()).doesNotContain("\tat ");
        BAD.forEach((kind, problem) -> assertThat(run.err())
                .containsPattern("warning " + problem + ": " + kind + "([.]jar| 1[.]2[.]3)( \\(|: )"));
        assertThat(run.err().lines()).hasSize(BAD.size());
        assertThat(run.out()).contains("tensorrt", "ppq:TRT_INT8").doesNotContain("a vendor's chip");
        InstalledDistribution.Run list =
                InstalledDistribution.run("plugins", "list", "--plugins", plugins, "--allow-unlisted");
        assertThat(list.code()).as(list.all()).isZero();
        BAD.keySet().forEach(kind -> assertThat(list.out()).containsPattern(kind + "[.]jar.*REFUSED"));
        assertThat(list.out().lines().filter(l -> l.contains("REFUSED"))).hasSize(BAD.size());
    }

    private static String target(String id) {
        return GOOD.replace("return \"vendor\";", "return " + id + ";");
    }

    private static String targets(String list) {
        return GOOD.replace("List.of(new VendorTarget())", list);
    }

    private static String passes(String pass) {
        return """
            package vendor;
            import dev.detent.spi.pass.*;
            import java.util.List;
            public class Vendor implements PassProvider {
                public List<PassDefinition> passes() { return java.util.Collections.singletonList(%s); }
            }
            """.formatted(pass);
    }

    private static Map<String, String> with(Map<String, String> manifest, String key, String value) {
        manifest.put(key, value);
        return manifest;
    }

    /** Adds an entry of so many megabytes of zeros, which pack to a thousandth. */
    private static void zeros(Path jar, String name, int megabytes) throws IOException {
        try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(jar);
                java.io.OutputStream out = Files.newOutputStream(zip.getPath(name))) {
            for (int i = 0; i < megabytes; i++) {
                out.write(new byte[1 << 20]);
            }
        }
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
