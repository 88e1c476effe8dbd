package dev.detent.support.export;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.reflect.TypeToken;
import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.CaffeNames;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.Problem;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What codecs write and read, without a disk. */
final class FilesInMemory implements ExportContext, Artifact {

    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private final Map<String, String> texts = new LinkedHashMap<>();

    @Override
    public String name() {
        return "model";
    }

    @Override
    public Set<String> files() {
        return texts.keySet();
    }

    @Override
    public String text(String fileName) {
        return texts.getOrDefault(fileName, "");
    }

    @Override
    public byte[] bytes(String fileName) {
        return text(fileName).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Graph onnx(String fileName) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Object> json(String fileName) {
        return GSON.fromJson(text(fileName), new TypeToken<Map<String, Object>>() {});
    }

    @Override
    public Options options() {
        return new Options(Map.of());
    }

    @Override
    public CalibrationInputs calibration() {
        return CalibrationInputs.NONE;
    }

    @Override
    public CaffeNames caffe(String stem, Graph graph, CaffeOptions style) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void fixShapes(Graph graph) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void text(String fileName, String content) {
        texts.put(fileName, content);
    }

    @Override
    public void bytes(String fileName, byte[] content) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void onnx(String fileName, Graph graph) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String json(Object value) {
        return GSON.toJson(value) + "\n";
    }

    @Override
    public String decimal(float value) {
        return new BigDecimal(Float.toString(value)).stripTrailingZeros().toPlainString();
    }

    @Override
    public void report(Problem problem) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void raiseOpset(dev.detent.spi.graph.Graph graph, int opset) {
        throw new IllegalStateException("no test here writes types that need opset " + opset);
    }
}
