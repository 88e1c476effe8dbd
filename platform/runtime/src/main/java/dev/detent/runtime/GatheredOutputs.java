package dev.detent.runtime;

import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Very many outputs of a model, handed out in sequences of a few each: what ONNX Runtime (1.28) spends on a session
 * grows with the outputs times the readers of what they are made from. A star of ten thousand outputs took 45 s to
 * load, and takes 1 s so.
 */
final class GatheredOutputs {

    /** More outputs than networks for pictures or text have anywhere. */
    static final int MANY = 512;
    /** Tensors of one sequence. */
    private static final int TOGETHER = 64;
    /** SequenceConstruct came with it. */
    private static final int OPSET = 11;

    private record Place(String sequence, int index) {}

    private final List<String> outputs;
    private final Map<String, Place> places = new HashMap<>();

    private GatheredOutputs(List<String> outputs) {
        this.outputs = outputs;
    }

    /** The outputs of a session as they stand. */
    static GatheredOutputs none(Set<String> outputs) {
        return new GatheredOutputs(List.copyOf(outputs));
    }

    /**
     * Gathers the outputs of a graph; those of unknown type, and of models too old for sequences, stay.
     *
     * @param gathered a copy of the graph, which is changed
     */
    static GatheredOutputs in(Graph gathered) {
        List<ValueInfo> before = List.copyOf(gathered.outputs());
        GatheredOutputs all =
                new GatheredOutputs(before.stream().map(ValueInfo::name).toList());
        if (before.size() < MANY || gathered.opset() < OPSET) {
            return all;
        }
        Map<ElementType, List<String>> byType = new LinkedHashMap<>();
        for (ValueInfo o : before) {
            ElementType type = gathered.valueInfo(o.name()).orElse(o).type();
            if (type != ElementType.UNDEFINED && gathered.producer(o.name()).isPresent()) {
                byType.computeIfAbsent(type, t -> new ArrayList<>()).add(o.name());
            }
        }
        GraphEditor edit = gathered.edit().clearOutputs();
        Set<String> inSequences = byType.values().stream().flatMap(List::stream).collect(Collectors.toSet());
        before.stream().filter(o -> !inSequences.contains(o.name())).forEach(edit::output);
        for (List<String> names : byType.values()) {
            for (int from = 0; from < names.size(); from += TOGETHER) {
                all.gather(edit, names.subList(from, Math.min(from + TOGETHER, names.size())));
            }
        }
        return all;
    }

    private void gather(GraphEditor edit, List<String> names) {
        String sequence = edit.freshName(names.get(0) + "_gathered");
        edit.add(Node.of(sequence, "SequenceConstruct", names, List.of(sequence), Map.of()));
        for (int i = 0; i < names.size(); i++) {
            places.put(names.get(i), new Place(sequence, i));
        }
        edit.output(new ValueInfo(sequence, ElementType.UNDEFINED, Optional.empty(), UnmodeledProto.NONE));
    }

    /** The model's outputs, as its file names them. */
    List<String> outputs() {
        return outputs;
    }

    /** Only tensors are gathered. */
    boolean contains(String output) {
        return places.containsKey(output);
    }

    /** What to ask a session for to get these outputs. */
    Set<String> asked(Set<String> wanted) {
        Set<String> asked = new LinkedHashSet<>();
        wanted.forEach(o -> {
            Place p = places.get(o);
            asked.add(p == null ? o : p.sequence());
        });
        return asked;
    }

    /** What a run gave, by the model's names. */
    Run of(OrtSession.Result result) {
        return new Run(result);
    }

    /** The result itself is its owner's to close; this closes what it took out of sequences. One thread. */
    final class Run implements AutoCloseable {
        private final OrtSession.Result result;
        private final Map<String, List<? extends OnnxValue>> open = new HashMap<>();

        private Run(OrtSession.Result result) {
            this.result = result;
        }

        /** Empty when the model has no such output, or was not asked for it. */
        Optional<OnnxTensor> tensor(String output) throws OrtException {
            Place p = places.get(output);
            if (p == null) {
                return result.get(output).map(OnnxTensor.class::cast);
            }
            if (!open.containsKey(p.sequence())) {
                Optional<OnnxValue> sequence = result.get(p.sequence());
                if (sequence.isEmpty()) {
                    return Optional.empty();
                }
                open.put(p.sequence(), ((OnnxSequence) sequence.get()).getValue());
            }
            return Optional.of(
                    (OnnxTensor) Objects.requireNonNull(open.get(p.sequence())).get(p.index()));
        }

        @Override
        public void close() {
            open.values().forEach(tensors -> tensors.forEach(OnnxValue::close));
        }
    }
}
