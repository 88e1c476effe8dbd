package dev.detent.cli;

import dev.detent.host.progress.Progress;
import dev.detent.spi.problem.Problem;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Standard output for results, standard error for progress and problems. Progress is drawn only on a terminal. */
final class Console {

    private static final int WIDTH = 24;

    /** Places that a group of problems names. */
    private static final int NAMED = 3;

    /**
     * Set while a command runs: what plugins print, and streams that they put in place, are not a command's results.
     */
    private static volatile @Nullable Streams kept;

    private final PrintStream out = streams().out();
    private final PrintStream err = streams().err();
    // lib/java.options asks Java 22 and newer for no console where there is no terminal.
    @SuppressWarnings("SystemConsoleNull")
    private final boolean live = System.console() != null && System.getenv("CI") == null;

    private final boolean quiet;
    private String drawn = "";
    private String phase = "";
    private long since;

    Console() {
        this(false);
    }

    private Console(boolean quiet) {
        this.quiet = quiet;
    }

    /** Where results and problems go. */
    record Streams(PrintStream out, PrintStream err) {}

    /** Those of the command that runs; without one, Java's. */
    static Streams streams() {
        Streams current = kept;
        return current == null ? new Streams(System.out, System.err) : current;
    }

    /**
     * Runs a command whose results go where Java's standard output goes now; that of anybody else goes to standard
     * error.
     */
    static int keepingStreams(IntSupplier command) {
        Streams before = kept;
        Streams java = new Streams(System.out, System.err);
        kept = java;
        System.setOut(java.err());
        try {
            return command.getAsInt();
        } finally {
            kept = before;
            System.setOut(java.out());
            System.setErr(java.err());
        }
    }

    /** Errors and warnings only, on standard error; {@link #text} is printed. */
    static Console quiet() {
        return new Console(true);
    }

    void line(String text) {
        if (quiet) {
            return;
        }
        clear();
        out.println(printable(text));
    }

    /** A text of several lines that escapes names itself, such as JSON. */
    void text(String lines) {
        clear();
        out.print(lines);
    }

    /** Notes go to the report only. */
    void problem(Problem p) {
        if (p.severity() == Problem.Severity.NOTE) {
            return;
        }
        clear();
        err.println(printable(p.severity().name().toLowerCase(Locale.ROOT) + " " + p));
    }

    /** Problems, those that say the same of several things as one. */
    void problems(List<Problem> problems) {
        grouped(problems).forEach(this::problem);
    }

    /** In the order of the first of each group; more than three places are counted. */
    static List<Problem> grouped(List<Problem> problems) {
        Map<List<Object>, List<String>> places = new LinkedHashMap<>();
        problems.forEach(
                p -> places.computeIfAbsent(List.of(p.id(), p.severity(), p.sentence()), k -> new ArrayList<>())
                        .add(p.where()));
        List<Problem> groups = new ArrayList<>();
        places.forEach((k, where) -> groups.add(new Problem(
                (String) k.get(0),
                (Problem.Severity) k.get(1),
                (String) k.get(2),
                String.join(", ", where.subList(0, Math.min(NAMED, where.size())))
                        + (where.size() > NAMED ? " and " + (where.size() - NAMED) + " more" : ""))));
        return groups;
    }

    /** A problem of one of several targets. */
    void problem(Problem p, String target) {
        problem(new Problem(p.id(), p.severity(), p.sentence() + " [" + target + "]", p.where()));
    }

    /**
     * One line as a terminal may have it. Names come from other people's files: what would start a new line, move the
     * cursor or turn the direction of writing is shown as {@code \\uXXXX}.
     */
    static String printable(String line) {
        if (line.codePoints().noneMatch(Console::isControl)) {
            return line;
        }
        StringBuilder text = new StringBuilder();
        line.codePoints()
                .forEach(c ->
                        text.append(isControl(c) ? String.format(Locale.ROOT, "\\u%04x", c) : Character.toString(c)));
        return text.toString();
    }

    /** Controls, separators of lines and paragraphs, and marks of bidirectional text (Unicode, UAX 9 section 2). */
    private static boolean isControl(int c) {
        return Character.isISOControl(c)
                || c == 0x2028
                || c == 0x2029
                || c == 0x061c
                || c == 0x200e
                || c == 0x200f
                || c >= 0x202a && c <= 0x202e
                || c >= 0x2066 && c <= 0x2069;
    }

    Progress progress() {
        return live && !quiet ? this::draw : Progress.QUIET;
    }

    private synchronized void draw(String what, int done, int total) {
        int filled = total == 0 ? WIDTH : (int) ((long) WIDTH * done / total);
        String bar = "\r" + what + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + done + "/" + total
                + left(what, done, total);
        if (!bar.equals(drawn)) {
            err.print(bar);
            err.flush();
            drawn = bar;
        }
        if (done >= total) {
            clear();
        }
    }

    /** How long a phase still takes at its pace so far; nothing is said before that is known. */
    private String left(String what, int done, int total) {
        long now = System.nanoTime();
        if (!what.equals(phase)) {
            phase = what;
            since = now;
        }
        double seconds = (now - since) / 1e9;
        return seconds < 2 || done == 0 || done >= total
                ? "          "
                : String.format(Locale.ROOT, "%4.0f s left", seconds * (total - done) / done);
    }

    private synchronized void clear() {
        if (!drawn.isEmpty()) {
            err.print("\r" + " ".repeat(drawn.length()) + "\r");
            err.flush();
            drawn = "";
        }
    }
}
