package dev.detent.host.contract;

import dev.detent.host.problem.PluginProblems;
import dev.detent.host.process.JavaProcess;
import dev.detent.host.process.SupervisedProcess;
import dev.detent.spi.HostInfo;
import dev.detent.spi.problem.InternalException;
import dev.detent.testkit.ContractViolation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Java process like this one that runs the contracts of a plugin. It may hang, exit or crash: what counts is what it
 * reports, and that it reports the end.
 */
final class ContractProcess {

    private static final int POLL_MS = 50;

    /** Ours take milliseconds to clean up. */
    private static final int HOOKS_MS = 5_000;

    private final Path folder;
    private final List<String> files;
    private final HostInfo info;
    private final Duration timeout;

    /**
     * @param folder plugin files with their lock
     * @param files whose contracts run, see {@link PluginContracts#run}
     * @param timeout for one contract
     */
    ContractProcess(Path folder, List<String> files, HostInfo info, Duration timeout) {
        this.folder = folder;
        this.files = files;
        this.info = info;
        this.timeout = timeout;
    }

    /** Entry of the process: folder, report, versions of Detent and SPI, files. */
    public static void main(String[] args) {
        ContractReport report = new ContractReport(Path.of(args[1]));
        new PluginContracts(report)
                .run(Path.of(args[0]), Arrays.asList(args).subList(4, args.length), new HostInfo(args[2], args[3]));
        report.end();
        // Neither a thread nor a shutdown hook that the plugin left behind may keep the process.
        Thread halt = new Thread(ContractProcess::haltLater, "detent-halt");
        halt.setDaemon(true);
        halt.start();
        System.exit(0);
    }

    private static void haltLater() {
        try {
            Thread.sleep(HOOKS_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(0);
    }

    List<ContractViolation> run(Path reported) throws IOException {
        ContractReport report = new ContractReport(reported);
        Process process = new ProcessBuilder(command(reported))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return SupervisedProcess.watch(process, Process::destroyForcibly, p -> checks(p, report));
    }

    private List<ContractViolation> checks(Process process, ContractReport report) throws IOException {
        boolean ended = await(process, report);
        List<String[]> lines = report.lines();
        List<ContractViolation> checks = new ArrayList<>(ContractReport.checks(lines));
        if (!ended) {
            checks.add(failed("did not end within " + timeout.toSeconds() + " s in " + ContractReport.last(lines)));
        } else if (lines.stream().noneMatch(l -> l[0].equals(ContractReport.END))) {
            checks.add(failed("ended the process in " + ContractReport.last(lines)
                    + "; a plugin may call neither System.exit nor Runtime.halt, and may not crash Java (exit code "
                    + process.exitValue() + ")"));
        }
        return checks;
    }

    private ContractViolation failed(String sentence) {
        return new ContractViolation("ProcessContract", false, files.get(0) + " " + sentence);
    }

    /** @return false when a contract did not end in time */
    private boolean await(Process process, ContractReport report) throws IOException {
        int known = -1;
        long since = System.nanoTime();
        try {
            while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
                List<String[]> lines = report.lines();
                if (lines.size() != known) {
                    known = lines.size();
                    since = System.nanoTime();
                } else if (System.nanoTime() - since > timeout.toNanos()) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InternalException(PluginProblems.INTERRUPTED, "verifying was interrupted", files.get(0), e);
        }
    }

    private List<String> command(Path reported) {
        List<String> arguments =
                new ArrayList<>(List.of(folder.toString(), reported.toString(), info.version(), info.spiVersion()));
        arguments.addAll(files);
        return JavaProcess.command(ContractProcess.class, List.of(), arguments);
    }
}
