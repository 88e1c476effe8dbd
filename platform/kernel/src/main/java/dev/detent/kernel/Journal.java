package dev.detent.kernel;

import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.Transition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Every transition of a run, in order. Answers {@code detent explain}. */
public final class Journal {

    /**
     * @param pass id of the pass that asked
     * @param plugin id and version of its plugin
     * @param root the config's root after the transition
     */
    public record Entry(
            Slot slot,
            String value,
            Transition verb,
            QuantizationState from,
            QuantizationState to,
            Slot root,
            String pass,
            String plugin,
            String reason) {}

    /**
     * What a person's rule did to a slot before any pass ran.
     *
     * @param from the state that the target's rule had given
     * @param source where the person said so, e.g. {@code rule 3 of detent.yaml}
     */
    public record Ruled(
            Slot slot, String value, QuantizationState from, QuantizationState to, String source, String what) {}

    private final List<Entry> entries = new ArrayList<>();
    private final List<Ruled> ruled = new ArrayList<>();
    private final Map<String, List<Entry>> entriesByNode = new HashMap<>();
    private final Map<String, List<Ruled>> ruledByNode = new HashMap<>();

    void add(Entry entry) {
        entries.add(entry);
        entriesByNode
                .computeIfAbsent(entry.slot().node(), n -> new ArrayList<>())
                .add(entry);
    }

    void rule(Ruled ruling) {
        ruled.add(ruling);
        ruledByNode
                .computeIfAbsent(ruling.slot().node(), n -> new ArrayList<>())
                .add(ruling);
    }

    /** Takes over what the journal of a part of the model tells, behind its own entries. */
    public void append(Journal part) {
        entries.addAll(part.entries);
        ruled.addAll(part.ruled);
    }

    /** What a person's rules did, in the order of the configs; before all entries. */
    public List<Ruled> ruled() {
        return Collections.unmodifiableList(ruled);
    }

    public List<Entry> entries() {
        return Collections.unmodifiableList(entries);
    }

    /** What a person's rules did to the slots of the node of this name. */
    public List<Ruled> ruledOfNode(String node) {
        return Collections.unmodifiableList(ruledByNode.getOrDefault(node, List.of()));
    }

    /** Entries of the slots of the node of this name. */
    public List<Entry> ofNode(String node) {
        return Collections.unmodifiableList(entriesByNode.getOrDefault(node, List.of()));
    }

    /** Entries whose slot carries this value. */
    public List<Entry> ofValue(String value) {
        return entries.stream().filter(e -> e.value().equals(value)).toList();
    }
}
