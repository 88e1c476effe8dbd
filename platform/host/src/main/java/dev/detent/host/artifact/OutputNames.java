package dev.detent.host.artifact;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Names of files in an output folder, as exporters give them and records list them. */
public final class OutputNames {

    /** Present in every folder Detent has written: the run's record. */
    public static final String RECORD = "detent.json";

    public static final String JOURNAL = "journal.json";
    public static final String REPORT = "report.html";
    public static final String ANALYSIS = "analysis.json";
    public static final String COMPARISON = "comparison.html";

    /** What a search has measured, which belongs to no run's files: runs come and go while it grows. */
    public static final String TUNE = "tune.json";

    /** Statistics of the run, for {@code quantize --observations}. */
    public static final String OBSERVATIONS = "observations.bin";

    /** What every run for one target writes. */
    public static final List<String> OF_EVERY_RUN = List.of(RECORD, JOURNAL, REPORT);

    private static final List<String> RESERVED =
            List.of(RECORD, JOURNAL, REPORT, ANALYSIS, COMPARISON, OBSERVATIONS, TUNE);

    private OutputNames() {}

    /**
     * What is wrong with a name that an exporter gives a file, as the end of a sentence; empty when nothing is. It is
     * relative, with {@code /} between folders.
     */
    public static Optional<String> fault(String name) {
        if (name.isBlank()) {
            return Optional.of("which is blank");
        }
        if (name.codePoints().anyMatch(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029)) {
            return Optional.of("which holds control characters");
        }
        Path path;
        try {
            path = Path.of(name);
        } catch (InvalidPathException e) {
            return Optional.of("which is no file name here");
        }
        if (path.isAbsolute() || !path.normalize().equals(path) || path.startsWith("..")) {
            return Optional.of("which does not stay inside the output folder");
        }
        String first = path.getName(0).toString().toLowerCase(Locale.ROOT);
        if (path.getNameCount() == 1 && RESERVED.contains(first)) {
            return Optional.of("which Detent itself writes");
        }
        return first.startsWith(".detent-") || first.endsWith(".detent-lock")
                ? Optional.of("which Detent keeps for itself")
                : Optional.empty();
    }
}
