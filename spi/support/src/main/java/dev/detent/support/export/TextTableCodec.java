package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.problem.UserException;
import dev.detent.support.problem.SupportProblems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A line per row: words, then decimals, split by single blanks. The syntax has no quotes: its readers split at blanks
 * and line ends, so a name that is empty or holds a blank, a control character or a line separator is refused.
 *
 * @param words how many words a row begins with
 */
public record TextTableCodec(int words) implements SideFileCodec<List<TextTableCodec.Row>> {

    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");

    /** One line. */
    public record Row(List<String> words, float... numbers) {

        /** The words, joined by blanks. */
        public String key() {
            return String.join(" ", words);
        }
    }

    @Override
    public void write(ExportContext context, String file, List<Row> rows) {
        StringBuilder text = new StringBuilder();
        for (Row row : rows) {
            row.words().forEach(w -> text.append(word(file, w)).append(' '));
            for (float n : row.numbers()) {
                text.append(context.decimal(n)).append(' ');
            }
            text.setCharAt(text.length() - 1, '\n');
        }
        context.text(file, text.toString());
    }

    /** {@code name}, if a reader that splits {@code file} at blanks and line ends finds it again. */
    public static String word(String file, String name) {
        if (name.isEmpty() || name.codePoints().anyMatch(TextTableCodec::splits)) {
            throw new UserException(
                    SupportProblems.NAME_NOT_IN_FORMAT,
                    (name.isEmpty() ? "has no name" : "has a blank or a control character in its name") + ", which "
                            + file + " cannot carry; rename it in the model or choose another format with --format",
                    name.isEmpty() ? "''" : name);
        }
        return name;
    }

    /** Blanks of any script, controls (line ends and U+0085 among them), line and paragraph separators. */
    private static boolean splits(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c);
    }

    @Override
    public List<Row> read(Artifact artefact, String file) {
        List<Row> rows = new ArrayList<>();
        String[] lines = artefact.text(file).split("\n");
        for (int i = 0; i < lines.length; i++) {
            if (!lines[i].isEmpty()) {
                rows.add(row(file, "line " + (i + 1), lines[i].split(" ", -1)));
            }
        }
        return rows;
    }

    private Row row(String file, String place, String[] parts) {
        if (parts.length <= words) {
            throw SideFileCodec.damaged(file, place, "has no number");
        }
        float[] numbers = new float[parts.length - words];
        for (int i = 0; i < numbers.length; i++) {
            if (!NUMBER.matcher(parts[words + i]).matches()) {
                throw SideFileCodec.damaged(file, place, "has '" + parts[words + i] + "' where a number should be");
            }
            numbers[i] = Float.parseFloat(parts[words + i]);
        }
        return new Row(List.copyOf(Arrays.asList(parts).subList(0, words)), numbers);
    }
}
