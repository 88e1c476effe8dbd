package dev.detent.host.data;

import dev.detent.spi.export.CalibrationInputs;
import dev.detent.spi.export.CalibrationInputs.Order;
import dev.detent.spi.graph.Graph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What exporters are told of the calibration's pictures: toolchains that quantize once more want the same. */
public final class CalibrationPictures {

    private CalibrationPictures() {}

    /**
     * The first pictures of each input, as they were used.
     *
     * @param data as in {@link SampleLoader#open}
     * @param limit at most so many; 0 for all
     */
    public static CalibrationInputs of(
            Graph graph, Optional<String> data, int limit, SampleOrder order, Preprocessing preprocessing) {
        Map<String, List<String>> pictures = new LinkedHashMap<>();
        data.map(DataPaths::parse).ifPresent(paths -> {
            if (paths instanceof DataPaths.PerInput named) {
                named.paths().forEach((input, path) -> pictures.put(input, list(path, limit, order)));
            } else if (graph.inputs().size() == 1) {
                pictures.put(graph.inputs().get(0).name(), list(((DataPaths.One) paths).path(), limit, order));
            }
        });
        pictures.values().removeIf(List::isEmpty);
        return new CalibrationInputs(
                preprocessing.order() == ChannelOrder.BGR ? Order.BGR : Order.RGB,
                preprocessing.scale(),
                preprocessing.mean(),
                preprocessing.std(),
                pictures);
    }

    private static List<String> list(Path path, int limit, SampleOrder order) {
        if (!Files.isDirectory(path)) {
            return DataFile.hasEnding(path, FileSources.IMAGES) ? List.of(path.toString()) : List.of();
        }
        List<Path> there = DataFile.list(path, FileSources.IMAGES);
        List<Path> pictures =
                there.isEmpty() ? ClassFolders.in(path).map(ClassFolders::files).orElse(List.of()) : there;
        return order.of(pictures).stream()
                .limit(limit > 0 ? limit : Long.MAX_VALUE)
                .map(Path::toString)
                .toList();
    }
}
