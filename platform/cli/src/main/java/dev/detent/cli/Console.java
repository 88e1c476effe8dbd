package dev.detent.cli;

import dev.detent.host.progress.Progress;
import dev.detent.spi.problem.Problem;
import java.io.PrintStream;

/** Standard output for results, standard error for progress and problems. Progress is drawn only on a terminal. */
final class Console {

    private static final int WIDTH = 24;

    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final boolean live = System.console() != null && System.getenv("CI") == null;
    private String drawn = "";

    void line(String text) {
        clear();
        out.println(text);
    }

    /** Notes go to the report only. */
    void problem(Problem p) {
        if (p.severity() == Problem.Severity.NOTE) {
            return;
        }
        clear();
        err.println(p.severity().name().toLowerCase(java.util.Locale.ROOT) + " " + p);
    }

    /** A problem of one of several targets. */
    void problem(Problem p, String target) {
        problem(new Problem(p.id(), p.severity(), p.sentence() + " [" + target + "]", p.where()));
    }

    Progress progress() {
        return live ? this::draw : Progress.QUIET;
    }

    private synchronized void draw(String what, int done, int total) {
        int filled = total == 0 ? WIDTH : (int) ((long) WIDTH * done / total);
        String bar = "\r" + what + " [" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + done + "/" + total;
        if (!bar.equals(drawn)) {
            err.print(bar);
            err.flush();
            drawn = bar;
        }
        if (done >= total) {
            clear();
        }
    }

    private synchronized void clear() {
        if (!drawn.isEmpty()) {
            err.print("\r" + " ".repeat(drawn.length()) + "\r");
            err.flush();
            drawn = "";
        }
    }
}
