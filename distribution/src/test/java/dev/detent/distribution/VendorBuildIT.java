package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A vendor's project with a version, a licence and a date of its own, built with our parent pom by Maven alone, outside
 * our tree. Nothing is downloaded: what this build has used serves that one as well.
 */
@Tag("slow")
class VendorBuildIT {

    private static final String VERSION = System.getProperty("detent.version");
    private static final Path ROOT = Path.of(System.getProperty("detent.root"));

    private static final String POM = """
            <project xmlns="http://maven.apache.org/POM/4.0.0">
              <modelVersion>4.0.0</modelVersion>
              <parent><groupId>dev.detent</groupId><artifactId>detent-plugin-parent</artifactId><version>%s</version><relativePath/></parent>
              <groupId>com.acme</groupId>
              <artifactId>acme-npu</artifactId>
              <version>7.4.2</version>
              <name>Acme NPU</name>
              <properties>
                <plugin.id>acme</plugin.id>
                %s
              </properties>
            </project>
            """;

    @TempDir
    Path work;

    @Test
    void aVendorsVersionLicenceAndProviderAreTheVendors() throws IOException {
        project("<plugin.provider>Acme Ltd.</plugin.provider><plugin.license>Acme EULA</plugin.license>");
        InstalledDistribution.Run build = maven(repository());
        assertThat(build.code()).as(build.all()).isZero();
        Path jar = work.resolve("acme/target/acme-npu-7.4.2.jar");
        try (JarFile file = new JarFile(jar.toFile())) {
            Attributes manifest = file.getManifest().getMainAttributes();
            assertThat(manifest.getValue("Plugin-Id")).isEqualTo("acme");
            assertThat(manifest.getValue("Plugin-Version")).isEqualTo("7.4.2");
            assertThat(manifest.getValue("Plugin-Provider")).isEqualTo("Acme Ltd.");
            assertThat(manifest.getValue("Plugin-License")).isEqualTo("Acme EULA");
            assertThat(manifest.getValue("Plugin-Description")).isEqualTo("Acme NPU");
        }
        InstalledDistribution.Run verify = InstalledDistribution.run("plugins", "verify", jar);
        assertThat(verify.code()).as(verify.all()).isZero();
    }

    @Test
    void whatTheManifestMustSayIsAskedFor() throws IOException {
        project("<plugin.provider>Acme Ltd.</plugin.provider>");
        InstalledDistribution.Run build = maven(repository());
        assertThat(build.code()).isNotZero();
        assertThat(build.out()).contains("under which licence");
    }

    private void project(String properties) throws IOException {
        Path source = Files.createDirectories(work.resolve("acme/src/main/java/vendor"));
        Files.writeString(work.resolve("acme/pom.xml"), POM.formatted(VERSION, properties));
        Files.writeString(
                source.resolve("Vendor.java"),
                VendorFolder.GOOD.replace("public class Vendor", "@org.pf4j.Extension public class Vendor"));
    }

    private InstalledDistribution.Run maven(Path repository) {
        return InstalledDistribution.execute(
                Map.of("MAVEN_OPTS", ""),
                List.of(
                        "mvn",
                        "-B",
                        "-o",
                        "-f",
                        work.resolve("acme/pom.xml").toString(),
                        "-Dmaven.repo.local=" + repository,
                        "package"));
    }

    /** This build's local repository by links, and what a release of ours would put there. */
    private Path repository() throws IOException {
        Path used = Path.of(System.getProperty("detent.repository"));
        Path made = Files.createDirectories(work.resolve("repository"));
        link(used, made, "dev");
        if (Files.isDirectory(used.resolve("dev"))) {
            link(used.resolve("dev"), Files.createDirectories(made.resolve("dev")), "detent");
        }
        release(made, "detent", ROOT.resolve("pom.xml"), Path.of(""));
        release(made, "detent-plugin-parent", ROOT.resolve("spi/plugin-parent/pom.xml"), Path.of(""));
        for (String module : List.of("api", "support", "testkit")) {
            String id = module.equals("api") ? "detent-spi" : "detent-" + module;
            Path folder = ROOT.resolve("spi").resolve(module);
            release(made, id, folder.resolve("pom.xml"), folder.resolve("target/" + id + "-" + VERSION + ".jar"));
        }
        return made;
    }

    private static void link(Path from, Path to, String not) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path f :
                    files.filter(f -> !f.getFileName().toString().equals(not)).toList()) {
                Files.createSymbolicLink(to.resolve(f.getFileName()), f);
            }
        }
    }

    private static void release(Path repository, String id, Path pom, Path jar) throws IOException {
        Path folder = Files.createDirectories(
                repository.resolve("dev/detent").resolve(id).resolve(VERSION));
        Files.copy(pom, folder.resolve(id + "-" + VERSION + ".pom"));
        if (!jar.toString().isEmpty()) {
            Files.copy(jar, folder.resolve(id + "-" + VERSION + ".jar"));
        }
    }
}
