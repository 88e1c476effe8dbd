package dev.detent.host.job;

import dev.detent.host.artifact.InputPath;
import dev.detent.onnx.ExternalDataFiles;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The paths of the inputs of a job, so that nothing is written there. */
public final class InputPlaces {

    private InputPlaces() {}

    /** Model, its weight files, calibration and evaluation data, labels. */
    public static List<InputPath> of(QuantizeRequest request) {
        List<InputPath> places = new ArrayList<>();
        if (!Files.isDirectory(request.model())) {
            // A folder in place of the model is reported by the reader.
            places.add(new InputPath("the model", request.model()));
        }
        request.source().weights().ifPresent(f -> places.add(new InputPath("the weights of the model", f)));
        ExternalDataFiles.of(request.model()).forEach(f -> places.add(new InputPath("external data of the model", f)));
        request.calibration().ifPresent(c -> data(c).forEach(p -> places.add(new InputPath("calibration data", p))));
        request.evaluation().ifPresent(e -> {
            data(e.data()).forEach(p -> places.add(new InputPath("evaluation data", p)));
            Path labels = e.labels();
            if (labels != null) {
                places.add(new InputPath("the labels", labels));
            }
        });
        return places;
    }

    /** The path of data given as one path; empty for {@code input=path,input=path}. */
    static Optional<Path> path(String data) {
        try {
            Path path = Path.of(data);
            return data.contains("=") && !Files.exists(path) ? Optional.empty() : Optional.of(path);
        } catch (InvalidPathException e) {
            // The code that opens it reports it.
            return Optional.empty();
        }
    }

    private static List<Path> data(String data) {
        Optional<Path> one = path(data);
        if (one.isPresent()) {
            return List.of(one.get());
        }
        List<Path> paths = new ArrayList<>();
        for (String part : data.split(",")) {
            path(part.substring(part.indexOf('=') + 1).trim()).ifPresent(paths::add);
        }
        return paths;
    }
}
