package dev.detent.support.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GraphAnswersTest {

    /** 60 levels of two nodes that each lead to both of the next level: 2^60 paths, 120 answers. */
    @Test
    void diamondsCostNoMoreThanTheirNodes() {
        AtomicInteger worked = new AtomicInteger();
        MemoizedGraphQuery<Integer, Long> paths = new MemoizedGraphQuery<>(
                n -> n >= 118 ? List.of() : List.of(n / 2 * 2 + 2, n / 2 * 2 + 3), (n, known) -> {
                    worked.incrementAndGet();
                    return n >= 118 ? 1 : known.apply(n / 2 * 2 + 2) + known.apply(n / 2 * 2 + 3);
                });
        assertThat(paths.of(0)).isEqualTo(1L << 59);
        assertThat(paths.of(1)).isEqualTo(1L << 59);
        assertThat(worked).hasValue(120);
    }

    @Test
    void deepChainsNeedNoStack() {
        MemoizedGraphQuery<Integer, Integer> depth = new MemoizedGraphQuery<>(
                n -> n == 0 ? List.of() : List.of(n - 1), (n, known) -> n == 0 ? 0 : known.apply(n - 1) + 1);
        assertThat(depth.of(1_000_000)).isEqualTo(1_000_000);
    }

    /** The longest way from an input, over random graphs, as worked out in their order. */
    @Test
    void answersAreThoseOfTheRecursion() {
        for (int seed = 0; seed < 50; seed++) {
            java.util.Random random = new java.util.Random(seed);
            List<List<Integer>> before = new ArrayList<>();
            int[] expected = new int[200];
            for (int i = 0; i < 200; i++) {
                int n = i;
                List<Integer> from = IntStream.range(0, random.nextInt(4))
                        .filter(k -> n > 0)
                        .mapToObj(k -> random.nextInt(n))
                        .toList();
                before.add(from);
                expected[i] = from.stream().mapToInt(f -> expected[f] + 1).max().orElse(0);
            }
            MemoizedGraphQuery<Integer, Integer> longest = new MemoizedGraphQuery<>(
                    before::get,
                    (n, known) -> before.get(n).stream()
                            .mapToInt(f -> known.apply(f) + 1)
                            .max()
                            .orElse(0));
            List<Integer> order =
                    new ArrayList<>(IntStream.range(0, 200).boxed().toList());
            java.util.Collections.shuffle(order, random);
            for (int i : order) {
                assertThat(longest.of(i)).isEqualTo(expected[i]);
            }
        }
    }

    @Test
    void aCycleIsSaidToBeOne() {
        MemoizedGraphQuery<String, Boolean> endless =
                new MemoizedGraphQuery<>(n -> List.of(n.equals("a") ? "b" : "a"), (n, known) -> known.apply("a"));
        assertThatThrownBy(() -> endless.of("a")).hasMessageContaining("cycle");
    }

    @Test
    void reachLooksAtEveryItemOnce() {
        List<Integer> looked = new ArrayList<>();
        assertThat(GraphWalk.reach(List.of(1), n -> {
                    looked.add(n);
                    return n > 20 ? List.<Integer>of() : List.of(n * 2, n * 2 + 1, n + 1, 1);
                }))
                .startsWith(1, 2, 3)
                .hasSize(looked.size());
        assertThat(looked).doesNotHaveDuplicates();
    }

    @Test
    void whatIsKeptPerGraphIsWorkedOutAgainAfterAnEdit() {
        Graph g = new Graph();
        AtomicInteger worked = new AtomicInteger();
        PerGraph<Integer> nodes = new PerGraph<>(graph -> {
            worked.incrementAndGet();
            return graph.nodes().size();
        });
        assertThat(nodes.of(g)).isZero();
        assertThat(nodes.of(g)).isZero();
        assertThat(worked).hasValue(1);
        g.edit().add(Node.of("n", "Relu", List.of("x"), List.of("y"), Map.of()));
        assertThat(nodes.of(g)).isEqualTo(1);
        assertThat(nodes.of(g.copy())).isEqualTo(1);
        assertThat(worked).hasValue(3);
    }
}
