package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.qdq.QuantizedRows;
import dev.detent.support.qdq.SharedCodes;

/** How a file holds the codes of an embedding table, and how that is undone. The Gather keeps its name. */
interface TableForm {

    /** int8 with a scale for each row. */
    TableForm ROWS = new TableForm() {
        @Override
        public void write(GraphEditor edit, Node gather, TensorQuantization c) {
            QuantizedRows.write(edit, gather, c);
        }

        @Override
        public boolean isWritten(Graph graph, Node n) {
            return QuantizedRows.isWritten(graph, n);
        }

        @Override
        public QuantizationParameters parameters(ArtifactGraph file, Node n) {
            return QuantizedRows.parameters(file, n);
        }

        @Override
        public void restore(ArtifactGraph file, GraphEditor edit, Node n) {
            QuantizedRows.restore(file, edit, n);
        }

        @Override
        public void shareCodes(GraphEditor edit) {
            SharedCodes.join(edit);
        }

        @Override
        public void separateCodes(GraphEditor edit) {
            SharedCodes.separate(edit);
        }
    };

    void write(GraphEditor edit, Node gather, TensorQuantization c);

    /** Whether {@link #write} made the node. */
    boolean isWritten(Graph graph, Node n);

    /** Scales and zero points of a written table. */
    QuantizationParameters parameters(ArtifactGraph file, Node n);

    /** Puts a Gather of the real rows in the place of the node. */
    void restore(ArtifactGraph file, GraphEditor edit, Node n);

    /** Lets a table and the weight of a product that have the same codes be one in the file. */
    void shareCodes(GraphEditor edit);

    /** Undoes {@link #shareCodes}. */
    void separateCodes(GraphEditor edit);
}
