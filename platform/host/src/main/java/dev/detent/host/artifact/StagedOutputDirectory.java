package dev.detent.host.artifact;

import dev.detent.host.problem.OutputProblems;
import dev.detent.runtime.ScratchFolder;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where results are written: a staging folder first, whose files are put into the wanted folder when everything has
 * succeeded. Of what lies there only files that a former run lists in its record are replaced or removed; everything
 * else stays, or the run is refused before it starts. A killed process leaves the former result or, once the
 * {@link CommitJournal} lies in the staging folder, a new one that the next start completes.
 *
 * <p>One run at a time holds a folder. Used by the thread that runs the job; exporters' threads may write until
 * {@link #commit}. A shutdown of the process cleans up as {@link #close} does and waits for a commit that is under way.
 */
public final class StagedOutputDirectory implements AutoCloseable {

    private final Path shown;
    private final Path output;
    /** Those that were made for this run, innermost first. */
    private final List<Path> parents = new ArrayList<>();

    private final Thread cleaner = new Thread(this::discard, "detent-cleanup");
    private Optional<FolderLock> lock = Optional.empty();
    private Map<String, String> former = Map.of();
    private Staging staging;
    private volatile boolean closed;
    private boolean released;

    private StagedOutputDirectory(Path shown, Path output) {
        this.shown = shown;
        this.output = output;
        this.staging = Staging.of(output);
    }

    /**
     * Takes a folder, which need not exist, for a run.
     *
     * @param wanted as the person gave it; where it is a symbolic link, the folder it leads to is used and the link
     *     stays
     * @param inputs what the run reads
     * @param names files that the run is sure to write
     * @throws UserException when the folder cannot be used, with what is in the way
     */
    public static StagedOutputDirectory open(Path wanted, List<InputPath> inputs, List<String> names) {
        Path output = output(wanted);
        InputPath.refuseFolder(wanted, inputs);
        ScratchFolder.sweep();
        StagedOutputDirectory folder = new StagedOutputDirectory(wanted, output);
        try {
            // Before anything is made: whenever the process is ended from now on, this cleans up.
            Runtime.getRuntime().addShutdownHook(folder.cleaner);
            folder.begin(names);
            return folder;
        } catch (IOException | UncheckedIOException e) {
            folder.close();
            throw new UserException(
                    OutputProblems.REFUSED, "cannot be written: " + Failure.reason(e), wanted.toString(), e);
        } catch (RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    /** The folder itself, all links followed. */
    private static Path output(Path wanted) {
        Path absolute = wanted.toAbsolutePath().normalize();
        if (Files.isSymbolicLink(absolute) && !Files.exists(absolute)) {
            throw new UserException(
                    OutputProblems.NO_FOLDER,
                    "is a link that leads nowhere; give a folder with --out",
                    wanted.toString());
        }
        if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
            throw new UserException(OutputProblems.NO_FOLDER, "is a file; give a folder with --out", wanted.toString());
        }
        Path output = InputPath.real(absolute);
        if (output.getParent() == null) {
            throw new UserException(
                    OutputProblems.NO_FOLDER,
                    "is the root of all folders; give a new one with --out",
                    wanted.toString());
        }
        return output;
    }

    private synchronized void begin(List<String> names) throws IOException {
        if (closed) {
            throw new IllegalStateException("the process is ending");
        }
        createParents(Objects.requireNonNull(output.getParent()), parents);
        lock = FolderLock.tryAcquire(output);
        if (lock.isEmpty()) {
            throw new UserException(
                    OutputProblems.BUSY,
                    "is being written by another run of Detent; wait for it or give another folder with --out",
                    shown.toString());
        }
        settle(output, shown);
        FormerFiles files = FormerFiles.in(output, shown, names);
        files.refuseInTheWay(output, shown, names);
        former = new TreeMap<>(files.digests());
        staging = Staging.of(output);
        staging.create();
    }

    /**
     * Completes what a killed run had begun to put in place in a folder and removes what it left; does nothing where
     * nothing is left or another run is writing.
     */
    public static void recover(Path folder) {
        ScratchFolder.sweep();
        Path output = InputPath.real(folder);
        try {
            if (output.getParent() == null || Staging.left(output).isEmpty() && !FolderLock.isThere(output)) {
                return;
            }
            Optional<FolderLock> lock = FolderLock.tryAcquire(output);
            if (lock.isPresent()) {
                try (FolderLock held = lock.get()) {
                    settle(output, folder);
                }
            }
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.NOT_COMPLETED,
                    "holds an interrupted result that cannot be completed: " + Failure.reason(e),
                    folder.toString(),
                    e);
        }
    }

    private static void settle(Path output, Path shown) throws IOException {
        for (Staging left : Staging.left(output)) {
            Optional<CommitJournal> journal = CommitJournal.read(left);
            if (journal.isPresent()) {
                journal.get().check(left, output, shown);
                journal.get().redo(left, output, shown);
            }
            left.remove();
        }
    }

    /** Ends at the latest at the root of all folders, which has no parent and is always there. */
    private static void createParents(@Nullable Path folder, List<Path> created) throws IOException {
        if (folder != null && !Files.isDirectory(folder)) {
            createParents(folder.getParent(), created);
            Files.createDirectory(folder);
            created.add(0, folder);
        }
    }

    /** Innermost first, as far as they are empty. */
    private static void remove(List<Path> parents) {
        for (Path p : parents) {
            try {
                Files.deleteIfExists(p);
            } catch (IOException e) {
                // Somebody put something there.
                return;
            }
        }
    }

    /** Path of a file in staging. */
    public Path file(String name) {
        Path f = staging.content().resolve(name).normalize();
        if (!f.startsWith(staging.content()) || name.isBlank()) {
            throw new IllegalArgumentException("a file name must stay inside the output folder: " + name);
        }
        return f;
    }

    /** {@link #file} with the folders it lies in. */
    Path prepared(String name) throws IOException {
        if (closed) {
            throw new IllegalStateException("the run that '" + name + "' was to be written by is over");
        }
        Path file = file(name);
        staging.prepare(file);
        return file;
    }

    /** What a write into staging threw, as a sentence. */
    public UserException failed(String name, IOException e) {
        return new UserException(
                OutputProblems.WRITE_FAILED,
                "could not be written: " + Failure.reason(e),
                shown.resolve(name).toString(),
                e);
    }

    /** What has been staged, sorted. */
    public List<Path> staged() {
        try {
            return staging.names().stream().map(this::file).toList();
        } catch (IOException e) {
            throw failed("", e);
        }
    }

    /** Gives up what was staged below a folder; what a former run wrote there stays. */
    public synchronized void abandon(String prefix) {
        try {
            Staging.removeTree(file(prefix));
            former.keySet().removeIf(name -> name.startsWith(prefix));
        } catch (IOException e) {
            throw failed(prefix, e);
        }
    }

    /** Puts the results in place. */
    public synchronized void commit() {
        if (closed) {
            throw new IllegalStateException("the run is over");
        }
        closed = true;
        try {
            List<String> put = staging.names();
            new FormerFiles(former).refuseInTheWay(output, shown, put);
            if (!Files.exists(output)) {
                Files.move(staging.content(), output, StandardCopyOption.ATOMIC_MOVE);
                return;
            }
            CommitJournal journal = new CommitJournal(put, former);
            journal.check(staging, output, shown);
            if (!Files.isWritable(output)) {
                throw new IOException("access denied");
            }
            journal.write(staging);
            journal.redo(staging, output, shown);
        } catch (IOException e) {
            throw new UserException(
                    OutputProblems.PARTLY_PLACED,
                    "the results could not be put there: " + Failure.reason(e) + "; nothing in it was changed",
                    shown.toString(),
                    e);
        }
    }

    private synchronized void discard() {
        closed = true;
        if (released) {
            return;
        }
        released = true;
        // A run that was refused the lock has made nothing yet.
        if (lock.isPresent() && !Files.exists(staging.journal())) {
            staging.remove();
        }
        lock.ifPresent(FolderLock::close);
        if (!Files.exists(output)) {
            remove(parents);
        }
    }

    @Override
    public void close() {
        discard();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The machine is going down: the hook finds everything cleaned.
            return;
        }
    }
}
