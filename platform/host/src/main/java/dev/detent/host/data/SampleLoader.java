package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds samples in files: a folder of PNG, JPEG or BMP, a {@code .npy} whose first axis counts samples, an {@code .npz}
 * with one array per input, raw little-endian {@code .bin}, a folder of such files with one sample each, or a folder of
 * folders of pictures, one for each class. Several inputs: {@code name=path,name=path}.
 */
public final class SampleLoader {

    private final Graph graph;
    private final Preprocessing preprocessing;
    /** The model's fixed batch size. */
    private final int rows;

    private SampleLoader(Graph graph, Preprocessing preprocessing) {
        this.graph = graph;
        this.preprocessing = preprocessing;
        this.rows = BatchedSamples.rows(graph);
    }

    /**
     * @param specification path, or {@code input=path} joined by commas
     * @param limit at most so many samples; 0 for all. Where the model's batch is fixed a sample is as many rows or
     *     images as it takes
     */
    public static Samples open(Graph graph, String specification, Preprocessing preprocessing, int limit) {
        return open(graph, specification, preprocessing, limit, SampleOrder.GIVEN);
    }

    /** The same in an order of which the first {@code limit} count. */
    public static Samples open(
            Graph graph, String specification, Preprocessing preprocessing, int limit, SampleOrder order) {
        SampleLoader loader = new SampleLoader(graph, preprocessing);
        DataPaths paths = DataPaths.parse(specification);
        Samples all = paths instanceof DataPaths.PerInput named
                ? loader.perInput(named.paths(), specification)
                : loader.single(((DataPaths.One) paths).path());
        if (all.size() == 0) {
            throw new UserException(DataProblems.NO_SAMPLES, "holds no samples", specification);
        }
        Samples samples = BatchedSamples.of(graph, order.of(all), specification);
        return limit > 0 ? samples.first(limit) : samples;
    }

    /** The folder that data are, where they are one. */
    public static Optional<Path> folder(String specification) {
        return DataPaths.parse(specification) instanceof DataPaths.One one && Files.isDirectory(one.path())
                ? Optional.of(one.path())
                : Optional.empty();
    }

    private Samples perInput(Map<String, Path> paths, String where) {
        Map<String, InputSource> sources = new LinkedHashMap<>();
        paths.forEach((name, path) -> sources.put(name, FileSources.of(path, input(name, where))));
        return JoinedSamples.of(graph, sources, where);
    }

    private Samples single(Path path) {
        if (Files.isDirectory(path)) {
            return folder(path);
        }
        String where = path.toString();
        if (DataFile.hasEnding(path, ".npz")) {
            return JoinedSamples.of(graph, NpzFile.rows(path, name -> input(name, where)), where);
        }
        if (graph.inputs().size() != 1) {
            throw new UserException(
                    DataProblems.ONE_INPUT_ONLY,
                    "feeds one input, the model has " + names() + "; use an .npz or name=path for each",
                    where);
        }
        InputConverter only = converter(graph.inputs().get(0));
        return JoinedSamples.of(graph, Map.of(only.name(), FileSources.of(path, only)), where);
    }

    /** A folder of one input's files, or of archives that hold all inputs. */
    private Samples folder(Path path) {
        boolean one = graph.inputs().size() == 1;
        if (one) {
            InputConverter only = converter(graph.inputs().get(0));
            Optional<InputSource> files = FileSources.inFolder(path, only);
            if (files.isPresent()) {
                return JoinedSamples.of(graph, Map.of(only.name(), files.get()), path.toString());
            }
        }
        List<Path> archives = DataFile.list(path, ".npz");
        if (!archives.isEmpty()) {
            return new NpzFolder(archives, this::input);
        }
        throw one
                ? FileSources.noSamples(path)
                : new UserException(
                        DataProblems.NO_SAMPLES, "holds no samples (.npz with one array per input)", path.toString());
    }

    private InputConverter input(String name, String where) {
        return graph.inputs().stream()
                .filter(i -> i.name().equals(name))
                .findFirst()
                .map(this::converter)
                .orElseThrow(() -> new UserException(
                        DataProblems.UNKNOWN_INPUT,
                        "names the input '" + name + "', which the model does not have; it has " + names(),
                        where));
    }

    private InputConverter converter(ValueInfo input) {
        return new InputConverter(input, preprocessing, rows);
    }

    private List<String> names() {
        return graph.inputs().stream().map(ValueInfo::name).toList();
    }
}
