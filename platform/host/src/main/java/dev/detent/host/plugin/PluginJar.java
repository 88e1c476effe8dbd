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
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.pf4j.DefaultVersionManager;

/**
 * A plugin jar as it lies in the folder: read and judged before any class of it runs. PF4J itself logs and skips what
 * it does not like; here every problem becomes a sentence.
 */
public record PluginJar(
        Path file,
        String id,
        String version,
        String requires,
        String provider,
        String description,
        String sha256,
        List<String> extensions,
        List<Problem> problems) {

    private static final String INDEX = "META-INF/extensions.idx";
    private static final int CLASS_MAGIC = 0xCAFEBABE;
    private static final int JAVA_17 = 61;

    public static PluginJar read(Path file) {
        List<Problem> problems = new ArrayList<>();
        String where = file.getFileName().toString();
        String id = "";
        String version = "";
        String requires = "";
        String provider = "";
        String description = "";
        List<String> extensions = List.of();
        try (JarFile jar = new JarFile(file.toFile(), true)) {
            Manifest manifest = jar.getManifest();
            Attributes a = manifest == null ? new Attributes() : manifest.getMainAttributes();
            id = text(a, "Plugin-Id");
            version = text(a, "Plugin-Version");
            requires = text(a, "Plugin-Requires");
            provider = text(a, "Plugin-Provider");
            description = text(a, "Plugin-Description");
            if (id.isEmpty() || version.isEmpty()) {
                problems.add(Problem.error(
                        PluginProblems.NO_PLUGIN,
                        "is no Detent plugin: its manifest lacks Plugin-Id or Plugin-Version",
                        where));
            } else {
                checkRequires(requires, where, problems);
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
        } catch (IOException | SecurityException e) {
            problems.add(Problem.error(PluginProblems.NO_JAR, "cannot be read as a jar: " + e.getMessage(), where));
        }
        return new PluginJar(file, id, version, requires, provider, description, sha256(file), extensions, problems);
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
        try (BufferedReader r =
                new BufferedReader(new InputStreamReader(jar.getInputStream(entry), StandardCharsets.UTF_8))) {
            return r.lines()
                    .map(l -> l.replaceAll("#.*", "").trim())
                    .filter(l -> !l.isEmpty())
                    .distinct()
                    .sorted()
                    .toList();
        }
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
            try (InputStream in = jar.getInputStream(entry)) {
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

    private static String text(Attributes a, String name) {
        String v = a.getValue(name);
        return v == null ? "" : v.trim();
    }

    static String sha256(Path file) {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (IOException e) {
            return "";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
