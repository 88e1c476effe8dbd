package dev.detent.host.record;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The model as it was read.
 *
 * @param bytes its size, weights in files of their own included
 * @param digest of the file as it was read
 * @param weights the file of the weights, where the format has one of its own
 */
public record ModelFacts(Path file, int nodes, long bytes, InputDigest digest, Optional<Weights> weights) {

    /** A file of weights as it was read. */
    public record Weights(Path file, InputDigest digest) {}

    /** Base name of what is made from it. */
    public String stem() {
        return stem(file.getFileName().toString());
    }

    /** The same of a model by the name of its file. */
    public static String stem(String fileName) {
        return fileName.replaceAll("\\.(onnx|prototxt)$", "");
    }
}
