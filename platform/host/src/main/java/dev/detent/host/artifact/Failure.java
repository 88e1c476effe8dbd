package dev.detent.host.artifact;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;

/** What the file system threw, as the end of a sentence. */
final class Failure {

    private Failure() {}

    static String reason(Exception e) {
        Throwable t = e instanceof UncheckedIOException u && u.getCause() != null ? u.getCause() : e;
        if (t instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        return t instanceof AccessDeniedException
                ? "access denied"
                : t instanceof DirectoryNotEmptyException ? "the folder is not empty" : String.valueOf(t.getMessage());
    }
}
