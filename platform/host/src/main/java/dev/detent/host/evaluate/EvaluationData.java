package dev.detent.host.evaluate;

import dev.detent.host.data.ClassFolders;
import dev.detent.host.data.Labels;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleLoader;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What models are scored on.
 *
 * @param outputs of the float model
 * @param labels class labels, one per row of the samples; null without
 */
public record EvaluationData(List<String> outputs, Samples samples, int @Nullable [] labels) {

    /**
     * Where the data are.
     *
     * @param data see {@link SampleLoader#open}
     * @param samples at most so many, 0 for all
     * @param labels file of class labels; null without
     */
    public record Source(String data, int samples, @Nullable Path labels) {}

    /** Opens the data for a model. */
    public static EvaluationData open(Graph model, Source source, Preprocessing preprocessing) {
        Samples samples = SampleLoader.open(model, source.data(), preprocessing, source.samples());
        Path file = source.labels();
        return new EvaluationData(
                model.outputs().stream().map(ValueInfo::name).toList(),
                samples,
                file == null
                        ? classes(source.data(), samples.size() * samples.rows())
                        : labels(file, samples.size() * samples.rows(), source));
    }

    /** The folders of classes say the labels, where the data are such; null where they are not. */
    private static int @Nullable [] classes(String data, int rows) {
        return SampleLoader.folder(data)
                .flatMap(ClassFolders::in)
                .map(c -> c.labels().stream()
                        .limit(rows)
                        .mapToInt(Integer::intValue)
                        .toArray())
                .orElse(null);
    }

    /** More labels than samples belong to other data, unless only the first samples were asked for. */
    private static int[] labels(Path file, int rows, Source source) {
        int[] labels = Labels.read(file, rows);
        if (labels.length > rows && source.samples() == 0) {
            throw new UserException(
                    DataProblems.TOO_MANY_LABELS,
                    "has " + labels.length + " labels for " + rows
                            + " samples; give labels of exactly these samples, or limit "
                            + "the samples (quantize: --evaluate-samples, evaluate: --samples)",
                    file.toString());
        }
        return labels;
    }

    /**
     * The data with the outputs that can be compared: tensors, no sequences or maps.
     *
     * @throws UserException when there are none
     */
    EvaluationData comparable(Predicate<String> isTensor) {
        List<String> tensors = outputs.stream().filter(isTensor).toList();
        if (tensors.isEmpty()) {
            throw new UserException(
                    EvaluationProblems.NOTHING_TO_COMPARE,
                    "gives no tensor that could be compared",
                    String.join(", ", outputs));
        }
        return new EvaluationData(tensors, samples, labels);
    }

    /** The labels, where there are some. */
    public Optional<int[]> classes() {
        return Optional.ofNullable(labels);
    }
}
