package dev.detent.host.observe;

import dev.detent.spi.observe.SketchState;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.StreamCorruptedException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads what {@link ObservationWriter} wrote; memory grows with what is there, not with what the file claims. */
final class ObservationReader {

    private static final int STEP = 1 << 12;

    private final DataInputStream in;

    ObservationReader(DataInputStream in) {
        this.in = in;
    }

    /**
     * The statistics.
     *
     * @throws IOException when they end too early or hold what is no statistic
     */
    Observations read() throws IOException {
        Observations.Origin origin = new Observations.Origin(text(), text(), text());
        SortedSet<String> digests = new TreeSet<>();
        for (long n = number(); n > 0; n--) {
            digests.add(text());
        }
        int samples = small();
        int shards = small();
        SortedSet<Integer> held = new TreeSet<>();
        for (long n = number(); n > 0; n--) {
            held.add(small());
        }
        SortedMap<String, SortedMap<Observations.Key, Observations.Kept>> graphs = new TreeMap<>();
        for (long n = number(); n > 0; n--) {
            String digest = text();
            SortedMap<Observations.Key, Observations.Kept> kept = new TreeMap<>();
            for (long k = number(); k > 0; k--) {
                Observations.Key key = new Observations.Key(text(), text(), small());
                kept.put(key, new Observations.Kept(number() != 0, state()));
            }
            graphs.put(digest, kept);
        }
        if (in.read() >= 0) {
            throw new StreamCorruptedException("more than expected");
        }
        return new Observations(origin, new Observations.Data(digests, samples, shards, held), graphs);
    }

    private SketchState state() throws IOException {
        SortedMap<String, SketchState.Part> parts = new TreeMap<>();
        for (long n = number(); n > 0; n--) {
            parts.put(text(), part());
        }
        return new SketchState(parts);
    }

    private SketchState.Part part() throws IOException {
        int kind = in.readUnsignedByte();
        return switch (kind) {
            case PartKind.EXTREMES -> extremes();
            case PartKind.SUMS -> sums();
            case PartKind.COUNTS -> counts();
            case PartKind.DISTRIBUTION -> new SketchState.Distribution(number(), number() != 0, counts());
            default -> throw new StreamCorruptedException("part of kind " + kind);
        };
    }

    private SketchState.Extremes extremes() throws IOException {
        int length = small();
        float[] low = new float[Math.min(length, STEP)];
        float[] high = new float[low.length];
        for (int i = 0; i < length; i++) {
            if (i == low.length) {
                low = Arrays.copyOf(low, (int) Math.min(length, 2L * i));
                high = Arrays.copyOf(high, low.length);
            }
            low[i] = in.readFloat();
            high[i] = in.readFloat();
        }
        return new SketchState.Extremes(low, high);
    }

    private SketchState.Sums sums() throws IOException {
        List<BigInteger> values = new ArrayList<>();
        for (long n = number(); n > 0; n--) {
            byte[] bytes = bytes();
            if (bytes.length == 0) {
                throw new StreamCorruptedException("a number without digits");
            }
            values.add(new BigInteger(bytes));
        }
        return new SketchState.Sums(values);
    }

    private SketchState.Counts counts() throws IOException {
        int length = small();
        long[] keys = new long[Math.min(length, STEP)];
        long[] counts = new long[keys.length];
        long before = 0;
        for (int i = 0; i < length; i++) {
            if (i == keys.length) {
                keys = Arrays.copyOf(keys, (int) Math.min(length, 2L * i));
                counts = Arrays.copyOf(counts, keys.length);
            }
            before += number();
            keys[i] = before;
            counts[i] = number();
        }
        return new SketchState.Counts(keys, counts);
    }

    private String text() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    private byte[] bytes() throws IOException {
        int length = small();
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new StreamCorruptedException("ends too early");
        }
        return bytes;
    }

    private int small() throws IOException {
        long value = number();
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new StreamCorruptedException("a length of " + value);
        }
        return (int) value;
    }

    private long number() throws IOException {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            int b = in.readUnsignedByte();
            value |= (long) (b & 0x7f) << shift;
            if ((b & 0x80) == 0) {
                return value;
            }
        }
        throw new StreamCorruptedException("a number of more than 64 bits");
    }
}
