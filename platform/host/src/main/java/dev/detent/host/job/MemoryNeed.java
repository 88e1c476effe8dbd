package dev.detent.host.job;

import com.sun.management.OperatingSystemMXBean;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run cannot do without, known before it starts: what does not fit is told then, instead of an hour later by an
 * operating system that ends the process without a word. A lower bound, so nothing is refused that would have worked:
 * weights are worked on one at a time and lie in mapped files otherwise, and of activations those that one node reads
 * and makes must be there together.
 *
 * @param weight the largest constant of floats that layers multiply by
 * @param node the node whose inputs and outputs take most, for one sample
 */
record MemoryNeed(String weight, long weightBytes, String node, long nodeBytes) {

    /** The values that are read, and those that are made of them. */
    private static final int COPIES = 2;
    /** Operators for which ONNX Runtime (1.28) hands on the buffer that it was given ("MayInplace" or "Alias"). */
    private static final String[] SAME_MEMORY = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};
    /** A petabyte: more than any machine has, and sums of it stay numbers. */
    private static final double MOST = 1e15;

    /**
     * What there is.
     *
     * @param heap that Java may take
     * @param memory of the machine, or of the container
     */
    record Machine(long heap, long memory) {
        static Machine here() {
            OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            return new Machine(Runtime.getRuntime().maxMemory(), system.getTotalMemorySize());
        }
    }

    /** @param samples tell the sizes that the model leaves open; a dimension that stays unknown counts once */
    static MemoryNeed of(Graph graph, Samples samples) {
        String weight = "";
        long weightBytes = 0;
        Map<String, Long> sizes = sizes(graph, samples);
        String node = "";
        long nodeBytes = 0;
        for (Node n : graph.nodes()) {
            // Tables that are only looked up, and other types, stay as they are in the model's file.
            for (String v : OperatorTable.is(n, Trait.WEIGHTED) ? n.inputs() : List.<String>of()) {
                long bytes = graph.initializer(v)
                        .filter(t -> t.type() == ElementType.FLOAT)
                        .map(t -> (long) t.bytes().remaining())
                        .orElse(0L);
                if (bytes > weightBytes) {
                    weight = v;
                    weightBytes = bytes;
                }
            }
            // What only has another shape lies in the same memory.
            long bytes = bytes(graph, n.inputs(), sizes) + (n.is(SAME_MEMORY) ? 0 : bytes(graph, n.outputs(), sizes));
            if (bytes > nodeBytes) {
                node = n.name();
                nodeBytes = bytes;
            }
        }
        return new MemoryNeed(weight, weightBytes, node, nodeBytes);
    }

    private static long bytes(Graph graph, List<String> values, Map<String, Long> sizes) {
        return values.stream()
                .distinct()
                .filter(v -> !graph.isInitializer(v))
                .flatMap(v -> graph.valueInfo(v).stream())
                .mapToLong(v -> bytes(v, sizes))
                .sum();
    }

    /** Sizes of symbolic dimensions, as the first sample has them. */
    private static Map<String, Long> sizes(Graph graph, Samples samples) {
        Map<String, Long> sizes = new HashMap<>();
        if (samples.size() == 0
                || graph.inputs().stream().allMatch(i -> i.staticShape().isPresent())) {
            return sizes;
        }
        samples.get(0)
                .inputs()
                .forEach((name, in) -> graph.valueInfo(name)
                        .flatMap(ValueInfo::shape)
                        .filter(s -> s.size() == in.shape().length)
                        .ifPresent(s -> {
                            for (int i = 0; i < s.size(); i++) {
                                if (!s.get(i).symbol().isEmpty()) {
                                    sizes.put(s.get(i).symbol(), in.shape()[i]);
                                }
                            }
                        }));
        return sizes;
    }

    /** Reckoned in doubles: a damaged or dreamt-up shape may have a product that no long holds. */
    private static long bytes(ValueInfo info, Map<String, Long> sizes) {
        if (info.type() == ElementType.UNDEFINED
                || info.type() == ElementType.STRING
                || info.shape().isEmpty()) {
            return 0;
        }
        double elements = 1;
        for (ValueInfo.Dimension d : info.shape().orElseThrow()) {
            elements *= d.size() >= 0 ? d.size() : sizes.getOrDefault(d.symbol(), 1L);
        }
        return (long) Math.min(elements * info.type().bits() / Byte.SIZE, MOST);
    }

    /** @throws UserException the model does not fit, whatever is done */
    void confirm(Machine machine, String model) {
        if (COPIES * weightBytes > machine.heap()) {
            throw new UserException(
                    QuantizationProblems.WEIGHT_LARGER_THAN_HEAP,
                    "has a weight '" + weight + "' of " + megabytes(weightBytes)
                            + ", of which Java holds two copies while it is quantized, and may take "
                            + megabytes(machine.heap()) + "; allow more with DETENT_JAVA_OPTS=-Xmx"
                            + gigabytes(2 * COPIES * weightBytes) + "g",
                    model);
        }
        if (nodeBytes > machine.memory()) {
            throw new UserException(
                    QuantizationProblems.LAYER_LARGER_THAN_MEMORY,
                    "has a node '" + node + "' that reads and makes " + megabytes(nodeBytes)
                            + " for one sample, and this machine has " + megabytes(machine.memory())
                            + "; use smaller samples, or a machine with more memory",
                    model);
        }
    }

    /** As many samples side by side as half of the machine's memory holds. */
    int workers(int wanted, Machine machine) {
        return (int) Math.max(1, Math.min(wanted, machine.memory() / 2 / Math.max(1, nodeBytes)));
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%d MB", bytes >> 20);
    }

    private static long gigabytes(long bytes) {
        return (bytes >> 30) + 1;
    }
}
