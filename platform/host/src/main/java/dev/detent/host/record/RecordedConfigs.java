package dev.detent.host.record;

import dev.detent.host.plugin.Registry;
import dev.detent.host.record.RunRecord.ConfigEntry;
import dev.detent.host.record.RunRecord.Encoding;
import dev.detent.host.record.RunRecord.SchemeEntry;
import dev.detent.kernel.QuantizationConfigs;
import dev.detent.kernel.QuantizationSnapshot;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.quant.Quantization;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The configs of a run as its record keeps them, and the snapshot that can be made of them again. */
final class RecordedConfigs {

    private RecordedConfigs() {}

    static List<ConfigEntry> of(QuantizationConfigs configs) {
        return configs.configs().stream().map(RecordedConfigs::entry).toList();
    }

    private static ConfigEntry entry(TensorQuantization c) {
        return new ConfigEntry(
                c.slot(),
                c.value(),
                c.state(),
                c.isOwnRoot() ? Optional.empty() : Optional.of(c.root().slot()),
                c.isOwnRoot() ? c.qparams().map(p -> new Encoding(entry(c.scheme()), p)) : Optional.empty());
    }

    private static SchemeEntry entry(Scheme s) {
        return new SchemeEntry(
                s.system().id(),
                s.codes(),
                s.symmetric(),
                s.granularity(),
                s.powerOfTwo(),
                s.scaleRule(),
                s.rounding());
    }

    /**
     * Rebuilds the configs on the graph they were written for; the result can be simulated, not moved. Where the node
     * of a root is gone (a format in which saturation does an activation's work), the config in front of it leads with
     * the root's numbers.
     */
    static Quantization on(
            Graph graph, List<ConfigEntry> configs, Registry registry, Map<Slot, QuantizationParameters> instead) {
        Map<Slot, ConfigEntry> bySlot = new LinkedHashMap<>();
        configs.forEach(c -> bySlot.put(c.slot(), c));
        List<QuantizationSnapshot.Row> rows = new ArrayList<>();
        for (ConfigEntry c : bySlot.values()) {
            if (graph.node(c.slot().node()).isEmpty()) {
                continue;
            }
            ConfigEntry numbers = leader(c, bySlot, graph).orElse(c);
            if (numbers.encoding().isPresent()) {
                Encoding e = numbers.encoding().get();
                rows.add(new QuantizationSnapshot.Own(
                        c.slot(),
                        numbers.state(),
                        scheme(e.scheme(), registry),
                        instead.getOrDefault(c.slot(), e.parameters())));
            } else {
                c.root().ifPresent(r -> rows.add(new QuantizationSnapshot.Reading(c.slot(), c.state(), r)));
            }
        }
        return QuantizationSnapshot.of(graph, rows);
    }

    /** The root whose numbers a config takes over because the root's node, which it leads into, is gone. */
    private static Optional<ConfigEntry> leader(ConfigEntry c, Map<Slot, ConfigEntry> bySlot, Graph graph) {
        return c.root()
                .filter(r -> graph.node(r.node()).isEmpty() && !c.slot().isInput())
                .filter(r -> Optional.ofNullable(bySlot.get(Slot.input(r.node(), 0)))
                        .filter(absorbed -> absorbed.value().equals(c.value()))
                        .isPresent())
                .map(bySlot::get)
                .filter(root -> root.encoding().isPresent());
    }

    private static Scheme scheme(SchemeEntry s, Registry registry) {
        return new Scheme(
                registry.numberSystem(s.system()),
                s.codes(),
                s.symmetric(),
                s.granularity(),
                s.scaleRule(),
                s.powerOfTwo(),
                s.rounding());
    }
}
