package dev.detent.host.contract;

import dev.detent.host.artifact.StagedOutputDirectory;
import dev.detent.host.artifact.StagingExportContext;
import dev.detent.host.artifact.TargetDirectory;
import dev.detent.host.pipeline.FrozenQuantizedModel;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.option.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Runs an exporter alone, outside a quantization job: for contracts and tests. */
public final class ExportFixture {

    private ExportFixture() {}

    /** Exports into a new folder and returns what lies there. */
    public static Map<String, byte[]> to(
            Path folder, Exporter exporter, String name, String target, Pipeline.Result result) throws IOException {
        try (StagedOutputDirectory out = StagedOutputDirectory.open(folder, List.of(), List.of())) {
            try (StagingExportContext files = new StagingExportContext(
                    new TargetDirectory(out, ""),
                    new Options(Map.of()),
                    CalibrationInputs.NONE,
                    p -> {},
                    exporter.id())) {
                exporter.export(
                        new FrozenQuantizedModel(
                                name, target, result.graph(), result.configs().snapshot()),
                        files);
            }
            out.commit();
        }
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(folder)) {
            for (Path f : all.toList()) {
                files.put(f.getFileName().toString(), Files.readAllBytes(f));
            }
        }
        return files;
    }
}
