package dev.detent.host.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Plugin jars that are in order but for what a test is about; nothing of them is run. */
final class Jars {

    static final String INDEX = "META-INF/extensions.idx";

    private Jars() {}

    /** A jar with one class, which is its extension. */
    static Path write(Path file, String id, String version) throws IOException {
        return write(file, id, version, Jars.class.getName() + "\n");
    }

    static Path write(Path file, String id, String version, String index) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Plugin-Id", id);
        main.putValue("Plugin-Version", version);
        main.putValue("Plugin-Requires", ">=1.0.0 & <2.0.0");
        String name = Jars.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, manifest);
                InputStream own = Objects.requireNonNull(Jars.class.getResourceAsStream("Jars.class"))) {
            jar.putNextEntry(new JarEntry(INDEX));
            jar.write(index.getBytes(StandardCharsets.UTF_8));
            jar.putNextEntry(new JarEntry(name));
            own.transferTo(jar);
        }
        return file;
    }
}
