package dev.detent.spi.export;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.Problem;

/** What an exporter writes with. Files go to a staging folder that is moved into place when everything succeeded. */
@Stable(since = "1.0")
@ImplementedByHost
public interface ExportContext {

    /** What the person set of the exporter's options. */
    Options options();

    /** How the run's calibration made inputs from pictures. */
    CalibrationInputs calibration();

    /** Writes a UTF-8 text file; lines end in LF. */
    void text(String fileName, String content);

    /** Writes a file as it is; the array is not kept. */
    void bytes(String fileName, byte[] content);

    /** Writes an ONNX file (with external data beside it when it would pass 2 GB). */
    void onnx(String fileName, Graph graph);

    /**
     * Writes {@code <stem>.prototxt} and {@code <stem>.caffemodel}, a Caffe network that computes what the graph does.
     *
     * @param graph stays as it is; its batch becomes 1
     * @return what nodes and values are called there
     * @throws dev.detent.spi.problem.UserException when an operator has no exact counterpart in Caffe
     */
    CaffeNames caffe(String stem, Graph graph, CaffeOptions options);

    /**
     * Fixes the batch at 1, in place, and replaces what depends on shapes alone by constants: every value then has a
     * fixed shape, except where the model's inputs leave more than the batch free.
     */
    void fixShapes(Graph graph);

    /**
     * Raises {@code graph} in place to an opset of ONNX's own domain that its new nodes need, at most 21: every other
     * node, in subgraphs too, gets the form that keeps its meaning there. A graph of that opset or newer stays as it
     * is.
     */
    void raiseOpset(Graph graph, int opset);

    /** Renders maps, lists, strings, numbers and booleans as JSON in insertion order. */
    String json(Object value);

    /** The shortest plain decimal that reads back as the same float32; for text files. */
    String decimal(float value);

    /** Something the person should know; an ERROR problem stops the run after the export. */
    void report(Problem problem);
}
