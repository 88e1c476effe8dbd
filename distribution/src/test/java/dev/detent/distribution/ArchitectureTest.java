package dev.detent.distribution;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Formatter;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The arrows of the house: cli, host, onnx/runtime/report, kernel, spi; plugins see the SPI alone. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.detent");

    @Test
    void pluginsSeeTheSpiAlone() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.detent.backends..", "dev.detent.passes..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.detent.kernel..",
                        "dev.detent.onnx..",
                        "dev.detent.caffe..",
                        "dev.detent.runtime..",
                        "dev.detent.report..",
                        "dev.detent.host..",
                        "dev.detent.cli..",
                        // What the host has; a library in the plugin's own jar is the plugin's affair.
                        "com.google.common..",
                        "com.google.gson..",
                        "com.google.inject..",
                        "com.google.protobuf..",
                        "ai.onnxruntime..")
                .check(CLASSES);
    }

    @Test
    void theSpiNamesPf4jJspecifyAndInjectAlone() {
        classes()
                .that()
                .resideInAPackage("dev.detent.spi..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.detent.spi..", "java..", "org.pf4j..", "org.jspecify..", "jakarta.inject..")
                .check(CLASSES);
    }

    /** What the command needs of a run it asks the host for; beside it only the words of the contract. */
    @Test
    void theCommandSeesTheHostAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.detent.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.detent.kernel..",
                        "dev.detent.onnx..",
                        "dev.detent.caffe..",
                        "dev.detent.runtime..",
                        "dev.detent.report..",
                        "dev.detent.support..")
                .check(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "spi",
                "support",
                "testkit",
                "kernel",
                "onnx",
                "caffe",
                "runtime",
                "report",
                "host",
                "cli",
                "backends",
                "passes"
            })
    void noPackagesOfAModuleFormACycle(String module) {
        slices().matching("dev.detent." + module + ".(**)")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    /**
     * The root pom and distribution/pom.xml list the plugins; who adds one to the tree and forgets them is told here.
     */
    @Test
    void everyPluginOfTheTreeIsOnTheClassPath() throws IOException {
        Set<String> modules = new TreeSet<>();
        for (String kind : List.of("backends", "passes")) {
            try (Stream<Path> folders = Files.list(Path.of("..", kind))) {
                folders.filter(f -> Files.exists(f.resolve("pom.xml")))
                        .forEach(f -> modules.add("dev.detent." + kind + "." + f.getFileName()));
            }
        }
        Set<String> found = TestPlatform.extensionNames().stream()
                .map(name -> name.substring(0, name.lastIndexOf('.')))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).isEqualTo(modules);
    }

    @Test
    void theKernelDependsOnTheSpiAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.detent.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.detent.onnx..",
                        "dev.detent.caffe..",
                        "dev.detent.runtime..",
                        "dev.detent.report..",
                        "dev.detent.host..",
                        "com.google..",
                        "ai.onnxruntime..")
                .check(CLASSES);
    }

    @Test
    void onlyTheRuntimeKnowsOnnxRuntimeAndOnlyOnnxKnowsProtobuf() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.detent.runtime..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.onnxruntime..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.detent.onnx..", "dev.detent.caffe..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.protobuf..")
                .check(CLASSES);
    }

    @Test
    void arrowsPointOneWay() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.detent.onnx..", "dev.detent.caffe..", "dev.detent.runtime..", "dev.detent.report..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.detent.host..", "dev.detent.cli..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.detent.host..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.detent.cli..")
                .check(CLASSES);
    }

    /**
     * The parity harness listens and asks the Java API, as a program of somebody else could; the host knows nothing of
     * it.
     */
    @Test
    void theParityHarnessUsesPublicApiAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.detent.host.trace..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.detent.kernel..",
                        "dev.detent.onnx..",
                        "dev.detent.caffe..",
                        "dev.detent.host.evaluate..",
                        "dev.detent.host.job..",
                        "dev.detent.host.normalize..",
                        "dev.detent.host.record..",
                        "dev.detent.host.settings..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.detent.host..")
                .and()
                .resideOutsideOfPackage("dev.detent.host.trace..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.detent.host.trace..")
                .check(CLASSES);
    }

    /** Data and plugins, then plans, then the pipeline, then jobs: nothing looks up. */
    @Test
    void theHostsRoomsStandOnEachOther() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.detent.host.data..",
                        "dev.detent.host.normalize..",
                        "dev.detent.host.plugin..",
                        "dev.detent.host.progress..",
                        "dev.detent.host.settings..",
                        "dev.detent.host.plan..",
                        "dev.detent.host.evaluate..",
                        "dev.detent.host.pipeline..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.detent.host",
                        "dev.detent.host.job..",
                        "dev.detent.host.record..",
                        "dev.detent.host.artifact..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.detent.host.plan..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.detent.host.pipeline..", "dev.detent.host.evaluate..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideInAPackage("dev.detent.host.evaluate..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.detent.host.pipeline..")
                .check(CLASSES);
    }

    /** In locales with other digits or letters a file would get another name and another content. */
    @Test
    void whateverFormatsSaysItsLocale() {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .callMethod(String.class, "toLowerCase")
                .orShould()
                .callMethod(String.class, "toUpperCase")
                .orShould()
                .callMethod(PrintStream.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(PrintStream.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(PrintWriter.class, "printf", String.class, Object[].class)
                .orShould()
                .callConstructor(Formatter.class)
                .because("digits and letters of an output do not depend on the machine's locale: pass Locale.ROOT")
                .check(CLASSES);
    }
}
