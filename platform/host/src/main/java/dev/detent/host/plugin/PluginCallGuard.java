package dev.detent.host.plugin;

import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Placement;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What plugins contribute, with a watch on every call: what they throw, or give null for, is the plugin's fault and
 * names it. A jar that was built for another SPI shows itself only here, by the method it misses.
 *
 * @param plugin id and version, for the sentence
 * @param what of whom something is asked, e.g. {@code target 'acme'}
 */
record PluginCallGuard(String plugin, String what) {

    Target target(Target target) {
        String id = of("a target").ask(target::id);
        return new GuardedTarget(id, target, of("target '" + id + "'"));
    }

    Dispatcher dispatcher(Dispatcher dispatcher) {
        String id = of("a dispatcher").ask(dispatcher::id);
        return new GuardedDispatcher(id, dispatcher, of("dispatcher '" + id + "'"));
    }

    private Exporter exporter(Exporter exporter) {
        String id = of("a format of " + what).ask(exporter::id);
        PluginCallGuard guarded = of("format '" + id + "'");
        return exporter instanceof ReadableExporter readable
                ? new GuardedReadableExporter(id, readable, guarded)
                : new GuardedExporter(id, exporter, guarded);
    }

    /** The same plugin, asked through something else. */
    PluginCallGuard of(String other) {
        return new PluginCallGuard(plugin, other);
    }

    <T> T ask(Supplier<? extends @Nullable T> asked) {
        T answer;
        try {
            answer = asked.get();
        } catch (DetentException e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw failed(what + " failed: " + e, e);
        }
        if (answer == null) {
            throw failed(what + " gave null", null);
        }
        return answer;
    }

    private PluginException failed(String sentence, @Nullable Throwable cause) {
        return new PluginException(List.of(Problem.error("DT-PLG-016", sentence, plugin)), cause);
    }

    private record GuardedTarget(String id, Target target, PluginCallGuard guarded) implements Target {

        @Override
        public String summary() {
            return guarded.ask(target::summary);
        }

        @Override
        public Rules rules() {
            Rules rules = guarded.ask(target::rules);
            return (node, graph) -> guarded.ask(() -> rules.rule(node, graph));
        }

        @Override
        public boolean supports(Node node, Graph graph) {
            return guarded.ask(() -> target.supports(node, graph));
        }

        @Override
        public QuantizationRecipe profile() {
            return guarded.ask(target::profile);
        }

        @Override
        public List<Exporter> exporters() {
            return guarded.ask(target::exporters).stream()
                    .map(guarded::exporter)
                    .toList();
        }

        @Override
        public List<Problem> lint(QuantizedModel model) {
            return guarded.ask(() -> target.lint(model));
        }
    }

    private record GuardedExporter(String id, Exporter exporter, PluginCallGuard guarded) implements Exporter {

        @Override
        public String summary() {
            return guarded.ask(exporter::summary);
        }

        @Override
        public List<Option<?>> options() {
            return guarded.ask(exporter::options);
        }

        @Override
        public void export(QuantizedModel model, ExportContext context) {
            guarded.ask(() -> {
                exporter.export(model, context);
                return true;
            });
        }
    }

    private record GuardedReadableExporter(String id, ReadableExporter exporter, PluginCallGuard guarded)
            implements ReadableExporter {

        @Override
        public String summary() {
            return guarded.ask(exporter::summary);
        }

        @Override
        public List<Option<?>> options() {
            return guarded.ask(exporter::options);
        }

        @Override
        public void export(QuantizedModel model, ExportContext context) {
            guarded.ask(() -> {
                exporter.export(model, context);
                return true;
            });
        }

        @Override
        public Map<String, TensorQuantization> entries(QuantizedModel model) {
            return guarded.ask(() -> exporter.entries(model));
        }

        @Override
        public Map<String, QuantizationParameters> read(Artifact artefact, Map<String, TensorQuantization> entries) {
            return guarded.ask(() -> exporter.read(artefact, entries));
        }

        @Override
        public Optional<Graph> graph(Artifact artefact) {
            return guarded.ask(() -> exporter.graph(artefact));
        }
    }

    private record GuardedDispatcher(String id, Dispatcher dispatcher, PluginCallGuard guarded) implements Dispatcher {

        @Override
        public String summary() {
            return guarded.ask(dispatcher::summary);
        }

        @Override
        public Map<String, Placement> dispatch(Graph graph, Predicate<Node> supported) {
            return guarded.ask(() -> dispatcher.dispatch(graph, supported));
        }
    }
}
