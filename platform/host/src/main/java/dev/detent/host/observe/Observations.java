package dev.detent.host.observe;

import dev.detent.host.problem.ObservationProblems;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.problem.UserException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What sketches have seen of float networks: the model as it is and as passes in front of calibration change it. Enough
 * to calibrate from without data. Immutable.
 *
 * @param origin what must be the same for two to be merged
 * @param data what was looked at
 * @param graphs by the digest of the network, then by what was kept of which value
 */
public record Observations(Origin origin, Data data, SortedMap<String, SortedMap<Key, Kept>> graphs) {

    /**
     * What statistics depend on besides data.
     *
     * @param model SHA-256 of the model's files
     * @param preprocessing of the data
     * @param observers options of observers that a person set, as text
     */
    public record Origin(String model, String preprocessing, String observers) {}

    /**
     * What was looked at.
     *
     * @param digests SHA-256 of data folders or files
     * @param samples how many there are, of all shards
     * @param shards how many parts the samples were cut into
     * @param held those that were looked at, counted from 1
     */
    public record Data(SortedSet<String> digests, int samples, int shards, SortedSet<Integer> held) {
        /** Copies the sets. */
        public Data {
            digests = Collections.unmodifiableSortedSet(new TreeSet<>(digests));
            held = Collections.unmodifiableSortedSet(new TreeSet<>(held));
        }

        /** Every shard was looked at. */
        public boolean isWhole() {
            return held.size() == shards;
        }
    }

    /**
     * What was kept of which value.
     *
     * @param kept see {@link dev.detent.spi.run.Simulator.Observation#kept}
     * @param limit so many samples, the first ones, were shown; {@link Integer#MAX_VALUE} for all
     */
    public record Key(String value, String kept, int limit) implements Comparable<Key> {

        /** The key among so many samples. */
        public static Key of(String value, String kept, int limit, int samples) {
            return new Key(value, kept, limit >= samples ? Integer.MAX_VALUE : limit);
        }

        @Override
        public int compareTo(Key o) {
            int order = value.compareTo(o.value);
            order = order != 0 ? order : kept.compareTo(o.kept);
            return order != 0 ? order : Integer.compare(limit, o.limit);
        }
    }

    /**
     * A statistic.
     *
     * @param everywhere every shard was shown all samples of it, since a pass changed the network by it
     */
    public record Kept(boolean everywhere, SketchState state) {}

    /** Sorts and copies the maps. */
    public Observations {
        SortedMap<String, SortedMap<Key, Kept>> copy = new TreeMap<>();
        graphs.forEach((digest, kept) -> copy.put(digest, Collections.unmodifiableSortedMap(new TreeMap<>(kept))));
        graphs = Collections.unmodifiableSortedMap(copy);
    }

    /** What was kept of a value of a network. */
    public Optional<SketchState> find(String graph, String value, String kept, int limit) {
        return Optional.ofNullable(graphs.get(graph))
                .map(of -> of.get(Key.of(value, kept, limit, data.samples())))
                .map(Kept::state);
    }

    /** The same and more of the same data. */
    public Observations with(SortedMap<String, SortedMap<Key, Kept>> more) {
        SortedMap<String, SortedMap<Key, Kept>> both = new TreeMap<>(graphs);
        more.forEach((graph, kept) -> both.merge(graph, kept, (a, b) -> {
            SortedMap<Key, Kept> all = new TreeMap<>(a);
            all.putAll(b);
            return all;
        }));
        return new Observations(origin, data, both);
    }

    /** How many statistics there are. */
    public int size() {
        return graphs.values().stream().mapToInt(Map::size).sum();
    }

    /**
     * All of them merged: shards of one data set to what one look at it gives, byte for byte and in whatever order, or
     * looks at different data to one at all of them. What not all hold is left out.
     *
     * @param all by where they come from, for people; two at least
     * @throws UserException when they do not belong together
     */
    public static Observations merge(SortedMap<String, Observations> all) {
        Observations merged = null;
        for (Map.Entry<String, Observations> e : all.entrySet()) {
            merged = merged == null ? e.getValue() : merged.merge(e.getValue(), e.getKey());
        }
        if (merged == null) {
            throw new IllegalArgumentException("there is nothing to merge");
        }
        return merged;
    }

    private Observations merge(Observations other, String name) {
        if (!origin.equals(other.origin)) {
            throw unlike(name, difference(other.origin));
        }
        boolean shards = data.shards() > 1 || other.data.shards() > 1;
        if (shards
                && (data.shards() != other.data.shards()
                        || data.samples() != other.data.samples()
                        || !data.digests().equals(other.data.digests()))) {
            throw unlike(name, "is no shard of the same data in as many parts");
        }
        if (shards && !Collections.disjoint(data.held(), other.data.held())) {
            throw unlike(name, "holds a shard that another one holds too");
        }
        SortedMap<String, SortedMap<Key, Kept>> both = new TreeMap<>();
        for (String graph : graphs.keySet()) {
            SortedMap<Key, Kept> theirs = other.graphs.get(graph);
            if (theirs == null) {
                throw unlike(
                        name,
                        "was made for other targets or options, or a pass changed the network by its data; observe shards of "
                                + "one data set with --shard and the same options");
            }
            both.put(graph, merge(graphs.getOrDefault(graph, new TreeMap<>()), theirs, name));
        }
        return new Observations(origin, merged(other.data, shards), both);
    }

    private static SortedMap<Key, Kept> merge(SortedMap<Key, Kept> mine, SortedMap<Key, Kept> theirs, String name) {
        SortedMap<Key, Kept> both = new TreeMap<>();
        mine.forEach((key, a) -> {
            Kept b = theirs.get(key);
            if (b != null) {
                both.put(key, merge(a, b, name));
            }
        });
        return both;
    }

    private static Kept merge(Kept a, Kept b, String name) {
        try {
            return a.everywhere() ? a : new Kept(false, a.state().merge(b.state()));
        } catch (IllegalArgumentException e) {
            throw unlike(name, "holds statistics of another kind: " + e.getMessage());
        }
    }

    private Data merged(Data other, boolean shards) {
        SortedSet<String> digests = new TreeSet<>(data.digests());
        digests.addAll(other.digests());
        if (!shards) {
            return new Data(digests, data.samples() + other.samples(), 1, data.held());
        }
        SortedSet<Integer> held = new TreeSet<>(data.held());
        held.addAll(other.held());
        return held.size() == data.shards()
                ? new Data(digests, data.samples(), 1, new TreeSet<>(List.of(1)))
                : new Data(digests, data.samples(), data.shards(), held);
    }

    private String difference(Origin other) {
        return !origin.model().equals(other.model())
                ? "is of another model"
                : !origin.preprocessing().equals(other.preprocessing())
                        ? "was prepared by " + other.preprocessing() + ", not by " + origin.preprocessing()
                        : "was made with other options of observers";
    }

    private static UserException unlike(String name, String why) {
        return new UserException(ObservationProblems.UNLIKE, why + "; only what belongs together is merged", name);
    }
}
