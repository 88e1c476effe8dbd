package dev.detent.host.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginJarTest {

    /** From the size of an entry to its name, in a jar's directory. */
    private static final int SIZE_TO_NAME = 46 - 24;

    @TempDir
    Path folder;

    /** All of it was read first, and the classes were missed that it lists past the limit. */
    @Test
    void anIndexThatUnpacksToMoreThanItsJarSaysIsReadNoFurtherThanTheLimit() throws IOException {
        String index = "vendor.Missing\n".repeat(2 * JarLimits.TEXT_BYTES / 15);
        Path jar = Jars.write(folder.resolve("vendor.jar"), "vendor", "1.0", index);
        assertThat(PluginJar.read(jar).problems()).extracting(Problem::id).containsExactly("DT-PLG-015");
        say(jar, 100);
        assertThat(PluginJar.read(jar).problems()).extracting(Problem::id).containsExactly("DT-PLG-015");
    }

    /** Changes the size that the jar's directory, which stands at the end, states for the index. */
    private static void say(Path jar, int size) throws IOException {
        byte[] bytes = Files.readAllBytes(jar);
        int name = new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf(Jars.INDEX);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(name - SIZE_TO_NAME, size);
        Files.write(jar, bytes);
    }
}
