package dev.detent.backends.ncnn;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which layer of one network is which of another, by what they are, what reaches them and what they reach: colours are
 * refined along the edges, forwards and then backwards (Weisfeiler and Leman 1968, on a graph without cycles once each
 * way is enough). Layers of one colour are in equivalent positions; those are paired in order.
 */
final class LayerPairing {

    /**
     * What was found.
     *
     * @param names of the other network, by those of the first; none for layers without a counterpart
     * @param alike names of layers that order alone tells apart
     */
    record Pairs(Map<String, String> names, List<String> alike) {}

    /** Colours of both networks have the same numbers. */
    private final Map<List<Object>, Integer> colours = new HashMap<>();

    private LayerPairing() {}

    static Pairs of(List<WeightedLayers.Layer> first, List<WeightedLayers.Layer> other) {
        LayerPairing pairing = new LayerPairing();
        Map<Integer, List<String>> mine = pairing.byColour(first);
        Map<Integer, List<String>> theirs = pairing.byColour(other);
        Pairs pairs = new Pairs(new LinkedHashMap<>(), new ArrayList<>());
        mine.forEach((colour, names) -> {
            List<String> counterparts = theirs.getOrDefault(colour, List.of());
            if (counterparts.size() != names.size()) {
                return;
            }
            for (int i = 0; i < names.size(); i++) {
                pairs.names().put(names.get(i), counterparts.get(i));
            }
            if (names.size() > 1) {
                pairs.alike().addAll(names);
            }
        });
        return pairs;
    }

    private Map<Integer, List<String>> byColour(List<WeightedLayers.Layer> layers) {
        int[] forwards = new int[layers.size()];
        List<BitSet> behind = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            WeightedLayers.Layer l = layers.get(i);
            forwards[i] = colour(l.shape(), around(l.before(), forwards));
            behind.add(new BitSet());
            int index = i;
            l.before().stream().forEach(b -> behind.get(b).set(index));
        }
        int[] both = new int[layers.size()];
        for (int i = layers.size() - 1; i >= 0; i--) {
            both[i] = colour(forwards[i], around(behind.get(i), both));
        }
        Map<Integer, List<String>> names = new LinkedHashMap<>();
        for (int i = 0; i < both.length; i++) {
            names.computeIfAbsent(both[i], k -> new ArrayList<>())
                    .add(layers.get(i).name());
        }
        return names;
    }

    private static List<Integer> around(BitSet neighbours, int[] colours) {
        return neighbours.stream().map(i -> colours[i]).sorted().boxed().toList();
    }

    private int colour(Object own, List<Integer> around) {
        return colours.computeIfAbsent(List.of(own, around), k -> colours.size());
    }
}
