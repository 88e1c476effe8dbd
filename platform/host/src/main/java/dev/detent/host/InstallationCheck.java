package dev.detent.host;

import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.Registry;
import dev.detent.runtime.OrtModel;
import dev.detent.runtime.OrtOptimizationLevel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.DetentException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code detent doctor} looks at. */
public final class InstallationCheck {

    private static final int OLDEST_JAVA = 17;

    public record Finding(boolean sound, String what, String detail) {}

    private InstallationCheck() {}

    public static List<Finding> examine(PluginHost host) {
        List<Finding> findings = new ArrayList<>();
        int java = Runtime.version().feature();
        findings.add(new Finding(
                java >= OLDEST_JAVA,
                "Java",
                Runtime.version() + (java >= OLDEST_JAVA ? "" : "; Detent needs Java 17 or newer")));
        findings.add(new Finding(
                true,
                "machine",
                System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
                        + Runtime.getRuntime().availableProcessors() + " cores, "
                        + (Runtime.getRuntime().maxMemory() >> 20) + " MB heap"));
        findings.add(runtime());
        try {
            Registry r = host.load();
            findings.add(new Finding(
                    true,
                    "plugins",
                    r.targets().size() + " targets, " + r.passes().size() + " passes, "
                            + r.observers().size() + " observers, "
                            + r.dispatchers().size() + " dispatchers"));
            r.refused()
                    .forEach(f -> f.problems()
                            .forEach(p -> findings.add(new Finding(false, "plugin " + f.file(), p.toString()))));
        } catch (DetentException e) {
            e.problems().forEach(p -> findings.add(new Finding(false, "plugins", p.toString())));
        }
        return findings;
    }

    private static Finding runtime() {
        Graph g = new Graph();
        g.edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1))
                .add(Node.of("relu", "Relu", List.of("x"), List.of("y"), Map.of()));
        try (OrtModel m = OrtModel.of(g, OrtOptimizationLevel.ALL, "a Relu")) {
            return new Finding(m.outputs().equals(List.of("y")), "ONNX Runtime", OrtModel.runtimeVersion());
        } catch (DetentException | LinkageError e) {
            return new Finding(false, "ONNX Runtime", "cannot run here: " + e.getMessage());
        }
    }
}
