package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Class labels of samples: an integer {@code .npy}, a CSV of {@code file,label}, or one number per line. */
public final class Labels {

    private static final String FORMS = "an integer .npy, or lines 'file,label' or 'label'";

    /** A label for every line of a data set of millions of samples. */
    private static final long MOST_BYTES = 1L << 30;

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private Labels() {}

    /** Labels of {@code count} samples in their order; CSV lines are matched by file name order, as samples are. */
    public static int[] read(Path file, int count) {
        int[] labels = DataFile.hasEnding(file, ".npy") ? array(NpyArray.map(file), file) : lines(file);
        if (labels.length < count) {
            throw new UserException(
                    DataProblems.TOO_FEW_LABELS,
                    "has " + labels.length + " labels for " + count + " samples (" + FORMS + ")",
                    file.toString());
        }
        return labels;
    }

    private static int[] array(NpyArray a, Path file) {
        if (a.shape().length == 0 || a.shape()[0] != a.elements()) {
            throw new UserException(
                    DataProblems.LABELS_SHAPE,
                    "has shape " + Arrays.toString(a.shape()) + "; give one label for every sample",
                    file.toString());
        }
        int[] labels = new int[a.elements()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (int) a.value(i);
            if (labels[i] != a.value(i)) {
                throw noLabel(String.valueOf(a.value(i)), "element " + i, file);
            }
        }
        return labels;
    }

    private static int[] lines(Path file) {
        if (DataFile.size(file) > MOST_BYTES) {
            throw new UserException(
                    DataProblems.LABELS_TOO_LARGE, "is too large for labels (" + FORMS + ")", file.toString());
        }
        Map<String, Integer> byFile = new TreeMap<>();
        List<Integer> plain = new ArrayList<>();
        try (CSVParser parser = CSVFormat.DEFAULT
                .builder()
                .setIgnoreSurroundingSpaces(true)
                .setIgnoreEmptyLines(true)
                .get()
                .parse(text(file))) {
            for (CSVRecord record : parser) {
                String line = "line " + parser.getCurrentLineNumber();
                List<String> fields = fields(record);
                String label = fields.get(fields.size() - 1);
                if (record.getRecordNumber() == 1 && !isInteger(label)) {
                    // A header.
                    continue;
                }
                if (fields.size() > 2 || !isInteger(label)) {
                    throw new UserException(
                            DataProblems.NO_LABEL,
                            "has '" + String.join(",", fields) + "' in " + line + ", which is no label (" + FORMS + ")",
                            file.toString());
                }
                if (fields.size() == 1) {
                    plain.add(number(label, line, file));
                } else if (byFile.put(fields.get(0), number(label, line, file)) != null) {
                    throw new UserException(
                            DataProblems.LABEL_TWICE,
                            "has a second label for " + fields.get(0) + " in " + line,
                            file.toString());
                }
            }
        } catch (IOException e) {
            throw DataFile.unreadable(file.toString(), e);
        } catch (UncheckedIOException e) {
            // How the parser's iterator tells a quote that is never closed.
            throw DataFile.unreadable(file.toString(), new IOException(e.getMessage(), e));
        }
        Collection<Integer> labels = byFile.isEmpty() ? plain : byFile.values();
        return labels.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Without the mark that Windows programs put in front of UTF-8. */
    private static Reader text(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        byte[] mark = BYTE_ORDER_MARK.getBytes(StandardCharsets.UTF_8);
        int start = bytes.length >= mark.length && Arrays.equals(bytes, 0, mark.length, mark, 0, mark.length)
                ? mark.length
                : 0;
        return new InputStreamReader(
                new ByteArrayInputStream(bytes, start, bytes.length - start), StandardCharsets.UTF_8);
    }

    /** Many lists of labels, ImageNet's among them, have blanks where others have commas. */
    private static List<String> fields(CSVRecord record) {
        List<String> fields = record.toList();
        if (fields.size() > 1) {
            return fields;
        }
        String line = fields.get(0).trim();
        int blank = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
        return blank < 0 ? List.of(line) : List.of(line.substring(0, blank).trim(), line.substring(blank + 1));
    }

    private static boolean isInteger(String text) {
        return text.matches("-?\\d+");
    }

    private static int number(String text, String place, Path file) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw noLabel(text, place, file);
        }
    }

    private static UserException noLabel(String text, String place, Path file) {
        return new UserException(
                DataProblems.LABEL_NO_INTEGER,
                "has " + text + " at " + place + ", which is no whole number of 32 bits",
                file.toString());
    }
}
