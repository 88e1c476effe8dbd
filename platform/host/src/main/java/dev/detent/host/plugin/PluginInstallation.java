package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Changes a plugin folder: every change touches one plugin's file and line of the lock and leaves the others as they
 * are. Answers are sentences for a person. For one process at a time.
 */
public final class PluginInstallation {

    private final Path folder;
    private final PluginHost host;

    /** @param host of the same folder */
    public PluginInstallation(Path folder, PluginHost host) {
        this.folder = folder;
        this.host = host;
    }

    /** Judges a file and whether it has a place here, before any code of it runs. */
    public PluginFile examine(Path file) {
        String name = String.valueOf(file.getFileName());
        if (!PluginHost.isPlugin(name) || !Files.isRegularFile(file)) {
            throw new UserException(
                    PluginProblems.JAR_NOT_THERE, "is no plugin; give a .jar or a .yaml file", file.toString());
        }
        PluginFile plugin = PluginFile.read(file);
        if (!plugin.problems().isEmpty()) {
            throw new PluginException(plugin.problems(), null);
        }
        for (PluginFile there : host.files()) {
            boolean sameId = there.id().equals(plugin.id());
            if (there.name().equals(name) && !sameId) {
                throw new UserException(
                        PluginProblems.NAME_TAKEN,
                        "has the file name of another plugin"
                                + (there.id().isEmpty() ? "" : ", '" + there.id() + "'")
                                + "; give the file another name, or remove that one with 'detent plugins remove'",
                        file.toString());
            }
            if (sameId && !there.name().equals(name)) {
                throw new PluginException(
                        PluginProblems.ID_TWICE,
                        "has the id '" + plugin.id() + "' of an installed plugin (" + there.name()
                                + "); remove that one first: detent plugins remove " + plugin.id(),
                        file.toString());
            }
        }
        return plugin;
    }

    /**
     * Puts an examined file into the folder and its line into the lock. The file that ends up there is the one that was
     * examined.
     */
    public String install(PluginFile plugin) {
        Path place = folder.resolve(plugin.name());
        Path partial = folder.resolve("." + plugin.name() + ".partial");
        String before =
                Files.exists(place) ? " in place of " + PluginFile.read(place).version() : "";
        try {
            try {
                Files.copy(plugin.file(), partial, StandardCopyOption.REPLACE_EXISTING);
                if (!PluginFile.sha256(partial).equals(plugin.sha256())) {
                    throw new UserException(
                            PluginProblems.CHANGED_MEANWHILE,
                            "changed while it was being installed; try again",
                            plugin.file().toString());
                }
                Files.move(partial, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.FILE_REFUSED, "cannot be written: " + e.getMessage(), place.toString(), e);
        }
        PluginLock.read(folder).with(plugin).write();
        return "installed " + plugin.id() + " " + plugin.version() + before;
    }

    /** @param named its id, or the file name of one that has none */
    public String remove(String named) {
        List<PluginFile> found = host.files().stream()
                .filter(f -> f.id().equals(named) || f.name().equals(named))
                .toList();
        PluginLock lock = PluginLock.read(folder);
        if (found.size() > 1) {
            throw new UserException(
                    PluginProblems.AMBIGUOUS,
                    "is the id of several files ("
                            + String.join(
                                    ", ", found.stream().map(PluginFile::name).toList()) + "); give a file name",
                    named);
        }
        if (found.isEmpty() || Files.isDirectory(found.get(0).file())) {
            throw new UserException(PluginProblems.NOT_INSTALLED, noSuch(found), named);
        }
        PluginFile plugin = found.get(0);
        // The other way round, a crash would leave a line that trusts whatever comes to lie there.
        if (lock.problem(plugin).isEmpty()) {
            lock.without(plugin.id()).write();
        }
        try {
            Files.delete(plugin.file());
        } catch (IOException e) {
            throw new UserException(
                    PluginProblems.FILE_REFUSED, "cannot be removed: " + e.getMessage(), plugin.name(), e);
        }
        return "removed " + plugin.name();
    }

    private static String noSuch(List<PluginFile> found) {
        return found.isEmpty()
                ? "is the id of no installed plugin; 'detent plugins list' lists them"
                : "is a folder; Detent removes files only";
    }

    /** Switches an installed plugin off or on; its file stays. */
    public String disable(String id, boolean disabled) {
        PluginLock.read(folder)
                .with(id, disabled)
                .orElseThrow(() -> new UserException(
                        PluginProblems.NOT_INSTALLED,
                        "is no plugin of " + PluginLock.FILE + "; 'detent plugins list' lists them",
                        id))
                .write();
        return (disabled ? "disabled " : "enabled ") + id;
    }

    /**
     * Locks every sound file that lies in the folder now; of two with one id, the one that is locked already.
     *
     * @param refused gets a sentence for each of the others
     * @return how many are locked
     */
    public int lock(Consumer<RefusedPlugin> refused) {
        PluginLock lock = PluginLock.read(folder);
        Map<String, PluginFile> sound = new LinkedHashMap<>();
        List<RefusedPlugin> others = new ArrayList<>();
        for (PluginFile f : host.files().stream().sorted(lock.elderFirst()).toList()) {
            PluginFile before = f.problems().isEmpty() ? sound.putIfAbsent(f.id(), f) : null;
            if (before != null) {
                others.add(new RefusedPlugin(f.name(), List.of(PluginHost.idTwice(f, before))));
            } else if (!f.problems().isEmpty()) {
                others.add(new RefusedPlugin(f.name(), f.problems()));
            }
        }
        others.sort(Comparator.comparing(RefusedPlugin::file));
        others.forEach(refused);
        lock.of(List.copyOf(sound.values())).write();
        return sound.size();
    }
}
