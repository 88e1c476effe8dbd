package dev.detent.support.kernel;

import dev.detent.spi.graph.Node;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which operators a runtime computes in integers, and what must be quantized around a node for it. An operator that is
 * not in the table is computed in float, whatever stands around it. A pass gets it as an option, as text:
 * {@code all=Conv,Add;inputs=Gemm,MatMul;moves=Reshape;behind=Relu}. Immutable.
 */
public final class KernelTable {

    /** What an integer kernel wants. */
    public enum Kernel {
        /** Every input that holds data, and the output. */
        ALL,
        /** Every input that holds data; the output is an integer or a float. */
        INPUTS,
        /** Passes codes on as they are: its first input and its outputs. */
        MOVES,
        /** No kernel of its own: the one in front of it does the work, where only this node reads that one's result. */
        BEHIND;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Map<String, Kernel> rows;

    private KernelTable(Map<String, Kernel> rows) {
        this.rows = new TreeMap<>(rows);
    }

    /**
     * Reads a table.
     *
     * @throws IllegalArgumentException with the sentence to show
     */
    public static KernelTable parse(String text) {
        Map<String, Kernel> rows = new LinkedHashMap<>();
        for (String row : text.split(";")) {
            String[] ends = row.strip().split("=", -1);
            Kernel kernel = Arrays.stream(Kernel.values())
                    .filter(k -> ends.length == 2 && k.word().equals(ends[0].strip()))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("'" + row.strip()
                            + "' is no row of a kernel table, such as all=Conv,Add; the kinds are "
                            + Arrays.stream(Kernel.values()).map(Kernel::word).toList()));
            for (String type : ends[1].split(",")) {
                rows.put(type.strip(), kernel);
            }
        }
        return new KernelTable(rows);
    }

    /** What the node's kernel wants; empty for one that is computed in float. */
    public Optional<Kernel> of(Node node) {
        return node.domain().isEmpty() ? Optional.ofNullable(rows.get(node.opType())) : Optional.empty();
    }
}
