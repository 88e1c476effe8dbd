package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * {@code plugins.lock}: one line {@code id version sha256}, and {@code disabled} where a person switched it off, for
 * every file that may load, in the order in which they were installed: where two contribute the same, the elder keeps
 * it. Other lines are comments. Immutable; {@link #write} replaces the file at one stroke.
 */
public final class PluginLock {

    public static final String FILE = "plugins.lock";

    private static final String DISABLED = "disabled";

    private final Path file;
    private final List<String> lines;

    private PluginLock(Path file, List<String> lines) {
        this.file = file;
        this.lines = List.copyOf(lines);
    }

    /** One file that may load. */
    private record Line(String id, String version, String sha256, boolean disabled) {

        static Optional<Line> parse(String text) {
            String[] part = text.trim().split("\\s+");
            boolean whole = part.length == 3 || part.length == 4 && part[3].equals(DISABLED);
            return whole && !text.startsWith("#")
                    ? Optional.of(new Line(part[0], part[1], part[2], part.length == 4))
                    : Optional.empty();
        }

        static Line of(PluginFile file, boolean disabled) {
            return new Line(file.id(), file.version(), file.sha256(), disabled);
        }

        @Override
        public String toString() {
            return id + " " + version + " " + sha256 + (disabled ? " " + DISABLED : "");
        }
    }

    /** The lock of a plugin folder; without lines when there is none. */
    public static PluginLock read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return new PluginLock(file, List.of());
        }
        try {
            return new PluginLock(file, Files.readAllLines(file));
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.LOCK_UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e);
        }
    }

    private Optional<Line> line(String id) {
        return lines.stream()
                .flatMap(l -> Line.parse(l).stream())
                .filter(l -> l.id().equals(id))
                .findFirst();
    }

    boolean isDisabled(String id) {
        return line(id).map(Line::disabled).orElse(false);
    }

    /** The place of an id among the installed; those that are not listed come last. */
    private int rank(String id) {
        List<String> ids = lines.stream()
                .flatMap(l -> Line.parse(l).stream())
                .map(Line::id)
                .toList();
        return ids.contains(id) ? ids.indexOf(id) : ids.size();
    }

    /** The elder keeps what two contribute, and the listed file its id. */
    Comparator<PluginFile> elderFirst() {
        return Comparator.comparingInt((PluginFile f) -> rank(f.id()))
                .thenComparing(f -> problem(f).isPresent())
                .thenComparing(PluginFile::name);
    }

    /** Why a file may not load; empty when it may. */
    Optional<Problem> problem(PluginFile plugin) {
        Optional<Line> listed = line(plugin.id());
        if (listed.isEmpty()) {
            return Optional.of(Problem.error(
                    PluginProblems.NOT_LISTED,
                    "plugin '" + plugin.id() + "' is not in " + FILE
                            + "; add it with 'detent plugins install' or 'detent plugins lock', or use --allow-unlisted",
                    plugin.name()));
        }
        Line l = listed.get();
        return l.version().equals(plugin.version()) && l.sha256().equals(plugin.sha256())
                ? Optional.empty()
                : Optional.of(Problem.error(
                        PluginProblems.CHANGED,
                        "plugin '" + plugin.id() + "' is not the file that " + FILE
                                + " lists; it was changed or replaced",
                        plugin.name()));
    }

    /** The same lock with a file as it is now, enabled; the other lines stay as they are. */
    public PluginLock with(PluginFile plugin) {
        return replaced(plugin.id(), l -> Line.of(plugin, false).toString()).orElseGet(() -> {
            List<String> more = new ArrayList<>(lines);
            more.add(Line.of(plugin, false).toString());
            return new PluginLock(file, more);
        });
    }

    /** The same lock without an id. */
    public PluginLock without(String id) {
        return new PluginLock(
                file,
                lines.stream()
                        .filter(l ->
                                Line.parse(l).filter(p -> p.id().equals(id)).isEmpty())
                        .toList());
    }

    /** The same lock with a plugin switched off or on; empty when it does not list it. */
    public Optional<PluginLock> with(String id, boolean disabled) {
        return replaced(id, l -> new Line(l.id(), l.version(), l.sha256(), disabled).toString());
    }

    private Optional<PluginLock> replaced(String id, java.util.function.Function<Line, String> change) {
        if (line(id).isEmpty()) {
            return Optional.empty();
        }
        UnaryOperator<String> changed =
                l -> Line.parse(l).filter(p -> p.id().equals(id)).map(change).orElse(l);
        return Optional.of(new PluginLock(file, lines.stream().map(changed).toList()));
    }

    /**
     * A lock of exactly these files: those it lists keep their place and stay disabled, new ones follow in alphabetical
     * order.
     */
    public PluginLock of(List<? extends PluginFile> plugins) {
        Map<String, String> now = new HashMap<>();
        plugins.forEach(p -> now.put(p.id(), Line.of(p, isDisabled(p.id())).toString()));
        List<String> all = new ArrayList<>();
        for (String l : lines) {
            Optional<Line> parsed = Line.parse(l);
            String text = parsed.isEmpty() ? l : now.remove(parsed.get().id());
            if (text != null) {
                all.add(text);
            }
        }
        now.values().stream().sorted().forEach(all::add);
        return new PluginLock(file, all);
    }

    /** Replaces the file; whoever reads it meanwhile sees the old or the new one. */
    public void write() {
        Path partial = file.resolveSibling("." + FILE + ".partial");
        try {
            Files.write(partial, lines);
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.LOCK_NOT_WRITTEN, "cannot be written: " + e.getMessage(), file.toString(), e);
        }
    }
}
