package dev.detent.host.artifact;

import dev.detent.caffe.CaffeNet;
import dev.detent.caffe.CaffeWriter;
import dev.detent.host.normalize.FixedShapes;
import dev.detent.host.problem.ExportProblems;
import dev.detent.onnx.OnnxWriter;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.report.Json;
import dev.detent.spi.export.CaffeNames;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * What an exporter writes with: files of its own target's folder, under names that Detent does not write itself, until
 * the export is over.
 */
public final class StagingExportContext implements ExportContext, AutoCloseable {

    private final TargetDirectory folder;
    private final Options options;
    private final CalibrationInputs calibration;
    private final Consumer<Problem> problems;
    private final String plugin;
    private boolean over;

    /** @param plugin whose exporter writes, for messages */
    public StagingExportContext(
            TargetDirectory folder,
            Options options,
            CalibrationInputs calibration,
            Consumer<Problem> problems,
            String plugin) {
        this.folder = folder;
        this.options = options;
        this.calibration = calibration;
        this.problems = problems;
        this.plugin = plugin;
    }

    @Override
    public Options options() {
        return options;
    }

    @Override
    public CalibrationInputs calibration() {
        return calibration;
    }

    @Override
    public void text(String fileName, String content) {
        bytes(fileName, content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public synchronized void bytes(String fileName, byte[] content) {
        try {
            Files.write(prepared(fileName), content);
        } catch (IOException e) {
            throw folder.folder().failed(fileName, e);
        }
    }

    @Override
    public CaffeNames caffe(String stem, Graph graph, CaffeOptions style) {
        Graph fixed = graph.copy();
        fixShapes(fixed);
        CaffeNet net = CaffeWriter.write(fixed, style, stem);
        text(stem + ".prototxt", net.prototxt());
        bytes(stem + ".caffemodel", net.caffemodel());
        return net.names();
    }

    @Override
    public void fixShapes(Graph graph) {
        FixedShapes.apply(graph, "model.onnx");
    }

    @Override
    public void raiseOpset(Graph graph, int opset) {
        OpsetUpgrade.apply(graph, opset, "model.onnx");
    }

    @Override
    public synchronized void onnx(String fileName, Graph graph) {
        try {
            OnnxWriter.write(graph, prepared(fileName));
        } catch (IOException e) {
            throw folder.folder().failed(fileName, e);
        }
    }

    private Path prepared(String fileName) throws IOException {
        if (over) {
            throw new PluginException(
                    ExportProblems.WRITES_TOO_LATE, "writes '" + fileName + "' after the export is over", plugin);
        }
        OutputNames.fault(fileName).ifPresent(fault -> {
            throw new PluginException(
                    ExportProblems.FILE_NAME,
                    "writes a file called '" + fileName.replaceAll("\\p{Cntrl}|[\u2028\u2029]", "?") + "', " + fault,
                    plugin);
        });
        return folder.prepared(fileName);
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
    public synchronized void report(Problem problem) {
        problems.accept(problem);
    }

    /** Ends the export: a thread that the exporter has left behind writes nothing any more. */
    @Override
    public synchronized void close() {
        over = true;
    }
}
