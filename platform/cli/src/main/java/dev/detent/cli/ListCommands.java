package dev.detent.cli;

import dev.detent.host.plugin.Registry;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.option.Option;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.PassDefinition;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The commands that list what the installed plugins contribute. */
final class ListCommands {

    private ListCommands() {}

    private static void options(Console console, List<Option<?>> options, String owner) {
        for (Option<?> o : options) {
            console.line("    --set " + owner + "." + o.name() + "="
                    + (o.choices().isEmpty()
                            ? o.defaultValue()
                            : String.join(
                                            "|",
                                            o.choices().stream()
                                                    .map(String::valueOf)
                                                    .toList()) + " (" + o.defaultValue() + ")")
                    + "  " + o.help());
        }
    }

    @Command(name = "backends", description = "Lists targets and the formats they write.")
    static final class Backends implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            for (Target t : home.registry().targets()) {
                console.line(t.id() + "  " + t.summary());
                t.exporters().forEach(e -> console.line("    --format " + e.id() + "  " + e.summary()));
            }
            return 0;
        }
    }

    @Command(name = "passes", description = "Lists passes with their options, and dispatching strategies.")
    static final class Passes implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            Registry registry = home.registry();
            for (PassDefinition p : registry.passes()) {
                console.line(p.descriptor().id() + "  " + p.descriptor().summary() + "  ["
                        + registry.pluginOf(p.descriptor().id()) + "]");
                options(console, p.descriptor().options(), p.descriptor().id());
            }
            console.line("");
            for (Dispatcher d : registry.dispatchers()) {
                console.line("dispatcher=" + d.id() + "  " + d.summary());
            }
            return 0;
        }
    }

    @Command(name = "metrics", description = "Lists measures for 'detent tune --metric', with their options.")
    static final class MetricList implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            for (Metric m : home.registry().metrics()) {
                console.line(m.id() + "  " + m.summary());
                options(console, m.options(), m.id());
            }
            return 0;
        }
    }

    @Command(name = "observers", description = "Lists calibration methods with their options.")
    static final class ObserverList implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            for (ObserverDefinition o : home.registry().observers()) {
                console.line(o.id() + "  " + o.summary());
                options(console, o.options(), o.id());
            }
            return 0;
        }
    }
}
