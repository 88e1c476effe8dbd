package dev.detent.cli;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.data.SampleOrder;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.normalize.InputShapes;
import dev.detent.host.settings.SettingsFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Which data a run calibrates on, and how it takes them; mixed into every command that calibrates. */
final class DataOptions {

    private static final List<String> KEYS =
            List.of("calibration", "samples", "shuffle", "input-shape", "preset", "preprocess", "threads");

    @Option(
            names = "--calibration",
            paramLabel = "PATH",
            description = "folder of images or of folders of images, .npy, .npz, .bin, or input=path,input=path")
    Optional<String> calibration = Optional.empty();

    @Option(
            names = "--samples",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "at most so many calibration samples (where the model's batch is fixed, so many batches)")
    Optional<Integer> samples = Optional.empty();

    @Option(
            names = "--shuffle",
            paramLabel = "SEED",
            description = "take calibration samples in an order drawn by this whole number, before --samples counts")
    Optional<Long> shuffle = Optional.empty();

    @Option(
            names = "--input-shape",
            paramLabel = "NAME=N,C,H,W",
            description = "sizes of an input that the model leaves open, e.g. images=1,3,224,224; once for each input")
    List<String> inputShapes = new ArrayList<>();

    @Option(
            names = {"--preset", "--preprocess"},
            paramLabel = "P",
            description =
                    "preset and changes, e.g. imagenet or imagenet,resize=232 (presets: none unit imagenet cifar10 symmetric ocr bgr)")
    Optional<String> preset = Optional.empty();

    @Option(
            names = "--threads",
            converter = PositiveIntegerConverter.class,
            paramLabel = "N",
            description = "samples run side by side (default: number of cores)")
    Optional<Integer> threads = Optional.empty();

    /** Names in a settings file: those of a command's own options, and of these. */
    static List<String> keysWith(String... own) {
        return Stream.concat(Stream.of(own), KEYS.stream()).toList();
    }

    /** @param unsaid how samples are prepared when neither the command line nor the file says it */
    void addTo(QuantizeRequest.Builder request, SettingsFile file, String unsaid) {
        calibration.or(() -> file.text("calibration")).ifPresent(request::calibration);
        request.samples(samples.or(() -> file.count("samples")).orElse(0))
                .preprocessing(preset.map(Preprocessing::parse)
                        .or(file::preprocessing)
                        .orElseGet(() -> Preprocessing.parse(unsaid)))
                .workers(threads.or(() -> file.count("threads"))
                        .orElse(Runtime.getRuntime().availableProcessors()));
        request.order(new SampleOrder(shuffle.or(() -> file.count("shuffle").map(Integer::longValue))));
        List<String> shapes =
                inputShapes.isEmpty() ? file.text("input-shape").map(List::of).orElse(List.of()) : inputShapes;
        request.inputShapes(InputShapes.parse(shapes));
    }
}
