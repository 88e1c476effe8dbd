package dev.detent.host.plugin;

import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A file of the plugin folder that contributes something: a jar, or a target described in YAML. */
public sealed interface PluginFile permits PluginJar, YamlPluginFile {

    Path file();

    /** Its name in plugins.lock; empty when the file does not tell. */
    String id();

    String version();

    String description();

    /** Of the whole file; empty when it could not be read. */
    String sha256();

    /** What is wrong with it as a file; empty when it may load. */
    List<Problem> problems();

    /** Its file name, for sentences. */
    default String name() {
        return file().getFileName().toString();
    }

    /** @return with its problems when it cannot be read; never throws */
    static PluginFile read(Path file) {
        return file.getFileName().toString().endsWith(".yaml") ? YamlPluginFile.read(file) : PluginJar.read(file);
    }

    /** The digest of a file as it is now. */
    static String sha256(Path file) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
