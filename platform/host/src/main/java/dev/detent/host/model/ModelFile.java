package dev.detent.host.model;

import dev.detent.caffe.CaffeProblems;
import dev.detent.caffe.CaffeReader;
import dev.detent.onnx.OnnxReader;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The model that a person gives: an ONNX file, or Caffe's two.
 *
 * @param file the ONNX file or the prototxt
 * @param weights the caffemodel; for a prototxt alone, the one beside it
 */
public record ModelFile(Path file, Optional<Path> weights) {

    private static final String PROTOTXT = ".prototxt";

    /** A caffemodel beside the prototxt is found without being named. */
    public ModelFile {
        if (weights.isEmpty() && isCaffe(file)) {
            String name = name(file);
            weights = Optional.of(
                            file.resolveSibling(name.substring(0, name.length() - PROTOTXT.length()) + ".caffemodel"))
                    .filter(Files::isRegularFile);
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    private static boolean isCaffe(Path file) {
        return name(file).endsWith(PROTOTXT);
    }

    /** ONNX Runtime can load the file as it lies there. */
    public boolean isOnnx() {
        return !isCaffe(file);
    }

    /**
     * The graph as the file says it.
     *
     * @throws UserException when the file is damaged, Caffe's second file is missing, or one is given to ONNX
     */
    public Graph read() {
        if (isOnnx()) {
            if (name(file).endsWith(".caffemodel")) {
                throw new UserException(
                        CaffeProblems.NO_PROTOTXT,
                        "holds the weights of a Caffe network; give its prototxt as the model, and put this beside it under the"
                                + " same name or use --weights FILE where the command has it",
                        file.toString());
            }
            if (weights.isPresent()) {
                throw new UserException(
                        CaffeProblems.WEIGHTS_OF_ONNX,
                        "is no prototxt; an ONNX model holds its weights or names their files itself: leave --weights out",
                        file.toString());
            }
            return OnnxReader.read(file);
        }
        return CaffeReader.read(
                file,
                weights.orElseThrow(() -> new UserException(
                        CaffeProblems.NO_WEIGHTS,
                        "has no .caffemodel beside it; put it there under the prototxt's name, or use --weights FILE"
                                + " where the command has it",
                        file.toString())));
    }
}
