package dev.detent.distribution;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Formatter;
import org.junit.jupiter.api.Test;

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
                        "dev.detent.runtime..",
                        "dev.detent.report..",
                        "dev.detent.host..",
                        "dev.detent.cli..",
                        "com.google..",
                        "ai.onnxruntime..")
                .check(CLASSES);
    }

    @Test
    void theSpiNamesNoLibraryOfTheHost() {
        noClasses()
                .that()
                .resideInAPackage("dev.detent.spi..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "com.google..",
                        "ai.onnxruntime..",
                        "dev.detent.kernel..",
                        "dev.detent.onnx..",
                        "dev.detent.runtime..",
                        "dev.detent.host..")
                .check(CLASSES);
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
                .resideOutsideOfPackage("dev.detent.onnx..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.protobuf..")
                .check(CLASSES);
    }

    @Test
    void arrowsPointOneWay() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.detent.onnx..", "dev.detent.runtime..", "dev.detent.report..")
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
