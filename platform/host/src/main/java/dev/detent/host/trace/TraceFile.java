package dev.detent.host.trace;

import dev.detent.host.artifact.AtomicFile;
import dev.detent.host.problem.OutputProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A trace on disk. Only a file that is a trace already is written over, and never by half. */
public final class TraceFile {

    private static final Pattern TRACE = Pattern.compile("\\s*\\{\\s*\"schema\":\\s*\"ppq-trace/\\d+\"");
    private static final int START = 256;

    private TraceFile() {}

    /**
     * Looks before a run starts whether its trace may be written.
     *
     * @throws UserException when something else has the name
     */
    public static void refuseOther(Path file) {
        if (Files.isDirectory(file)) {
            throw new UserException(
                    OutputProblems.TRACE_NOT_OURS, "is a folder; give a file with --trace", file.toString());
        }
        if (Files.isRegularFile(file) && !isTrace(file)) {
            throw new UserException(
                    OutputProblems.TRACE_NOT_OURS,
                    "is no trace and is not overwritten; give another file with --trace",
                    file.toString());
        }
    }

    private static boolean isTrace(Path file) {
        try (var in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(START);
            return start.length == 0
                    || TRACE.matcher(new String(start, StandardCharsets.UTF_8)).lookingAt();
        } catch (IOException e) {
            return false;
        }
    }

    /** Writes a trace, in one step where the file is one and no device. */
    public static void write(Path file, String trace) {
        refuseOther(file);
        try {
            AtomicFile.write(file, trace.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.TRACE_NOT_WRITTEN, "cannot be written: " + e.getMessage(), file.toString(), e);
        }
    }
}
