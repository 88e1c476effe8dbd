package dev.detent.cli;

import dev.detent.host.data.SampleOrder;
import dev.detent.host.job.QuantizeRequest;
import dev.detent.host.normalize.InputShapes;
import dev.detent.host.settings.SettingsFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a run takes its data; mixed into every command that calibrates. */
final class DataOptions {

    /** Names of the options in a settings file. */
    static final List<String> KEYS = List.of("shuffle", "input-shape");

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

    void addTo(QuantizeRequest.Builder request, SettingsFile file) {
        request.order(new SampleOrder(shuffle.or(() -> file.count("shuffle").map(Integer::longValue))));
        List<String> shapes =
                inputShapes.isEmpty() ? file.text("input-shape").map(List::of).orElse(List.of()) : inputShapes;
        request.inputShapes(InputShapes.parse(shapes));
    }
}
