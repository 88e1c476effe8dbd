package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * The graph in an artefact's ONNX file. Asks it for what the exporter put there: a file that has something else at that
 * place is a UserException that names file and node.
 *
 * @param graph a copy of the caller's own; it may be edited
 */
public record ArtifactGraph(String file, Graph graph) {

    private static final Set<ElementType> FLOATS =
            EnumSet.of(ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16, ElementType.DOUBLE);

    private static final Set<ElementType> CODES = EnumSet.of(
            ElementType.INT4,
            ElementType.UINT4,
            ElementType.INT8,
            ElementType.UINT8,
            ElementType.INT16,
            ElementType.UINT16,
            ElementType.INT32,
            ElementType.FLOAT8E4M3FN,
            ElementType.FLOAT8E5M2);

    /**
     * The graph in a file of an artifact.
     *
     * @throws UserException when the file is missing or no ONNX model
     */
    public static ArtifactGraph read(Artifact artefact, String file) {
        return new ArtifactGraph(file, artefact.onnx(file));
    }

    /** The constant at an input of {@code n}. */
    public Tensor constant(Node n, int input) {
        return graph.initializer(n.input(input))
                .filter(t -> t.elementCount() > 0)
                .orElseThrow(() -> damaged(n, "has no constant at input " + input));
    }

    /** The values of the constant at an input of {@code n}; at least one. */
    public float[] floats(Node n, int input) {
        Tensor t = constant(n, input);
        if (!FLOATS.contains(t.type())) {
            throw damaged(n, "has " + t.type() + " at input " + input + " where floats should be");
        }
        return t.floats();
    }

    /** The integer codes of the constant at an input of {@code n}; at least one. */
    public int[] codes(Node n, int input) {
        Tensor t = constant(n, input);
        if (!CODES.contains(t.type())) {
            throw damaged(n, "has " + t.type() + " at input " + input + " where codes should be");
        }
        return t.codes();
    }

    /** Scale at an input of {@code n}, zero point at the next; an absent zero point is 0. */
    public QuantizationParameters parameters(Node n, int scale) {
        float[] zeroPoints = new float[0];
        if (n.hasInput(scale + 1)) {
            int[] codes = codes(n, scale + 1);
            zeroPoints = new float[codes.length];
            for (int i = 0; i < codes.length; i++) {
                zeroPoints[i] = codes[i];
            }
        }
        return ReadBackParameters.parameters(file + ", node '" + n.name() + "'", floats(n, scale), zeroPoints);
    }

    /** The values of an initializer, if there is one of that name. */
    public Optional<float[]> floats(String initializer) {
        Optional<Tensor> t = graph.initializer(initializer);
        if (t.isPresent() && !FLOATS.contains(t.get().type())) {
            throw SideFileCodec.damaged(file, "initializer '" + initializer + "'", "has no floats");
        }
        return t.map(Tensor::floats);
    }

    /** Puts the nodes in an order in which each follows what it reads. */
    public void sort(GraphEditor edit) {
        try {
            edit.sort();
        } catch (IllegalStateException e) {
            throw SideFileCodec.damaged(file, "", "cannot be read back: " + e.getMessage());
        }
    }

    /** The node that computes an input of {@code n}. */
    public Node producer(Node n, int input) {
        return graph.producer(n.input(input)).orElseThrow(() -> damaged(n, "has no node in front of input " + input));
    }

    /** The node that reads the first output of {@code n}, which must be one. */
    public Node consumer(Node n) {
        Set<Node> readers = graph.consumers(n.output(0));
        if (readers.size() != 1) {
            throw damaged(n, "is read by " + readers.size() + " nodes where one should read it");
        }
        return readers.iterator().next();
    }

    /** The sentence for a node that is not as the exporter wrote it. */
    public UserException damaged(Node n, String sentence) {
        return SideFileCodec.damaged(file, "node '" + n.name() + "'", sentence);
    }
}
