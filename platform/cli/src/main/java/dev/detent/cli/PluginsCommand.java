package dev.detent.cli;

import dev.detent.host.contract.PluginVerifier;
import dev.detent.host.plugin.PluginFile;
import dev.detent.host.plugin.PluginHost;
import dev.detent.host.plugin.PluginInstallation;
import dev.detent.host.plugin.PluginJar;
import dev.detent.host.plugin.RefusedPlugin;
import dev.detent.host.plugin.Registry;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.testkit.ContractViolation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "plugins",
        description = "Lists, checks, installs, removes and locks plugin jars and YAML targets.",
        subcommands = {
            PluginsCommand.ListFiles.class,
            PluginsCommand.Verify.class,
            PluginsCommand.Install.class,
            PluginsCommand.Remove.class,
            PluginsCommand.Disable.class,
            PluginsCommand.Enable.class,
            PluginsCommand.Lock.class
        })
final class PluginsCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        throw new UserException(
                CliProblems.NO_SUBCOMMAND,
                "say what to do: list, verify FILE, install FILE, remove ID, disable ID, enable ID or lock",
                "plugins");
    }

    /** What wrong plugin files are refused for; the others work. */
    static void warn(Console console, List<RefusedPlugin> refused) {
        refused.forEach(r -> r.problems()
                .forEach(p -> console.problem(new Problem(p.id(), Problem.Severity.WARNING, p.sentence(), p.where()))));
    }

    @Command(
            name = "list",
            description =
                    "Lists the files of the plugin folder, which of them take part, and what is wrong with the others.")
    static final class ListFiles implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            PluginHost host = home.host();
            Registry registry = host.load();
            for (PluginFile f : host.files()) {
                boolean refused =
                        registry.refused().stream().anyMatch(r -> r.file().equals(f.name()));
                console.line((f.id().isEmpty() ? f.name() : f.id() + " " + f.version()) + "  " + f.description() + "  ("
                        + f.name()
                        + (f instanceof PluginJar jar && !jar.requires().isEmpty() ? ", SPI " + jar.requires() : "")
                        + (f.sha256().isEmpty() ? "" : ", sha256 " + f.sha256().substring(0, 12) + "…")
                        + (refused ? ", REFUSED" : registry.disabled().contains(f.id()) ? ", disabled" : "") + ")");
            }
            warn(console, registry.refused());
            return 0;
        }
    }

    /** How long a contract may take. */
    static final class ContractLimit {
        @Option(
                names = "--timeout",
                converter = PositiveIntegerConverter.class,
                paramLabel = "S",
                description = "seconds that one contract may take (default: 60)")
        int seconds = 60;
    }

    /** Runs the contracts and prints how they came out. */
    private static boolean isSound(Console console, PluginFile plugin, InstallationOptions home, ContractLimit limit) {
        List<ContractViolation> checks =
                new PluginVerifier(home.host(), home.info(), Duration.ofSeconds(limit.seconds)).verify(plugin);
        long failed = checks.stream().filter(c -> !c.passed()).count();
        checks.forEach(c -> console.line((c.passed() ? "passed " : "FAILED ") + c.contract() + ": " + c.detail()));
        console.line(checks.size() - failed + " passed, " + failed + " failed");
        return failed == 0;
    }

    @Command(
            name = "verify",
            description = "Runs the SPI's contracts on a jar or a YAML target, beside the installed plugins.")
    static final class Verify implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", description = "plugin jar, or YAML file that describes a target")
        Path file;

        @Mixin
        ContractLimit limit = new ContractLimit();

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            if (!Files.isRegularFile(file)) {
                throw new UserException(PluginProblems.JAR_NOT_THERE, "is no file; give a plugin jar", file.toString());
            }
            return isSound(new Console(), PluginFile.read(file), home, limit) ? 0 : 1;
        }
    }

    @Command(
            name = "install",
            description =
                    "Verifies a jar or a YAML target, copies it into the plugin folder and adds it to plugins.lock.")
    static final class Install implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", description = "plugin jar, or YAML file that describes a target")
        Path file;

        @Mixin
        ContractLimit limit = new ContractLimit();

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            PluginInstallation installation = home.installation();
            PluginFile plugin = installation.examine(file);
            if (!isSound(console, plugin, home, limit)) {
                console.problem(Problem.error(
                        PluginProblems.CONTRACT_BROKEN,
                        "breaks the contracts above and was not installed",
                        file.toString()));
                return 1;
            }
            console.line(installation.install(plugin));
            return 0;
        }
    }

    @Command(name = "remove", description = "Deletes an installed plugin's file and its line in plugins.lock.")
    static final class Remove implements Callable<Integer> {
        @Parameters(paramLabel = "ID", description = "plugin id, or file name, as 'plugins list' shows it")
        String id;

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            new Console().line(home.installation().remove(id));
            return 0;
        }
    }

    @Command(name = "disable", description = "Keeps an installed plugin from loading; its file stays.")
    static final class Disable implements Callable<Integer> {
        @Parameters(paramLabel = "ID", description = "plugin id, as 'plugins list' shows it")
        String id;

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            new Console().line(home.installation().disable(id, true));
            return 0;
        }
    }

    @Command(name = "enable", description = "Lets a disabled plugin load again.")
    static final class Enable implements Callable<Integer> {
        @Parameters(paramLabel = "ID", description = "plugin id, as 'plugins list' shows it")
        String id;

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            new Console().line(home.installation().disable(id, false));
            return 0;
        }
    }

    @Command(
            name = "lock",
            description = "Writes plugins.lock for the sound files that lie in the plugin folder now, unverified.")
    static final class Lock implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            int locked = home.installation().lock(r -> warn(console, List.of(r)));
            console.line(locked + " plugins locked");
            return 0;
        }
    }
}
