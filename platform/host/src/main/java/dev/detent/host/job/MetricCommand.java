package dev.detent.host.job;

import dev.detent.host.problem.TuneProblems;
import dev.detent.host.process.SupervisedProcess;
import dev.detent.spi.problem.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;

/**
 * A person's own judge: any command that prints a number, the more the better.
 *
 * @param command for the system's shell; {@code {folder}} stands for the folder of a run
 */
public record MetricCommand(String command) {

    /** What the number is called. */
    public static final String ID = "command";

    private static final String FOLDER = "{folder}";

    /** The number that the command prints last about a folder; what it says on standard error is shown. */
    double judge(Path folder) {
        boolean windows = System.getProperty("os.name", "").startsWith("Windows");
        String path = windows
                ? '"' + folder.toString() + '"'
                : "'" + folder.toString().replace("'", "'\\''") + "'";
        String line = command.replace(FOLDER, path);
        try {
            Process process = new ProcessBuilder(windows ? List.of("cmd", "/c", line) : List.of("/bin/sh", "-c", line))
                    .redirectError(Redirect.INHERIT)
                    .start();
            return SupervisedProcess.watch(process, MetricCommand::end, this::result);
        } catch (IOException e) {
            throw failed("cannot be run: " + e.getMessage());
        }
    }

    private double result(Process process) throws IOException {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), Charset.defaultCharset()))) {
            process.getOutputStream().close();
            String last = "";
            for (String l = out.readLine(); l != null; l = out.readLine()) {
                last = l.isBlank() ? last : l.trim();
            }
            int code = process.waitFor();
            if (code != 0) {
                throw failed("ended with exit code " + code + (last.isEmpty() ? "" : ", saying '" + last + "'"));
            }
            return number(last);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("was interrupted");
        }
    }

    /** The shell first, which would go on to its next command, and then what it started. */
    private static void end(Process process) {
        List<ProcessHandle> started = process.descendants().toList();
        process.destroy();
        started.forEach(ProcessHandle::destroy);
    }

    private double number(String last) {
        if (last.isEmpty()) {
            throw failed("printed nothing; its last line must be a number");
        }
        try {
            double value = Double.parseDouble(last);
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw failed("printed '" + last + "' last, which is no number");
        }
        throw failed("printed '" + last + "' last, which is no finite number");
    }

    private UserException failed(String what) {
        return new UserException(TuneProblems.COMMAND_FAILED, what, command);
    }
}
