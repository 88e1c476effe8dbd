package dev.detent.host.record;

import java.nio.file.Path;

/**
 * The model as it was read.
 *
 * @param bytes its size, weights in files of their own included
 * @param digest of the file as it was read
 */
public record ModelFacts(Path file, int nodes, long bytes, InputDigest digest) {

    /** Base name of what is made from it. */
    public String stem() {
        return stem(file.getFileName().toString());
    }

    static String stem(String fileName) {
        return fileName.endsWith(".onnx") ? fileName.substring(0, fileName.length() - 5) : fileName;
    }
}
