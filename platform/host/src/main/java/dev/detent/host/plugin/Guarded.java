package dev.detent.host.plugin;

import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.Profile;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.Artefact;
import dev.detent.spi.export.ExportContext;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Option;
import dev.detent.spi.pass.Side;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What plugins contribute, with a watch on every call: what they throw, or give null for, is the plugin's fault and names it. A jar that was
 * built for another SPI shows itself only here, by the method it misses.
 *
 * @param plugin id and version, for the sentence
 */
record Guarded(String plugin) {

    Target target(Target t) {
        return new GuardedTarget(call("a target", t::id), t);
    }

    Dispatcher dispatcher(Dispatcher d) {
        return new GuardedDispatcher(call("a dispatcher", d::id), d);
    }

    /** @param what of whom something is asked, e.g. {@code target 'acme'} */
    <T> T call(String what, Supplier<? extends @Nullable T> asked) {
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

    private final class GuardedTarget implements Target {

        private final String id;
        private final Target target;

        GuardedTarget(String id, Target target) {
            this.id = id;
            this.target = target;
        }

        private <T> T ask(Supplier<T> asked) {
            return call("target '" + id + "'", asked);
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public String summary() {
            return ask(target::summary);
        }

        @Override
        public Rules rules() {
            Rules rules = ask(target::rules);
            return (node, graph) -> ask(() -> rules.rule(node, graph));
        }

        @Override
        public boolean supports(Node node, Graph graph) {
            return ask(() -> target.supports(node, graph));
        }

        @Override
        public Profile profile() {
            return ask(target::profile);
        }

        @Override
        public List<Exporter> exporters() {
            return ask(target::exporters).stream().<Exporter>map(e -> new GuardedExporter(call("a format of target '" + id + "'", e::id), e)).toList();
        }

        @Override
        public List<Problem> lint(QuantizedModel model) {
            return ask(() -> target.lint(model));
        }
    }

    private final class GuardedExporter implements Exporter {

        private final String id;
        private final Exporter exporter;

        GuardedExporter(String id, Exporter exporter) {
            this.id = id;
            this.exporter = exporter;
        }

        private <T> T ask(Supplier<T> asked) {
            return call("format '" + id + "'", asked);
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public String summary() {
            return ask(exporter::summary);
        }

        @Override
        public List<Option<?>> options() {
            return ask(exporter::options);
        }

        @Override
        public void export(QuantizedModel model, ExportContext context) {
            ask(() -> {
                exporter.export(model, context);
                return true;
            });
        }

        @Override
        public Map<String, TensorQuantization> entries(QuantizedModel model) {
            return ask(() -> exporter.entries(model));
        }

        @Override
        public Map<String, Parameters> read(Artefact artefact, Map<String, TensorQuantization> entries) {
            return ask(() -> exporter.read(artefact, entries));
        }

        @Override
        public boolean absorbsActivations() {
            return ask(exporter::absorbsActivations);
        }

        @Override
        public Optional<Graph> graph(Artefact artefact) {
            return ask(() -> exporter.graph(artefact));
        }
    }

    private final class GuardedDispatcher implements Dispatcher {

        private final String id;
        private final Dispatcher dispatcher;

        GuardedDispatcher(String id, Dispatcher dispatcher) {
            this.id = id;
            this.dispatcher = dispatcher;
        }

        @Override
        public String id() {
            return id;
        }

        @Override
        public String summary() {
            return call("dispatcher '" + id + "'", dispatcher::summary);
        }

        @Override
        public Map<String, Side> dispatch(Graph graph, Predicate<Node> supported) {
            return call("dispatcher '" + id + "'", () -> dispatcher.dispatch(graph, supported));
        }
    }
}
