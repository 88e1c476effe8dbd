package dev.detent.caffe;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Which nodes a layer becomes, by its type: the one list of layers that Detent reads. */
final class LayerTable {

    private static final Map<String, Consumer<LayerReading>> READERS = new TreeMap<>();

    static {
        READERS.putAll(WeightedLayers.READERS);
        READERS.putAll(PointwiseLayers.READERS);
        READERS.putAll(ShapeLayers.READERS);
        READERS.put("Pooling", Pooling::read);
    }

    private LayerTable() {}

    static void read(LayerReading reading) {
        Consumer<LayerReading> reader = READERS.get(reading.layer().getType());
        if (reader == null) {
            throw reading.refused("is a " + reading.layer().getType() + ", which Detent does not read; it reads "
                    + String.join(", ", READERS.keySet()));
        }
        reader.accept(reading);
    }

    /** Types in alphabetical order. */
    static Iterable<String> types() {
        return READERS.keySet();
    }
}
