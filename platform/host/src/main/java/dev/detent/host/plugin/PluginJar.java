package dev.detent.host.plugin;

import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.SpiVersion;
import dev.detent.spi.problem.Problem;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.pf4j.DefaultVersionManager;

/**
 * A plugin jar as it lies in the folder: read and judged before any class of it runs. PF4J itself logs and skips what
 * it does not like; here every problem becomes a sentence.
 *
 * @param manifest the attributes of its manifest that begin with {@code Plugin-}
 * @param extensions class names that its index lists, sorted
 */
public record PluginJar(
        Path file, Map<String, String> manifest, String sha256, List<String> extensions, List<Problem> problems)
        implements PluginFile {

    private static final String INDEX = "META-INF/extensions.idx";
    private static final String ID = "[A-Za-z0-9][A-Za-z0-9._-]*";
    private static final String VERSION = "[A-Za-z0-9][A-Za-z0-9._+-]*";
    private static final int CLASS_MAGIC = 0xCAFEBABE;
    private static final int JAVA_17 = 61;

    /** @return with its problems when it is none, or cannot be read at all; never throws */
    public static PluginJar read(Path file) {
        List<Problem> problems = new ArrayList<>();
        String where = file.getFileName().toString();
        Map<String, String> manifest = Map.of();
        List<String> extensions = List.of();
        String sha256 = "";
        try {
            JarLimits.checkFile(file);
            sha256 = PluginFile.sha256(file);
            try (JarFile jar = new JarFile(file.toFile(), true)) {
                JarLimits.checkEntries(jar);
                manifest = manifest(jar);
                if (checkManifest(manifest, where, problems)) {
                    extensions = index(jar);
                    if (extensions.isEmpty()) {
                        problems.add(Problem.error(
                                PluginProblems.NO_EXTENSIONS,
                                "has no extension index (" + INDEX
                                        + "); put pf4j on annotationProcessorPaths and build it again",
                                where));
                    }
                    checkEntries(jar, extensions, where, problems);
                }
            }
        } catch (JarLimits.Exceeded e) {
            problems.add(Problem.error(PluginProblems.TOO_LARGE, String.valueOf(e.getMessage()), where));
        } catch (IOException | RuntimeException e) {
            problems.add(Problem.error(PluginProblems.NO_JAR, "cannot be read as a jar: " + e.getMessage(), where));
        }
        return new PluginJar(file, manifest, sha256, extensions, List.copyOf(problems));
    }

    @Override
    public String id() {
        return text("Plugin-Id");
    }

    @Override
    public String version() {
        return text("Plugin-Version");
    }

    /** Which SPI it needs, as a range. */
    public String requires() {
        return text("Plugin-Requires");
    }

    @Override
    public String description() {
        return text("Plugin-Description");
    }

    /** Ids of the plugins it cannot do without. */
    List<String> dependencies() {
        return Arrays.stream(text("Plugin-Dependencies").split(","))
                .map(d -> d.replaceAll("@.*", "").trim())
                .filter(d -> !d.isEmpty() && !d.endsWith("?"))
                .toList();
    }

    private String text(String name) {
        return manifest.getOrDefault(name, "");
    }

    private static Map<String, String> manifest(JarFile jar) throws IOException {
        Manifest manifest = jar.getManifest();
        Attributes all = manifest == null ? new Attributes() : manifest.getMainAttributes();
        Map<String, String> ours = new TreeMap<>();
        all.forEach((k, v) -> {
            if (String.valueOf(k).startsWith("Plugin-")) {
                ours.put(String.valueOf(k), String.valueOf(v).trim());
            }
        });
        return ours;
    }

    /** @return whether it is a plugin at all */
    private static boolean checkManifest(Map<String, String> manifest, String where, List<Problem> problems) {
        String id = manifest.getOrDefault("Plugin-Id", "");
        String version = manifest.getOrDefault("Plugin-Version", "");
        if (id.isEmpty() || version.isEmpty()) {
            problems.add(Problem.error(
                    PluginProblems.NO_PLUGIN,
                    "is no Detent plugin: its manifest lacks Plugin-Id or Plugin-Version",
                    where));
            return false;
        }
        if (!id.matches(ID) || !version.matches(VERSION)) {
            problems.add(Problem.error(
                    PluginProblems.ID_FORM,
                    "calls itself '" + id + " " + version
                            + "'; Plugin-Id and Plugin-Version have letters, digits and . _ - (a version + as well) only",
                    where));
            return false;
        }
        checkRequires(manifest.getOrDefault("Plugin-Requires", ""), where, problems);
        return true;
    }

    private static void checkRequires(String requires, String where, List<Problem> problems) {
        if (requires.isEmpty()) {
            problems.add(Problem.error(
                    PluginProblems.NO_REQUIRES,
                    "does not say which SPI it needs (Plugin-Requires, e.g. '>=1.0.0 & <2.0.0')",
                    where));
            return;
        }
        try {
            if (!new DefaultVersionManager().checkVersionConstraint(SpiVersion.CURRENT, requires)) {
                problems.add(Problem.error(
                        PluginProblems.OTHER_SPI,
                        "needs SPI " + requires + ", this is SPI " + SpiVersion.CURRENT
                                + "; get a version of the plugin that fits",
                        where));
            }
        } catch (RuntimeException e) {
            problems.add(Problem.error(
                    PluginProblems.NO_REQUIRES,
                    "has a Plugin-Requires that is no version range: '" + requires + "'",
                    where));
        }
    }

    private static List<String> index(JarFile jar) throws IOException {
        JarEntry entry = jar.getJarEntry(INDEX);
        if (entry == null) {
            return List.of();
        }
        Set<String> names = new TreeSet<>();
        // Counted by itself: with the other entries it is read, and counted, once more.
        InputStream counted = new JarLimits().counted(entry, jar.getInputStream(entry));
        try (BufferedReader r = new BufferedReader(new InputStreamReader(counted, StandardCharsets.UTF_8))) {
            for (String line = r.readLine(); line != null; line = r.readLine()) {
                names.add(line.replaceAll("#.*", "").trim());
            }
        }
        names.remove("");
        return List.copyOf(names);
    }

    private static void checkEntries(JarFile jar, List<String> extensions, String where, List<Problem> problems)
            throws IOException {
        for (String e : extensions) {
            if (jar.getJarEntry(e.replace('.', '/') + ".class") == null) {
                problems.add(Problem.error(
                        PluginProblems.EXTENSION_NOT_THERE,
                        "its extension index names the class " + e + ", which is not in the jar",
                        where));
            }
        }
        boolean bundled = false;
        JarLimits limits = new JarLimits();
        for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
            JarEntry entry = entries.nextElement();
            if (!bundled
                    && entry.getName().endsWith(".class")
                    && AllowListClassLoader.isFromHost(entry.getName().replace('/', '.'))) {
                bundled = true;
                problems.add(Problem.error(
                        PluginProblems.BUNDLES_HOST,
                        "bundles " + entry.getName().replaceAll("/[^/]*$", "").replace('/', '.')
                                + ", which the host provides; declare the SPI as 'provided'",
                        where));
            }
            // Reading every entry to its end is what makes JarFile check a signature.
            try (InputStream in = limits.counted(entry, jar.getInputStream(entry))) {
                if (entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/versions/")) {
                    DataInputStream data = new DataInputStream(in);
                    if (data.readInt() != CLASS_MAGIC || (data.readInt() & 0xffff) > JAVA_17) {
                        problems.add(Problem.error(
                                PluginProblems.OTHER_JAVA, "class " + entry.getName() + " is not for Java 17", where));
                        return;
                    }
                }
                in.transferTo(java.io.OutputStream.nullOutputStream());
            }
        }
    }

    /** The text of a small entry; empty when there is none. */
    public static String entry(Path file, String name) throws IOException {
        try (JarFile jar = new JarFile(file.toFile())) {
            JarEntry entry = jar.getJarEntry(name);
            if (entry == null) {
                return "";
            }
            try (InputStream in = jar.getInputStream(entry)) {
                return new String(in.readNBytes(JarLimits.TEXT_BYTES), StandardCharsets.UTF_8);
            }
        }
    }
}
