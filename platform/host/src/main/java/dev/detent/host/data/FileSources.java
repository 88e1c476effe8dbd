package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Which reader takes a file: its ending says. */
final class FileSources {

    static final String[] IMAGES = {".png", ".jpg", ".jpeg", ".bmp"};

    /** All kinds of files that hold samples. */
    static final String[] ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".npy", ".npz", ".bin"};

    private FileSources() {}

    /** One input's tensors from a file or a folder. */
    static InputSource of(Path path, InputConverter input) {
        if (!Files.exists(path)) {
            throw new UserException(DataProblems.NOT_THERE, "does not exist", path.toString());
        }
        if (Files.isDirectory(path)) {
            return inFolder(path, input).orElseThrow(() -> noSamples(path));
        }
        if (DataFile.hasEnding(path, ".npy")) {
            return NpySource.rows(path, input);
        }
        if (DataFile.hasEnding(path, ".bin")) {
            return RawSource.of(List.of(path), input);
        }
        if (DataFile.hasEnding(path, IMAGES)) {
            return ImageSource.of(List.of(path), input);
        }
        if (DataFile.hasEnding(path, ".webp")) {
            throw ImageDecoder.webp(path);
        }
        throw new UserException(
                DataProblems.UNKNOWN_ENDING,
                "is neither a folder nor .npy, .npz, .bin, .png, .jpg or .bmp",
                path.toString());
    }

    /** The files of a folder that hold one input's tensor each: of several kinds the first. */
    static Optional<InputSource> inFolder(Path folder, InputConverter input) {
        List<Path> images = DataFile.list(folder, IMAGES);
        if (!images.isEmpty()) {
            return Optional.of(ImageSource.of(images, input));
        }
        List<Path> arrays = DataFile.list(folder, ".npy");
        if (!arrays.isEmpty()) {
            return Optional.of(NpySource.files(arrays, input));
        }
        List<Path> raw = DataFile.list(folder, ".bin");
        return raw.isEmpty()
                ? ClassFolders.in(folder).map(c -> ImageSource.of(c.files(), input))
                : Optional.of(RawSource.of(raw, input));
    }

    /** A folder with nothing to read, and what lies there instead. */
    static UserException noSamples(Path folder) {
        List<Path> webp = DataFile.list(folder, ".webp");
        if (!webp.isEmpty()) {
            return ImageDecoder.webp(webp.get(0));
        }
        boolean nested;
        try (Stream<Path> in = Files.list(folder)) {
            nested = in.anyMatch(Files::isDirectory);
        } catch (IOException e) {
            nested = false;
        }
        return new UserException(
                DataProblems.NO_SAMPLES,
                "holds no samples (.png, .jpg, .bmp, .npy, .npz or .bin)"
                        + (nested ? "; of folders in it only pictures are read, as of classes" : ""),
                folder.toString());
    }
}
