package dev.detent.cli;

import dev.detent.host.problem.TuneProblems;
import dev.detent.spi.problem.UserException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as people type them: {@code 90s}, {@code 10m}, {@code 1h}, or seconds. */
final class Durations {

    private static final Pattern TIME = Pattern.compile("(\\d{1,6})\\s*(s|m|h)?");

    private Durations() {}

    static Duration parse(String text, String option) {
        Matcher m = TIME.matcher(text.trim());
        if (!m.matches()) {
            throw new UserException(TuneProblems.NO_TIME, "'" + text + "' is not a time, as 90s, 10m or 1h", option);
        }
        long count = Long.parseLong(m.group(1));
        String unit = m.group(2);
        return unit == null || unit.equals("s")
                ? Duration.ofSeconds(count)
                : unit.equals("m") ? Duration.ofMinutes(count) : Duration.ofHours(count);
    }
}
