package dev.detent.host.pipeline;

import dev.detent.host.problem.InternalProblems;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.InternalException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Tells graphs that compute the same: equal nodes and weights. Reading all weights is done once per revision. */
final class GraphDigests {

    private record Known(int revision, String digest) {}

    private final Map<Graph, Known> known = new IdentityHashMap<>();

    String of(Graph graph) {
        Known k = known.get(graph);
        if (k == null || k.revision() != graph.revision()) {
            k = new Known(graph.revision(), digest(graph));
            known.put(graph, k);
        }
        return k.digest();
    }

    private static void node(MessageDigest sha, Node n) {
        sha.update((n.name() + n.domain() + n.opType() + n.inputs() + n.outputs()).getBytes(StandardCharsets.UTF_8));
        new TreeMap<>(n.attributes()).forEach((name, a) -> {
            sha.update(name.getBytes(StandardCharsets.UTF_8));
            // What has no text of its own gives its content: the digest is kept in files.
            if (a instanceof Attribute.Subgraph s) {
                sha.update(s.content().bytes());
            } else if (a instanceof Attribute.Other o) {
                sha.update(o.content().bytes());
            } else if (a instanceof Attribute.TensorValue t) {
                sha.update(t.value().bytes());
            } else {
                sha.update(a.toString().getBytes(StandardCharsets.UTF_8));
            }
        });
    }

    private static String digest(Graph graph) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            graph.nodes().forEach(n -> node(sha, n));
            graph.initializers().forEach((name, t) -> {
                sha.update((name + t).getBytes(StandardCharsets.UTF_8));
                sha.update(t.bytes());
            });
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new InternalException(InternalProblems.NO_SHA256, "every JDK has SHA-256", "", e);
        }
    }
}
