package dev.detent.distribution;

import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Feeds mutants of good inputs to a reader. Right is a value or a {@link UserException}; everything else is a find.
 * What is told of a mutant in words of its own is kept as a seed of further ones: so it goes deeper than chance would,
 * without instrumented classes. The same seed gives the same mutants.
 */
final class Fuzzer {

    /** Reads an input; files go where it wants them. */
    interface Reader {
        void read(byte[] input) throws Exception;
    }

    /**
     * How it went.
     *
     * @param finds one line for each kind of failure, with the stack's top and the mutant's number
     */
    record Outcome(long executions, long accepted, int kept, List<String> finds) {}

    /** Longer than any reader may take for inputs as small as these. */
    private static final long SLOW_MS = 5_000;

    private static final int MOST_SEEDS = 400;
    private static final int MOST_BYTES = 1 << 16;

    private static final byte[][] WORDS = {
        {0},
        {-1},
        {127},
        {-128},
        {0, 0, 0, 0},
        {-1, -1, -1, 127},
        {-1, -1, -1, -1, 15},
        {-128, -128, -128, -128, -128, -128, -128, -128, 127},
        "NaN".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "1e99".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "-1".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "99999999999999999999".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "null".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "[]".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "{}".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        "\u2028é".getBytes(java.nio.charset.StandardCharsets.UTF_8),
    };

    private final List<byte[]> seeds;
    private final Reader reader;
    private final Random random;

    Fuzzer(List<byte[]> seeds, Reader reader, long seed) {
        this.seeds = new ArrayList<>(seeds);
        this.reader = reader;
        this.random = new Random(seed);
    }

    /** Ends at the number of executions or at the time, whichever comes first. */
    Outcome run(long executions, long seconds) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        Set<String> told = new HashSet<>();
        Set<String> kinds = new HashSet<>();
        List<String> finds = new ArrayList<>();
        long accepted = 0;
        long done = 0;
        int kept = 0;
        for (; done < executions && System.nanoTime() < end; done++) {
            byte[] mutant = mutant();
            long start = System.nanoTime();
            String word;
            try {
                reader.read(mutant);
                accepted++;
                word = "";
            } catch (UserException e) {
                word = String.valueOf(e.getMessage()).replaceAll("'[^']*'|\\[[^]]*]|\\d+|/\\S*", "");
            } catch (Throwable e) {
                word = e.getClass() + " "
                        + Arrays.stream(e.getStackTrace()).limit(3).toList();
                if (kinds.add(word)) {
                    finds.add("mutant " + done + ": " + e + " at "
                            + Arrays.stream(e.getStackTrace()).limit(8).toList());
                }
            }
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            if (took > SLOW_MS && kinds.add("slow")) {
                finds.add("mutant " + done + ": took " + took + " ms");
            }
            if (told.add(word) && seeds.size() < MOST_SEEDS) {
                seeds.add(mutant);
                kept++;
            }
        }
        return new Outcome(done, accepted, kept, finds);
    }

    private byte[] mutant() {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int i = random.nextInt(4); i >= 0 && bytes.length > 0; i--) {
            bytes = mutated(bytes);
        }
        return bytes;
    }

    private byte[] mutated(byte[] bytes) {
        int at = random.nextInt(bytes.length);
        int length = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 4 : 64));
        return switch (random.nextInt(8)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> {
                bytes[at] = (byte) random.nextInt(256);
                yield bytes;
            }
            case 2 -> spliced(bytes, at, 0, WORDS[random.nextInt(WORDS.length)]);
            case 3 -> {
                byte[] word = WORDS[random.nextInt(WORDS.length)];
                yield spliced(bytes, at, Math.min(word.length, bytes.length - at), word);
            }
            case 4 -> spliced(bytes, at, length, new byte[0]);
            case 5 -> spliced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
            case 6 -> {
                byte[] other = seeds.get(random.nextInt(seeds.size()));
                int from = other.length == 0 ? 0 : random.nextInt(other.length);
                yield spliced(
                        bytes, at, length, Arrays.copyOfRange(other, from, Math.min(other.length, from + length)));
            }
            default -> random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at) : bytes;
        };
    }

    private static byte[] spliced(byte[] bytes, int at, int without, byte[] with) {
        byte[] all = new byte[Math.min(MOST_BYTES, bytes.length - without + with.length)];
        System.arraycopy(bytes, 0, all, 0, Math.min(at, all.length));
        for (int i = at; i < all.length; i++) {
            int k = i - at;
            all[i] = k < with.length ? with[k] : bytes[Math.min(bytes.length - 1, i + without - with.length)];
        }
        return all;
    }
}
