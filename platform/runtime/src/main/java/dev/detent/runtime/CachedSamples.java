package dev.detent.runtime;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Keeps the first samples in memory, up to a number of bytes that does not depend on how many there are. */
final class CachedSamples implements Samples {

    private final Samples all;
    private final long limit;
    private final AtomicLong held = new AtomicLong();
    private final Map<Integer, Sample> memory = new ConcurrentHashMap<>();

    CachedSamples(Samples all, long limit) {
        this.all = all;
        this.limit = limit;
    }

    @Override
    public int size() {
        return all.size();
    }

    @Override
    public int rows() {
        return all.rows();
    }

    @Override
    public Sample get(int index) {
        Sample known = memory.get(index);
        if (known != null) {
            return known;
        }
        Sample loaded = all.get(index);
        long bytes = loaded.inputs().values().stream()
                .mapToLong(i -> i.data().remaining())
                .sum();
        // Only the beginning is asked for again; later samples pass by.
        if ((index + 1) * bytes <= limit && held.addAndGet(bytes) <= limit) {
            memory.put(index, loaded);
        }
        return loaded;
    }

    @Override
    public String describe(int index) {
        return all.describe(index);
    }
}
