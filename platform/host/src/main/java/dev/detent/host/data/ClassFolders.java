package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Pictures in a folder of folders, one for each class, as ImageNet's tools lay them out. Where all names are whole
 * numbers they are the labels, otherwise a class's place among the sorted names is. Samples take turns: the first of
 * every class, then the second, so that the first so many show all classes.
 *
 * @param labels of the files, in their order
 */
public record ClassFolders(List<Path> files, List<Integer> labels) {

    /** Copies the lists. */
    public ClassFolders {
        files = List.copyOf(files);
        labels = List.copyOf(labels);
    }

    /** Empty when no folder in {@code folder} holds pictures. */
    public static Optional<ClassFolders> in(Path folder) {
        if (!Files.isDirectory(folder)
                || !DataFile.list(folder, FileSources.ENDINGS).isEmpty()) {
            return Optional.empty();
        }
        List<Path> classes = folders(folder);
        List<List<Path>> pictures =
                classes.stream().map(c -> DataFile.list(c, FileSources.IMAGES)).toList();
        if (pictures.stream().allMatch(List::isEmpty)) {
            return Optional.empty();
        }
        boolean numbers = classes.stream().allMatch(c -> name(c).matches("\\d{1,6}"));
        int most = pictures.stream().mapToInt(List::size).max().orElse(0);
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (int turn = 0; turn < most; turn++) {
            for (int c = 0; c < classes.size(); c++) {
                if (turn < pictures.get(c).size()) {
                    files.add(pictures.get(c).get(turn));
                    labels.add(numbers ? Integer.parseInt(name(classes.get(c))) : c);
                }
            }
        }
        return Optional.of(new ClassFolders(files, labels));
    }

    private static List<Path> folders(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(Files::isDirectory)
                    .filter(f -> !name(f).startsWith("."))
                    .sorted(Comparator.comparing(ClassFolders::name))
                    .toList();
        } catch (IOException e) {
            throw new UserException(
                    DataProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
    }

    private static String name(Path folder) {
        return String.valueOf(folder.getFileName());
    }
}
