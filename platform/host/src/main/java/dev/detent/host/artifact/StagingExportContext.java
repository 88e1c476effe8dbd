package dev.detent.host.artifact;

import dev.detent.onnx.OnnxWriter;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.report.Json;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.function.Consumer;

/** What an exporter writes with. */
public record StagingExportContext(TargetDirectory folder, Options options, Consumer<Problem> problems)
        implements ExportContext {

    @Override
    public void text(String fileName, String content) {
        bytes(fileName, content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void bytes(String fileName, byte[] content) {
        folder.write(fileName, content);
    }

    @Override
    public void onnx(String fileName, Graph graph) {
        try {
            Files.createDirectories(folder.file(fileName).getParent());
            OnnxWriter.write(graph, folder.file(fileName));
        } catch (IOException e) {
            throw folder.folder().failed(fileName, e);
        }
    }

    @Override
    public void raiseOpset(Graph graph, int opset) {
        OpsetUpgrade.apply(graph, opset, "model.onnx");
    }

    @Override
    public String json(Object value) {
        return Json.pretty(value);
    }

    @Override
    public String decimal(float value) {
        return Json.number(value).toPlainString();
    }

    @Override
    public void report(Problem problem) {
        problems.accept(problem);
    }
}
