package dev.detent.spi.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphEditorTest {

    /**
     * What a graph knows of its values is what it would find out anew, after any edits, also when a value has two
     * producers on the way.
     */
    @ParameterizedTest
    @ValueSource(ints = {5, 30, 300, 3000})
    void theWiringFollowsEveryEdit(int values) {
        Random random = new Random(values);
        List<String> names = new ArrayList<>(
                IntStream.range(1, values).mapToObj(i -> "v" + i).toList());
        names.add("");
        Graph graph = new Graph();
        GraphEditor edit = graph.edit();
        int made = 0;
        for (int step = 0; step < 400; step++) {
            List<Node> nodes = List.copyOf(graph.nodes());
            int kind = nodes.isEmpty() ? 0 : random.nextInt(8);
            if (kind < 3) {
                edit.add(node("n" + made++, names, random));
            } else if (kind < 6) {
                edit.replace(node(nodes.get(random.nextInt(nodes.size())).name(), names, random));
            } else {
                edit.remove(nodes.get(random.nextInt(nodes.size())));
            }
            // The graph is not looked at after every edit.
            if (random.nextInt(3) == 0) {
                Graph anew = graph.copy();
                for (String v : names) {
                    assertThat(graph.producer(v)).as("step %d, %s", step, v).isEqualTo(anew.producer(v));
                    assertThat(graph.uses(v)).as("step %d, %s", step, v).isEqualTo(anew.uses(v));
                    assertThat(graph.consumers(v))
                            .as("step %d, %s", step, v)
                            .containsExactlyElementsOf(anew.consumers(v));
                }
            }
        }
    }

    private static Node node(String name, List<String> values, Random random) {
        List<String> inputs = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            inputs.add(values.get(random.nextInt(Math.min(20, values.size()))));
        }
        return Node.of(name, "Op", inputs, List.of(values.get(random.nextInt(values.size()))), Map.of());
    }

    /** Who goes through the uses of a value may edit on the way. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5})
    void handedOutUsesStay(int readers) {
        Graph graph = new Graph();
        for (int i = 0; i < readers; i++) {
            graph.edit().add(Node.of("n" + i, "Op", List.of("a", "a"), List.of("out" + i), Map.of()));
        }
        for (Graph.Use u : graph.uses("a")) {
            graph.edit().replace(graph.node(u.node().name()).orElseThrow().withInput(u.index(), "b"));
        }
        assertThat(graph.uses("a")).isEmpty();
        assertThat(graph.uses("b"))
                .hasSize(2 * readers)
                .extracting(Graph.Use::index)
                .startsWith(0, 1);
    }

    /** The order of {@code Map.of} is another in every process; what is written must not be. */
    /** Each edit went through all readers of the value, and each look made a set of them. */
    @Test
    void aValueThatManyNodesRead() {
        GraphEditor edit = new Graph().edit();
        for (int i = 0; i < 50_000; i++) {
            edit.add(Node.of("n" + i, "Relu", List.of("x"), List.of("y" + i), Map.of()));
        }
        Graph graph = edit.graph();
        Node source = Node.of("s", "Relu", List.of(), List.of("x"), Map.of());
        assertThat(graph.consumers("x")).hasSize(50_000);
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            int seen = 0;
            for (int i = 0; i < 50_000; i++) {
                seen += graph.downstream(source).size() / 50_000;
            }
            assertThat(seen).isEqualTo(50_000);
            for (Node n : List.copyOf(graph.nodes())) {
                edit.replace(n.withInputs(List.of("z")));
            }
        });
        assertThat(graph.uses("x")).isEmpty();
        assertThat(graph.consumers("z")).hasSize(50_000);
    }

    @Test
    void attributesOfANewNodeAreInOrder() {
        Attribute one = new Attribute.IntValue(1);
        assertThat(Node.of("n", "Op", List.of(), List.of(), Map.of("b", one, "K", one, "a", one, "N", one))
                        .attributes()
                        .keySet())
                .containsExactly("K", "N", "a", "b");
    }
}
