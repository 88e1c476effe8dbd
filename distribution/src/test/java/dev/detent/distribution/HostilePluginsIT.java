package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plugins that end, hang or keep the process, or change what they may only look at. */
class HostilePluginsIT {

    private static final String EXIT = "System.exit(0);";
    private static final String FOR_EVER = "while (true) { Thread.onSpinWait(); }";
    private static final String THREAD = "new Thread(() -> { " + FOR_EVER + " }).start();";
    private static final String HOOK = "Runtime.getRuntime().addShutdownHook(new Thread(() -> { " + FOR_EVER + " }));";

    static final String EXPORTERS =
            "public List<dev.detent.spi.export.Exporter> exporters() { return List.of(new dev.detent.support.qdq.QdqExporter("
                    + "\"q\", dev.detent.support.qdq.QdqGraphBuilder.Form.OTHER_TIES)); }";
    static final String TARGET = "static class VendorTarget implements Target {";

    @TempDir
    Path work;

    private VendorFolder folder;

    @BeforeEach
    void copyPlugins() throws IOException {
        folder = VendorFolder.below(work);
    }

    private InstalledDistribution.Run quantize(String source) throws IOException {
        folder.jar("vendor.jar", source.replace(TARGET, TARGET + EXPORTERS));
        Path corpus = work.resolve("corpus");
        Path model =
                (Files.exists(corpus) ? corpus : InstalledDistribution.corpus(corpus)).resolve("models/conv1d.onnx");
        long[] shape = OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
        Path data = InstalledDistribution.npy(
                work.resolve("data.npy"),
                Arrays.toString(shape).replaceAll("[\\[\\]]", ""),
                InstalledDistribution.noise((int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)));
        return folder.run(
                "quantize",
                model,
                "--backend",
                "vendor",
                "--calibration",
                data,
                "--allow-unlisted",
                "--out",
                work.resolve("out"));
    }

    @Test
    void exitInAConstructorIsNoSuccess() throws IOException {
        folder.jar("vendor.jar", VendorFolder.constructor(EXIT));
        InstalledDistribution.Run run = folder.run("backends", "--allow-unlisted");
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err()).contains("DT-PLG-019", "vendor 1.2.3", "System.exit");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rules", "supports", "recipe"})
    void exitAtWorkIsNoSuccessAndLeavesNothing(String method) throws IOException {
        InstalledDistribution.Run run = quantize(VendorFolder.method(method, "if (true) { " + EXIT + " }"));
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err()).contains("DT-PLG-019", "vendor 1.2.3");
        try (var files = Files.list(work)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .doesNotContain("out")
                    .noneMatch(n -> n.startsWith("."));
        }
    }

    @Test
    void aConstructorThatNeverReturnsIsNamed() throws IOException {
        folder.jar("vendor.jar", VendorFolder.constructor(FOR_EVER));
        InstalledDistribution.Run run = folder.run("backends", "--allow-unlisted");
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err()).contains("DT-PLG-017", "vendor 1.2.3", "30 s");
        assertThat(folder.run("plugins", "remove", "vendor").code()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {THREAD, HOOK, THREAD + " throw new StackOverflowError();"})
    void whatIsLeftBehindDoesNotKeepTheProcess(String code) throws IOException {
        folder.jar("vendor.jar", VendorFolder.constructor(code));
        long start = System.nanoTime();
        InstalledDistribution.Run run = folder.run("backends", "--allow-unlisted");
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("tensorrt");
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(60);
    }

    @ParameterizedTest
    @CsvSource({"rules", "supports"})
    void errorsAtWorkAreThePlugins(String method) throws IOException {
        InstalledDistribution.Run run =
                quantize(VendorFolder.method(method, "if (true) { " + THREAD + " throw new StackOverflowError(); }"));
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err())
                .contains("DT-PLG-016: vendor 1.2.3", "StackOverflowError")
                .doesNotContain("\tat ");
    }

    /** What the target asks for is none of the person's choices. */
    @ParameterizedTest
    @CsvSource({"with(\"fusion\"), with(\"no-such\"), pass", "\"minmax\", \"no-such\", observer"})
    void aTargetThatAsksForWhatIsNotThere(String good, String wrong, String kind) throws IOException {
        InstalledDistribution.Run run = quantize(VendorFolder.GOOD.replace(good, wrong));
        assertThat(run.code()).as(run.all()).isEqualTo(3);
        assertThat(run.err())
                .contains("error DT-PLG-042: vendor 1.2.3: target 'vendor' asks for " + kind + " 'no-such', which no");
        assertThat(work.resolve("out")).doesNotExist();
    }

    /** Whoever reads a command's results reads no plugin's. */
    @Test
    void whatAPluginPrintsIsNoResult() throws IOException {
        InstalledDistribution.Run printed = quantize(VendorFolder.method("rules", "System.out.println(\"chatter\");"));
        assertThat(printed.code()).as(printed.all()).isZero();
        assertThat(printed.out()).doesNotContain("chatter").contains("vendor");
        assertThat(printed.err()).contains("chatter");
        folder.jar(
                "vendor.jar",
                VendorFolder.constructor(
                        "System.setOut(new java.io.PrintStream(java.io.OutputStream.nullOutputStream()));"
                                + " System.setErr(System.out);"));
        InstalledDistribution.Run swallowed = folder.run("backends", "--allow-unlisted");
        assertThat(swallowed.code()).isZero();
        assertThat(swallowed.out()).contains("tensorrt", "a vendor's chip");
        InstalledDistribution.Run refused = folder.run("inspect", work.resolve("missing.onnx"));
        assertThat(refused.err()).contains("error DT-");
    }

    @Test
    void aTargetThatEditsTheGraphIsNamed() throws IOException {
        String edit = "g.edit().valueInfo(ValueInfo.of(\"evil\", ElementType.FLOAT, 1));";
        InstalledDistribution.Run supports = quantize(VendorFolder.method("supports", edit));
        assertThat(supports.code()).as(supports.all()).isEqualTo(3);
        assertThat(supports.err()).contains("vendor 1.2.3: target 'vendor' changed the graph in supports()");
        InstalledDistribution.Run rules = quantize(VendorFolder.GOOD
                .replace("(n, g) -> NodeRule", "(n, g) -> { " + edit + " return NodeRule")
                .replace("InitialState.INITIAL)); }", "InitialState.INITIAL)); }; }"));
        assertThat(rules.code()).as(rules.all()).isEqualTo(3);
        assertThat(rules.err()).contains("vendor 1.2.3", "changed the graph in rule()");
        assertThat(work.resolve("out")).doesNotExist();
    }

    @Test
    void anErrorOfTheLintMeansTheModelDoesNotFit() throws IOException {
        String lint = "public List<dev.detent.spi.problem.Problem> lint(dev.detent.spi.export.QuantizedModel m) {"
                + " return List.of(dev.detent.spi.problem.Problem.error(\"V-1\", \"has no unit for this\", \"conv\")); }";
        InstalledDistribution.Run run = quantize(VendorFolder.GOOD.replace(TARGET, TARGET + lint));
        assertThat(run.code()).as(run.all()).isEqualTo(2);
        assertThat(run.err()).contains("error V-1: conv: has no unit for this");
        assertThat(work.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "exit, ended the process",
        "halt, ended the process",
        "hang, did not end within 3 s",
        "nothing, contributes nothing",
        "lint, LintContract",
        "pass, without declaring that it edits"
    })
    void verificationNoticesWhatAPluginDoes(String kind, String sentence) throws IOException {
        String lint = "public List<dev.detent.spi.problem.Problem> lint(dev.detent.spi.export.QuantizedModel m) {"
                + " throw new IllegalStateException(\"LintContract\"); }";
        String source = switch (kind) {
            case "exit" -> VendorFolder.constructor(EXIT);
            case "halt" -> VendorFolder.method("rules", "if (true) { Runtime.getRuntime().halt(0); }");
            case "hang" -> VendorFolder.method("rules", "if (true) { " + FOR_EVER + " }");
            case "nothing" -> VendorFolder.GOOD.replace("List.of(new VendorTarget())", "List.of()");
            case "lint" -> VendorFolder.GOOD.replace(TARGET, TARGET + lint);
            default -> EDITING_PASS;
        };
        InstalledDistribution.Run run = folder.run(
                "plugins",
                "verify",
                folder.outside("vendor.jar", source),
                "--timeout",
                kind.equals("hang") ? "3" : "60");
        assertThat(run.code()).as(run.all()).isEqualTo(1);
        assertThat(run.out()).containsPattern("FAILED .*" + sentence);
    }

    private static final String EDITING_PASS = """
            package vendor;
            import dev.detent.spi.graph.*;
            import dev.detent.spi.pass.*;
            import java.util.*;
            public class Vendor implements PassProvider {
                public List<PassDefinition> passes() {
                    return List.of(new PassDefinition(PassDescriptor.of("evil", "edits")
                        .requires(Fact.RULES_APPLIED).build(), c ->
                        c.editor().valueInfo(ValueInfo.of("evil", ElementType.FLOAT, 1))));
                }
            }
            """;

    /** The lock's order is that of installation: a younger jar takes nothing from an elder one. */
    @Test
    void theElderKeepsWhatTwoContribute() throws IOException {
        folder.jar(
                "aaa.jar",
                Map.of("Plugin-Id", "aaa", "Plugin-Version", "1", "Plugin-Requires", ">=1.0.0"),
                VendorFolder.GOOD.replace("\"vendor\"", "\"tensorrt\""),
                true);
        folder.run("plugins", "lock");
        InstalledDistribution.Run run = folder.run("backends");
        assertThat(run.code()).isZero();
        assertThat(run.err()).contains("DT-PLG-010", "aaa 1");
        assertThat(run.out()).contains("tensorrt  ").doesNotContain("a vendor's chip");
    }
}
