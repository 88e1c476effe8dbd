package dev.detent.host.observe;

import dev.detent.host.artifact.AtomicFile;
import dev.detent.host.artifact.OutputNames;
import dev.detent.host.data.DataFile;
import dev.detent.host.problem.DataProblems;
import dev.detent.host.problem.ObservationProblems;
import dev.detent.spi.problem.UserException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * Statistics on disk: a line with the version, the deflated payload, and the SHA-256 of all before it. Equal statistics
 * give equal bytes. Only a file of statistics is written over, and never by half.
 */
public final class ObservationsFile {

    private static final String NAME = "detent-observations ";
    private static final byte[] START = (NAME + "1\n").getBytes(StandardCharsets.US_ASCII);
    private static final int DIGEST = 32;

    private ObservationsFile() {}

    /** A file as it is given, or the one in a folder that {@code detent quantize} wrote. */
    public static Path in(Path given) {
        return Files.isDirectory(given) ? given.resolve(OutputNames.OBSERVATIONS) : given;
    }

    /**
     * Reads a file.
     *
     * @throws UserException when it is none, damaged, or of a newer Detent
     */
    public static Observations read(Path file) {
        byte[] content;
        try {
            // What begins otherwise may be of any size: a model, for example.
            content = begins(file) ? Files.readAllBytes(file) : new byte[0];
        } catch (NoSuchFileException e) {
            throw new UserException(
                    DataProblems.UNREADABLE,
                    file.endsWith(OutputNames.OBSERVATIONS)
                            ? "is not there: a run keeps no statistics without data, with --no-observations, or where they "
                                    + "are large beside the model; make them with 'detent observe'"
                            : "is not there",
                    file.toString(),
                    e);
        } catch (IOException e) {
            throw new UserException(DataProblems.UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e);
        }
        String head = new String(content, 0, Math.min(content.length, START.length + 8), StandardCharsets.ISO_8859_1);
        if (head.startsWith(NAME) && !head.startsWith(new String(START, StandardCharsets.US_ASCII))) {
            throw new UserException(
                    ObservationProblems.NEWER, "was written by a newer Detent than this one", file.toString());
        }
        int end = content.length - DIGEST;
        if (end < START.length
                || !head.startsWith(NAME)
                || !Arrays.equals(digest(content, end), Arrays.copyOfRange(content, end, content.length))) {
            throw damaged(file, "its digest does not fit");
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(
                new InflaterInputStream(new ByteArrayInputStream(content, START.length, end - START.length))))) {
            return new ObservationReader(in).read();
        } catch (IOException | IllegalArgumentException e) {
            throw damaged(file, String.valueOf(e.getMessage()));
        }
    }

    private static UserException damaged(Path file, String why) {
        return new UserException(
                ObservationProblems.DAMAGED,
                "is damaged or no file of 'detent observe' (" + why + ")",
                file.toString());
    }

    /** The bytes of a file. */
    public static byte[] bytes(Observations observations) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(START);
        try (DataOutputStream out = new DataOutputStream(new DeflaterOutputStream(all))) {
            new ObservationWriter(out).write(observations);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        all.writeBytes(digest(all.toByteArray(), all.size()));
        return all.toByteArray();
    }

    /**
     * Looks before anything is done whether a file may be written.
     *
     * @throws UserException when something else has the name
     */
    public static void refuseOther(Path file) {
        if (Files.isDirectory(file)) {
            throw new UserException(
                    ObservationProblems.NOT_WRITTEN, "is a folder; give a file with --out", file.toString());
        }
        if (Files.exists(file) && !isOurs(file)) {
            throw new UserException(
                    ObservationProblems.NOT_WRITTEN,
                    "is no file of 'detent observe' and is not overwritten; give another file with --out",
                    file.toString());
        }
    }

    private static boolean isOurs(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try {
            return begins(file);
        } catch (IOException e) {
            return false;
        }
    }

    /** As a file of statistics does, or with nothing at all. */
    private static boolean begins(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(DataFile.regular(file))) {
            byte[] start = in.readNBytes(NAME.length());
            return start.length == 0 || new String(start, StandardCharsets.ISO_8859_1).equals(NAME);
        }
    }

    /** Writes a file in one step. */
    public static void write(Path file, Observations observations) {
        refuseOther(file);
        try {
            AtomicFile.write(file, bytes(observations));
        } catch (IOException e) {
            throw new UserException(
                    ObservationProblems.NOT_WRITTEN, "cannot be written: " + e.getMessage(), file.toString(), e);
        }
    }

    private static byte[] digest(byte[] content, int length) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(content, 0, length);
            return sha.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
