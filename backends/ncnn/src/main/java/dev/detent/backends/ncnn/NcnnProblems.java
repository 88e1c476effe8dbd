package dev.detent.backends.ncnn;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for ncnn finds. */
@Extension
public final class NcnnProblems implements ProblemCatalog {

    static final ProblemType NO_INT8_LAYER = new ProblemType(
            "DT-NCN-001",
            "ncnn has no int8 layer for a node",
            "Grouped convolutions that are not depthwise, and a Gemm that is not a plain fully connected layer, run in float.",
            "Nothing to do: the node stays float.");

    static final ProblemType NO_PARAM = new ProblemType(
            "DT-NCN-002",
            "pnnx's file cannot be read",
            "What table.pnnx names is no .param file of ncnn.",
            "Name the model.ncnn.param that pnnx wrote for this model.");

    static final ProblemType OTHER_MODEL = new ProblemType(
            "DT-NCN-003",
            "pnnx's file is another model's",
            "Convolutions and inner products are paired by their sizes and by what lies around them; some have no counterpart in the file that table.pnnx names.",
            "Run pnnx on the .onnx file that Detent wrote, and quantize again with the .ncnn.param of that run.");

    static final ProblemType ALIKE = new ProblemType(
            "DT-NCN-004",
            "Layers that only their order tells apart",
            "Layers of the same size are in equivalent positions of the network, as in parallel branches; they are paired by their order in the two files.",
            "Compare the table's lines of these layers with the layers in the .ncnn.param file.");
}
