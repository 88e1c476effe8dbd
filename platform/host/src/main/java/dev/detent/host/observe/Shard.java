package dev.detent.host.observe;

import dev.detent.host.problem.ObservationProblems;
import dev.detent.runtime.Samples;
import dev.detent.spi.problem.UserException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which part of the samples a run looks at: part {@code index} of {@code count}, counted from 1, in the order of the
 * data.
 */
public record Shard(int index, int count) {

    /** All samples. */
    public static final Shard WHOLE = new Shard(1, 1);

    private static final Pattern TEXT = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

    /**
     * As a person writes it, {@code 1/3}.
     *
     * @throws UserException when it is nothing of the kind
     */
    public static Shard parse(String text) {
        Matcher m = TEXT.matcher(text.trim());
        if (m.matches()) {
            Shard shard = new Shard(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)));
            if (shard.index >= 1 && shard.index <= shard.count) {
                return shard;
            }
        }
        throw new UserException(
                ObservationProblems.NO_SHARD,
                "'" + text + "' is no part of a whole, as 1/3, 2/3 and 3/3 are",
                "--shard");
    }

    /** The first of its samples. */
    public int from(int samples) {
        return (int) ((long) samples * (index - 1) / count);
    }

    /** Its samples. */
    public Samples of(Samples all) {
        int from = from(all.size());
        return count == 1 ? all : all.range(from, (int) ((long) all.size() * index / count) - from);
    }

    @Override
    public String toString() {
        return index + "/" + count;
    }
}
