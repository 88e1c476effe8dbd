package dev.detent.host.artifact;

import dev.detent.host.problem.OutputProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where something lies that a job reads. No command writes to such a place: what a person gives as input is the one
 * thing that cannot be made again.
 *
 * @param what it is, e.g. {@code the model}
 */
public record InputPath(String what, Path path) {

    /**
     * Refuses an output folder that is the place of an input, lies inside one or around one.
     *
     * @param folder as the person gave it
     * @throws UserException naming the input
     */
    public static void refuseFolder(Path folder, List<InputPath> inputs) {
        Path wanted = real(folder);
        for (InputPath input : inputs) {
            for (Path place : input.places()) {
                String sentence = place.equals(wanted)
                        ? "is " + input.what
                        : place.startsWith(wanted)
                                ? "holds " + input.what + " (" + input.path + ")"
                                : Files.isDirectory(place) && wanted.startsWith(place)
                                        ? "lies inside " + input.what + " (" + input.path + ")"
                                        : "";
                if (!sentence.isEmpty()) {
                    throw new UserException(
                            OutputProblems.WOULD_HIT_INPUT,
                            sentence + "; results are never written there: give another folder with --out",
                            folder.toString());
                }
            }
        }
    }

    /**
     * Refuses to write a file in the place of an input.
     *
     * @param option that names the file
     * @throws UserException naming the input
     */
    public static void refuseFile(Path file, String option, List<InputPath> inputs) {
        Path wanted = real(file);
        for (InputPath input : inputs) {
            for (Path place : input.places()) {
                if (place.equals(wanted)) {
                    throw new UserException(
                            OutputProblems.WOULD_HIT_INPUT,
                            "is " + input.what + ", which is never overwritten; give another file with " + option,
                            file.toString());
                }
            }
        }
    }

    /** The path as given and with links resolved. */
    private List<Path> places() {
        return List.of(path.toAbsolutePath().normalize(), parentReal(path), real(path));
    }

    /** Links in the folders above followed, the last name left as it is. */
    private static Path parentReal(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        return parent == null ? absolute : real(parent).resolve(absolute.getFileName());
    }

    /** All links followed as far as the path exists. */
    static Path real(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            return absolute.toRealPath();
        } catch (IOException e) {
            Path parent = absolute.getParent();
            return parent == null ? absolute : real(parent).resolve(absolute.getFileName());
        }
    }
}
