package dev.detent.cli;

import dev.detent.host.contract.PluginVerifier;
import dev.detent.host.plugin.PluginJar;
import dev.detent.host.plugin.PluginLock;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.testkit.ContractViolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "plugins",
        description = "Lists, checks, installs and locks plugin jars.",
        subcommands = {
            PluginsCommand.ListJars.class,
            PluginsCommand.Verify.class,
            PluginsCommand.Install.class,
            PluginsCommand.Lock.class
        })
final class PluginsCommand implements Callable<Integer> {

    @Override
    public Integer call() {
        throw new UserException(
                CliProblems.NO_SUBCOMMAND, "say what to do: list, verify JAR, install JAR or lock", "plugins");
    }

    @Command(name = "list", description = "Lists the jars of the plugin folder and what is wrong with them.")
    static final class ListJars implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            boolean sound = true;
            for (PluginJar j : home.host().jars()) {
                console.line(j.id() + " " + j.version() + "  " + j.description() + "  ("
                        + j.file().getFileName() + ", SPI " + j.requires() + ", sha256 "
                        + j.sha256().substring(0, 12) + "…)");
                j.problems().forEach(console::problem);
                sound &= j.problems().isEmpty();
            }
            return sound ? 0 : 3;
        }
    }

    @Command(name = "verify", description = "Runs the SPI's contracts on a packaged jar, beside the installed plugins.")
    static final class Verify implements Callable<Integer> {
        @Parameters(paramLabel = "JAR")
        Path jar;

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() {
            Console console = new Console();
            if (!Files.isRegularFile(jar)) {
                throw new UserException(PluginProblems.JAR_NOT_THERE, "is no file; give a plugin jar", jar.toString());
            }
            List<ContractViolation> checks = new PluginVerifier(home.plugins, home.info()).verify(jar);
            long failed = checks.stream().filter(c -> !c.passed()).count();
            checks.forEach(c -> console.line((c.passed() ? "passed " : "FAILED ") + c.contract() + ": " + c.detail()));
            console.line(checks.size() - failed + " passed, " + failed + " failed");
            return failed == 0 ? 0 : 1;
        }
    }

    @Command(name = "install", description = "Copies a sound jar into the plugin folder and adds it to plugins.lock.")
    static final class Install implements Callable<Integer> {
        @Parameters(paramLabel = "JAR")
        Path jar;

        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() throws IOException {
            PluginJar j = PluginJar.read(jar);
            if (!j.problems().isEmpty()) {
                throw new PluginException(j.problems(), null);
            }
            List<PluginJar> installed = new ArrayList<>(home.host().jars());
            installed.removeIf(i -> i.file().getFileName().equals(jar.getFileName()));
            if (installed.stream().anyMatch(i -> i.id().equals(j.id()))) {
                throw new PluginException(
                        List.of(Problem.error(
                                PluginProblems.ID_TWICE,
                                "has the id '" + j.id() + "' of an installed plugin; remove that one first",
                                jar.toString())),
                        null);
            }
            Files.copy(jar, home.plugins.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            Files.writeString(
                    home.plugins.resolve(PluginLock.FILE),
                    PluginLock.render(home.host().jars()));
            new Console().line("installed " + j.id() + " " + j.version());
            return 0;
        }
    }

    @Command(name = "lock", description = "Writes plugins.lock for the jars that lie in the plugin folder now.")
    static final class Lock implements Callable<Integer> {
        @Mixin
        InstallationOptions home;

        @Override
        public Integer call() throws IOException {
            List<PluginJar> jars = home.host().jars();
            Files.writeString(home.plugins.resolve(PluginLock.FILE), PluginLock.render(jars));
            new Console().line(jars.size() + " plugins locked");
            return 0;
        }
    }
}
