package dev.detent.host.data;

import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Class labels of samples: an integer {@code .npy}, a CSV of {@code file,label}, or one number per line. */
public final class Labels {

    private Labels() {}

    /** Labels of {@code count} samples in their order; CSV lines are matched by file name order, as samples are. */
    public static int[] read(Path file, int count) {
        int[] labels = file.toString().endsWith(".npy") ? array(NpyArray.map(file), file) : lines(file);
        if (labels.length < count) {
            throw new UserException(
                    "DT-DAT-050",
                    "has " + labels.length + " labels for " + count
                            + " samples (an integer .npy, or lines 'file,label' or 'label')",
                    file.toString());
        }
        return labels;
    }

    private static int[] array(NpyArray a, Path file) {
        if (a.shape().length == 0 || a.shape()[0] != a.elements()) {
            throw new UserException(
                    "DT-DAT-051",
                    "has shape " + Arrays.toString(a.shape()) + "; give one label for every sample",
                    file.toString());
        }
        int[] labels = new int[a.elements()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (int) a.value(i);
        }
        return labels;
    }

    private static int[] lines(Path file) {
        try {
            Map<String, Integer> byFile = new java.util.TreeMap<>();
            List<Integer> plain = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                String[] part = line.trim().split("[,\\s]+");
                if (part.length == 2 && part[1].matches("-?\\d+")) {
                    byFile.put(part[0], Integer.valueOf(part[1]));
                } else if (part.length == 1 && part[0].matches("-?\\d+")) {
                    plain.add(Integer.valueOf(part[0]));
                }
            }
            return (byFile.isEmpty() ? plain : new LinkedHashMap<>(byFile).values())
                    .stream().mapToInt(Integer::intValue).toArray();
        } catch (IOException e) {
            throw new UserException("DT-DAT-020", "cannot be read: " + e.getMessage(), file.toString(), e);
        }
    }
}
