package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installing, removing and switching off, each of which touches one plugin alone. */
class PluginInstallIT {

    private static final String YAML = """
            target: acme
            summary: Acme NPU
            quantizes: [weighted, Relu]
            activations: {signed: true}
            weights: {per-channel: true, operators: [Conv, Gemm]}
            bias: derived
            exporters: [qdq]
            """;

    @TempDir
    Path work;

    private VendorFolder folder;

    @BeforeEach
    void copyPlugins() throws IOException {
        folder = VendorFolder.below(work);
    }

    @Test
    void onlyTheInstalledJarIsLocked() throws IOException {
        String before = folder.lock();
        Path jar = folder.outside("vendor.jar", VendorFolder.GOOD);
        folder.jar(
                "other.jar",
                VendorFolder.manifest("other", ">=1.0.0"),
                VendorFolder.GOOD.replace("\"vendor\"", "\"other\""),
                true);
        InstalledDistribution.Run install = folder.run("plugins", "install", jar);
        assertThat(install.code()).as(install.all()).isZero();
        assertThat(install.out()).contains("passed PipelineContract", "installed vendor 1.2.3");
        assertThat(folder.lock()).startsWith(before).contains("vendor 1.2.3 ").doesNotContain("other");
        InstalledDistribution.Run backends = folder.run("backends");
        assertThat(backends.err()).contains("DT-PLG-022", "other.jar");
        assertThat(backends.out()).contains("vendor  a vendor's chip").doesNotContain("other  ");
        assertThat(Files.exists(folder.file(".vendor.jar.partial"))).isFalse();
    }

    @Test
    void theSamePluginIsReplacedWithAWord() throws IOException {
        Path jar = folder.outside("vendor.jar", VendorFolder.GOOD);
        assertThat(folder.run("plugins", "install", jar).code()).isZero();
        Files.delete(jar);
        Path newer = folder.work().resolve("vendor.jar");
        Files.move(
                folder.jar(
                        "newer.jar",
                        java.util.Map.of(
                                "Plugin-Id", "vendor", "Plugin-Version", "2.0.0", "Plugin-Requires", ">=1.0.0"),
                        VendorFolder.GOOD,
                        true),
                newer);
        InstalledDistribution.Run again = folder.run("plugins", "install", newer);
        assertThat(again.code()).as(again.all()).isZero();
        assertThat(again.out()).contains("installed vendor 2.0.0 in place of 1.2.3");
        assertThat(folder.lock().lines().filter(l -> l.startsWith("vendor "))).hasSize(1);
    }

    @Test
    void whatIsNoPluginOrTakesAnothersPlaceIsRefused() throws IOException {
        String before = folder.lock();
        Path zip = Files.writeString(work.resolve("vendor.zip"), "no jar");
        Path lock = Files.writeString(work.resolve("plugins.lock"), "vendor 1 2");
        Path ours = folder.outside(
                "detent-backend-dsp-" + System.getProperty("detent.version") + ".jar", VendorFolder.GOOD);
        Path sameId = Files.move(
                folder.jar("mine.jar", VendorFolder.manifest("dsp", ">=1.0.0"), VendorFolder.GOOD, true),
                work.resolve("mine.jar"));
        assertRefused(zip, 2, "DT-PLG-035");
        assertRefused(lock, 2, "DT-PLG-035");
        // The helper has written over the shipped jar of that name; what counts is that its id is another's.
        Files.copy(
                InstalledDistribution.home().resolve("plugins").resolve(ours.getFileName()),
                folder.file(ours.getFileName().toString()));
        assertRefused(ours, 2, "DT-PLG-036", "'dsp'");
        assertRefused(sameId, 3, "DT-PLG-009", "detent plugins remove dsp");
        assertThat(folder.lock()).isEqualTo(before);
    }

    private void assertRefused(Path file, int code, String... words) {
        InstalledDistribution.Run run = folder.run("plugins", "install", file);
        assertThat(run.code()).as(run.all()).isEqualTo(code);
        assertThat(run.err()).contains(words);
    }

    @Test
    void whatBreaksAContractIsNotInstalled() throws IOException {
        String before = folder.lock();
        Path jar = folder.outside("vendor.jar", VendorFolder.GOOD.replace("\"minmax\"", "\"crystal-ball\""));
        InstalledDistribution.Run run = folder.run("plugins", "install", jar);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("FAILED RulesContract");
        assertThat(run.err()).contains("DT-PLG-041");
        assertThat(folder.file("vendor.jar")).doesNotExist();
        assertThat(folder.lock()).isEqualTo(before);
    }

    @Test
    void aPluginIsSwitchedOffAndOnAndRemoved() throws IOException {
        String before = folder.lock();
        Path jar = folder.outside("vendor.jar", VendorFolder.GOOD);
        folder.run("plugins", "install", jar);
        assertThat(folder.run("plugins", "disable", "vendor").out()).contains("disabled vendor");
        InstalledDistribution.Run off = folder.run("plan", "--backend", "vendor");
        assertThat(off.code()).isEqualTo(2);
        assertThat(off.err()).contains("disabled: vendor");
        assertThat(folder.run("plugins", "list").out()).containsPattern("vendor[.]jar.*disabled");
        assertThat(folder.run("plugins", "enable", "vendor").code()).isZero();
        assertThat(folder.run("plan", "--backend", "vendor").code()).isZero();
        assertThat(folder.run("plugins", "remove", "vendor").out()).contains("removed vendor.jar");
        assertThat(folder.file("vendor.jar")).doesNotExist();
        assertThat(folder.lock()).isEqualTo(before);
        InstalledDistribution.Run none = folder.run("plugins", "remove", "vendor");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("DT-PLG-040");
    }

    @Test
    void aYamlTargetIsAPluginFile() throws IOException {
        Path file = Files.writeString(work.resolve("acme.yaml"), YAML);
        assertThat(folder.run("plugins", "verify", file).code()).isZero();
        assertThat(folder.run("plugins", "install", file).out()).contains("installed acme.yaml yaml");
        assertThat(folder.lock()).contains("acme.yaml yaml ");
        assertThat(folder.run("backends").out()).contains("acme  Acme NPU");
        Files.writeString(folder.file("acme.yaml"), YAML + "outputs: float\n");
        InstalledDistribution.Run changed = folder.run("backends");
        assertThat(changed.code()).isZero();
        assertThat(changed.err()).contains("DT-PLG-023", "acme.yaml");
        assertThat(changed.out()).contains("tensorrt").doesNotContain("acme");
        assertThat(folder.run("plugins", "list").out()).contains("acme.yaml yaml  Acme NPU");
    }

    /** It was installed, and then the whole jar that has this target was refused. */
    @Test
    void aYamlTargetTakesNoOtherPluginsPlace() throws IOException {
        Path file = Files.writeString(work.resolve("mine.yaml"), YAML.replace("acme", "tensorrt"));
        InstalledDistribution.Run run = folder.run("plugins", "install", file);
        assertThat(run.code()).as(run.all()).isNotZero();
        assertThat(run.all()).contains("DT-PLG-010", "mine.yaml");
        assertThat(folder.lock()).doesNotContain("mine.yaml");
        Files.copy(file, folder.file("mine.yaml"));
        InstalledDistribution.Run beside = folder.run("backends", "--allow-unlisted");
        assertThat(beside.code()).isZero();
        assertThat(beside.err()).contains("DT-PLG-010", "mine.yaml").doesNotContain("contributed by 'generic");
        assertThat(beside.out()).contains("tensorrt  ");
    }

    @Test
    void aBrokenYamlFileCostsItsTargetAlone() throws IOException {
        Files.writeString(folder.file("acme.yaml"), YAML);
        Files.writeString(folder.file("broken.yaml"), "target: [");
        Files.writeString(folder.file("twice.yaml"), "target: a\ntarget: b\n");
        Files.writeString(folder.file("unknown.yaml"), YAML + "colour: red\n");
        Files.writeString(folder.file("same.yaml"), YAML);
        InstalledDistribution.Run run = folder.run("backends", "--allow-unlisted");
        assertThat(run.code()).as(run.all()).isZero();
        assertThat(run.out()).contains("acme  Acme NPU", "tensorrt");
        for (String name : List.of("broken.yaml", "twice.yaml", "unknown.yaml", "same.yaml")) {
            assertThat(run.err()).contains(name);
        }
        assertThat(run.err())
                .contains("DT-PLG-034", "found duplicate key target, line 2", "unknown key 'colour'", "DT-PLG-010");
    }
}
