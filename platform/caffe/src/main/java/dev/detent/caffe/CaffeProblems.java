package dev.detent.caffe;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with a Caffe network, or keep a model from becoming one. */
public final class CaffeProblems implements ProblemCatalog {

    public static final ProblemType NO_PROTOTXT = new ProblemType(
            "DT-CAF-001",
            "The file is no prototxt that Detent reads",
            "The text is damaged, is of a fork of Caffe with parameters of its own, or describes training.",
            "Give the deploy.prototxt; take out what the message names.");

    public static final ProblemType NO_CAFFEMODEL = new ProblemType(
            "DT-CAF-002",
            "The file is no caffemodel",
            "The file is of another format, or ends too early.",
            "Give the .caffemodel that belongs to the prototxt.");

    public static final ProblemType UNREADABLE = new ProblemType(
            "DT-CAF-003",
            "A file of a Caffe network cannot be read",
            "There is no such file, or the operating system refuses to read it.",
            "Check path and permissions.");

    public static final ProblemType NO_OUTPUT = new ProblemType(
            "DT-CAF-004",
            "A network without a result",
            "Every blob is read by another layer.",
            "Give the deploy.prototxt, whose last layer's blob nobody reads.");

    public static final ProblemType NO_INPUT_SHAPE = new ProblemType(
            "DT-CAF-005",
            "An input without a shape",
            "The prototxt leaves the shape of an input open.",
            "Write it into the prototxt: input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } }.");

    public static final ProblemType BLOB_FROM_NOWHERE = new ProblemType(
            "DT-CAF-006",
            "A blob that no layer makes",
            "A layer reads a blob that no layer in front of it makes, often one of a layer of training.",
            "Give the deploy.prototxt.");

    public static final ProblemType WEIGHTS_DO_NOT_FIT_SHAPE = new ProblemType(
            "DT-CAF-007",
            "Weights that do not fit their shape",
            "The caffemodel says one shape and holds another number of values, so it is damaged.",
            "Download it again.");

    public static final ProblemType LAYER_NOT_READ = new ProblemType(
            "DT-CAF-008",
            "A layer that Detent cannot read",
            "The layer has no exact counterpart among ONNX's operators, or its weights are not those of the prototxt.",
            "Replace the layer, or give the caffemodel of this prototxt; docs/caffe.md lists what is read.");

    public static final ProblemType NO_WEIGHTS = new ProblemType(
            "DT-CAF-009",
            "A prototxt without its weights",
            "A Caffe network is two files, and the second is not beside the first.",
            "Put it beside the prototxt under the same name, or give it with --weights where the command has it.");

    public static final ProblemType WEIGHTS_OF_ONNX = new ProblemType(
            "DT-CAF-010",
            "A file of weights for an ONNX model",
            "An ONNX model holds its weights or names their files itself; only a Caffe network is two files.",
            "Leave --weights out, or give the prototxt as the model.");

    public static final ProblemType NO_FIXED_SHAPE = new ProblemType(
            "DT-CAF-020",
            "A value without a fixed shape",
            "Every blob of Caffe has a fixed shape; an input of the model leaves its height or width free.",
            "Export the model for one size.");

    public static final ProblemType INPUT_NOT_FLOAT = new ProblemType(
            "DT-CAF-021",
            "An input that is not of floats",
            "Caffe's blobs hold 32-bit floats alone.",
            "Export the model with an input of floats.");

    public static final ProblemType NO_BLOB = new ProblemType(
            "DT-CAF-022",
            "A value that no layer makes",
            "A layer would read a constant or a second result that Caffe has no blob for.",
            "Replace the node in the model.");

    public static final ProblemType NODE_NOT_WRITTEN = new ProblemType(
            "DT-CAF-023",
            "A node without an exact counterpart in Caffe",
            "Caffe has no layer, and no few layers together, that compute the same.",
            "Do what the message says, or end the network in front of the node; docs/caffe.md lists what is written.");
}
