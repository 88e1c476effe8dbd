package dev.detent.host.contract;

import dev.detent.testkit.ContractViolation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * What a process that runs contracts tells the one that started it, line by line in a file: what it begins, how each
 * check came out, and that it came to the end. Without the last line it did not.
 *
 * @param file appended to
 */
record ContractReport(Path file) {

    private static final String BEGIN = "begin";
    private static final String PASSED = "passed";
    private static final String FAILED = "failed";
    static final String END = "end";

    void begin(String contract, String subject) {
        line(BEGIN, contract, subject);
    }

    void check(ContractViolation check) {
        line(check.passed() ? PASSED : FAILED, check.contract(), check.detail());
    }

    void end() {
        line(END, "", "");
    }

    private void line(String kind, String contract, String text) {
        try {
            Files.writeString(
                    file,
                    kind + "\t" + contract + "\t" + text.replaceAll("\\s", " ") + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whole lines so far. */
    List<String[]> lines() throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        String text = Files.readString(file);
        return text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .map(l -> l.split("\t", 3))
                .toList();
    }

    static List<ContractViolation> checks(List<String[]> lines) {
        return lines.stream()
                .filter(l -> l[0].equals(PASSED) || l[0].equals(FAILED))
                .map(l -> new ContractViolation(l[1], l[0].equals(PASSED), l[2]))
                .toList();
    }

    /** What was begun last, as words. */
    static String last(List<String[]> lines) {
        return lines.stream()
                .filter(l -> l[0].equals(BEGIN))
                .reduce((a, b) -> b)
                .map(l -> l[1] + " (" + l[2] + ")")
                .orElse("the start");
    }
}
