package dev.detent.host.plugin;

import com.google.inject.Guice;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.HostInfo;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Loads a folder of plugin files. Every file is inspected and checked against the lock before any code of it runs. One
 * that is wrong, in whatever way, is refused with a sentence; the others work.
 */
public final class PluginHost {

    private final Path folder;
    private final boolean allowUnlisted;
    private final HostInfo info;

    public PluginHost(Path folder, boolean allowUnlisted, HostInfo info) {
        this.folder = folder.toAbsolutePath().normalize();
        this.allowUnlisted = allowUnlisted;
        this.info = info;
    }

    /**
     * Makes a first injector on a thread of its own: what that loads and sets up takes as long as reading the command
     * line.
     */
    public static void preload() {
        Thread thread = new Thread(
                () -> Guice.createInjector(binder -> binder.bind(HostInfo.class).toInstance(new HostInfo("", ""))),
                "detent-preload");
        thread.setDaemon(true);
        thread.start();
    }

    /** Id and version of the plugin whose code is nearest to the top of a stack. */
    public static Optional<String> owner(StackTraceElement[] stack) {
        return AllowListClassLoader.owner(stack);
    }

    /** The jars and YAML files of the folder, judged, sorted by file name. */
    public List<PluginFile> files() {
        if (!Files.isDirectory(folder)) {
            throw new UserException(
                    PluginProblems.NO_PLUGIN_FOLDER,
                    "is no folder; Detent expects its plugins there",
                    folder.toString());
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .filter(f -> isPlugin(f.getFileName().toString()))
                    .sorted(Comparator.comparing(f -> f.getFileName().toString()))
                    .toList()
                    .parallelStream()
                    .map(PluginFile::read)
                    .toList();
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.FOLDER_UNREADABLE, "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
    }

    /** Whether a file of that name is taken for a plugin. */
    static boolean isPlugin(String name) {
        return !name.startsWith(".") && (name.endsWith(".jar") || name.endsWith(".yaml"));
    }

    /**
     * What lies in the folder, sorted out.
     *
     * @param sound files whose code may run, those that others depend on first
     * @param refused the others
     * @param disabled ids of plugins that a person switched off
     */
    record Sorted(List<PluginFile> sound, List<RefusedPlugin> refused, List<String> disabled) {}

    /** The files that would load now, judged by what can be seen without running their code. */
    public List<PluginFile> usable() {
        return sorted().sound();
    }

    /**
     * Everything that can be loaded. What cannot is {@link Registry#refused}.
     *
     * @throws PluginException when there is no lock, or a plugin does not come back from its constructor
     */
    public Registry load() {
        Sorted sorted = sorted();
        List<RefusedPlugin> refused = new ArrayList<>(sorted.refused());
        Contributions all = LoadingDeadline.run(
                deadline -> new PluginInstances(folder, info, deadline, refused).load(sorted.sound()));
        refused.sort(Comparator.comparing(RefusedPlugin::file));
        return new Registry(all, refused, sorted.disabled(), Map.of());
    }

    private Sorted sorted() {
        PluginLock lock = PluginLock.read(folder);
        List<PluginFile> files = new ArrayList<>(files());
        if (!allowUnlisted && !files.isEmpty() && !Files.exists(folder.resolve(PluginLock.FILE))) {
            throw new PluginException(
                    PluginProblems.NO_LOCK,
                    "is missing, so no plugin may load; write it with 'detent plugins lock', or use --allow-unlisted",
                    folder.resolve(PluginLock.FILE).toString());
        }
        files.sort(lock.elderFirst());
        List<String> disabled = files.stream()
                .map(PluginFile::id)
                .filter(lock::isDisabled)
                .sorted()
                .toList();
        files.removeIf(f -> lock.isDisabled(f.id()));
        List<RefusedPlugin> refused = new ArrayList<>();
        return new Sorted(sound(files, lock, refused), refused, disabled);
    }

    /** The files whose code may run, those that others depend on first. */
    private List<PluginFile> sound(List<PluginFile> files, PluginLock lock, List<RefusedPlugin> refused) {
        List<PluginFile> candidates = new ArrayList<>();
        Map<String, PluginFile> byId = new HashMap<>();
        for (PluginFile f : files) {
            List<Problem> problems = new ArrayList<>(f.problems());
            if (problems.isEmpty() && !allowUnlisted) {
                lock.problem(f).ifPresent(problems::add);
            }
            PluginFile before = problems.isEmpty() ? byId.putIfAbsent(f.id(), f) : null;
            if (before != null) {
                problems.add(idTwice(f, before));
            }
            if (problems.isEmpty()) {
                candidates.add(f);
            } else {
                refused.add(new RefusedPlugin(f.name(), problems));
            }
        }
        return ordered(candidates, refused);
    }

    /** Why a file may not load beside another one. */
    static Problem idTwice(PluginFile file, PluginFile before) {
        return Problem.error(
                PluginProblems.ID_TWICE,
                "has the same plugin id '" + file.id() + "' as " + before.name() + "; remove one of them",
                file.name());
    }

    private static List<PluginFile> ordered(List<PluginFile> candidates, List<RefusedPlugin> refused) {
        List<PluginFile> ordered = new ArrayList<>();
        Set<String> there = new HashSet<>();
        List<PluginFile> left = new ArrayList<>(candidates);
        boolean grown = true;
        while (grown) {
            grown = false;
            for (PluginFile f : List.copyOf(left)) {
                if (there.containsAll(dependencies(f))) {
                    left.remove(f);
                    ordered.add(f);
                    there.add(f.id());
                    grown = true;
                }
            }
        }
        for (PluginFile f : left) {
            List<String> missing =
                    dependencies(f).stream().filter(d -> !there.contains(d)).toList();
            refused.add(new RefusedPlugin(
                    f.name(),
                    List.of(Problem.error(
                            PluginProblems.DEPENDENCY,
                            "needs the plugin " + String.join(", ", missing)
                                    + ", which is not installed, was refused or needs this one itself",
                            f.name()))));
        }
        return ordered;
    }

    private static List<String> dependencies(PluginFile f) {
        return f instanceof PluginJar jar ? jar.dependencies() : List.of();
    }
}
