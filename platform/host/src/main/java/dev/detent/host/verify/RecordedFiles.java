package dev.detent.host.verify;

import dev.detent.host.artifact.FileDigest;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.artifact.RecordSeal;
import dev.detent.host.artifact.Sha256;
import dev.detent.host.problem.VerificationProblems;
import dev.detent.host.record.JsonFile;
import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the files of a finished run against the digests in its record, and the record against its seal: whatever byte
 * was damaged or edited since, this notices, also where no toolchain and no check of ours reads it.
 */
final class RecordedFiles {

    private RecordedFiles() {}

    /**
     * What is not as the run wrote it, file by file.
     *
     * @param record of a run, for one target or several; the files lie beside it
     */
    static List<Problem> problems(JsonFile record) {
        List<Problem> problems = new ArrayList<>();
        if (!isSealed(record.path())) {
            problems.add(Problem.error(
                    VerificationProblems.RECORD_CHANGED,
                    "is not as the run wrote it: its last line is a digest of what stands before it, and does not fit",
                    record.path().toString()));
        }
        List<FileDigest> files = record.get(json -> FileDigest.listed(json.getAsJsonObject()));
        for (FileDigest recorded : files) {
            Path file = record.path().resolveSibling(recorded.name());
            if (!Files.isRegularFile(file)) {
                problems.add(Problem.error(
                        VerificationProblems.FILE_UNREADABLE, "is missing; the run wrote it", file.toString()));
            } else if (!Sha256.of(file).equals(recorded.sha256())) {
                problems.add(Problem.error(
                        VerificationProblems.FILE_CHANGED,
                        "is not the file that the run wrote: its SHA-256 is another than " + OutputNames.RECORD
                                + " says",
                        file.toString()));
            }
        }
        return problems;
    }

    private static boolean isSealed(Path record) {
        try {
            return RecordSeal.holds(record);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
