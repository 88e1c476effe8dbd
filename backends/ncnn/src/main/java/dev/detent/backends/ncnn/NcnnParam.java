package dev.detent.backends.ncnn;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text file with a network's layers that pnnx writes for ncnn ({@code model.ncnn.param}): a magic number, the
 * numbers of layers and blobs, then a line {@code type name inputs outputs input... output... key=value...} for every
 * layer (ncnn, docs/developer-guide/param-and-model-file-structure.md).
 */
final class NcnnParam {

    /**
     * A layer.
     *
     * @param attributes by number, as they are written
     */
    record Layer(String type, String name, List<String> inputs, List<String> outputs, Map<String, String> attributes) {}

    private static final String MAGIC = "7767517";
    /** Lines of two thousand layers take 200 kB. */
    private static final long MOST_BYTES = 64 << 20;

    private NcnnParam() {}

    static List<Layer> read(Path file) {
        List<String> lines;
        try {
            if (!Files.isRegularFile(file)) {
                throw new UserException(
                        NcnnProblems.NO_PARAM, "is no file: name the .ncnn.param that pnnx wrote", file.toString());
            }
            lines = Files.size(file) > MOST_BYTES ? List.of() : Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            lines = List.of();
        } catch (IOException e) {
            throw new UserException(NcnnProblems.NO_PARAM, "cannot be read: " + e.getMessage(), file.toString(), e);
        }
        if (lines.size() < 3 || !lines.get(0).strip().equals(MAGIC)) {
            throw new UserException(
                    NcnnProblems.NO_PARAM,
                    "does not begin with " + MAGIC + " as ncnn's .param files do",
                    file.toString());
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 2; i < lines.size(); i++) {
            if (!lines.get(i).isBlank()) {
                layers.add(layer(lines.get(i).strip().split("\\s+"), file + ", line " + (i + 1)));
            }
        }
        return layers;
    }

    private static Layer layer(String[] words, String where) {
        try {
            int inputs = Integer.parseInt(words[2]);
            int outputs = Integer.parseInt(words[3]);
            List<String> blobs = Arrays.asList(words).subList(4, words.length);
            Map<String, String> attributes = new LinkedHashMap<>();
            for (String word : blobs.subList(inputs + outputs, blobs.size())) {
                int equals = word.indexOf('=');
                attributes.put(word.substring(0, equals), word.substring(equals + 1));
            }
            return new Layer(
                    words[0],
                    words[1],
                    List.copyOf(blobs.subList(0, inputs)),
                    List.copyOf(blobs.subList(inputs, inputs + outputs)),
                    attributes);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new UserException(NcnnProblems.NO_PARAM, "is no layer of ncnn's .param format", where, e);
        }
    }
}
