package dev.detent.cli;

import dev.detent.host.process.SupervisedProcess;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether a command that runs models does so in a process of its own, and how long it may take. */
final class IsolationOptions {

    @Option(
            names = "--isolate",
            description = "run in a process of its own: when native code or a plugin ends that, this one says so")
    boolean isolate;

    @Option(
            names = "--timeout",
            converter = PositiveIntegerConverter.class,
            paramLabel = "S",
            description = "end the run after so many seconds, with nothing half-written; as --isolate")
    Optional<Integer> timeout = Optional.empty();

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // Set by picocli.
    CommandSpec command;

    /** The job's exit code, whichever process does it. */
    int run(Callable<Integer> job) throws Exception {
        boolean supervised = (isolate || timeout.isPresent()) && !SupervisedProcess.isChild();
        return supervised
                ? new Supervisor(timeout)
                        .run(command.root().commandLine().getParseResult().originalArgs())
                : job.call();
    }
}
