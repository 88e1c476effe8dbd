package dev.detent.host.pipeline;

import dev.detent.host.problem.InternalProblems;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.InternalException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.Map;

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

    private static String digest(Graph graph) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            graph.nodes()
                    .forEach(n ->
                            sha.update((n.name() + n.domain() + n.opType() + n.inputs() + n.outputs() + n.attributes())
                                    .getBytes(StandardCharsets.UTF_8)));
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
