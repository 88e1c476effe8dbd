package dev.detent.host.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.spi.HostInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginInstallationTest {

    @TempDir
    Path folder;

    private List<String> lock(int locked) {
        List<String> refused = new ArrayList<>();
        PluginInstallation plugins =
                new PluginInstallation(folder, new PluginHost(folder, false, new HostInfo("1", "1")));
        assertThat(plugins.lock(r -> refused.add(r.problems().toString()))).isEqualTo(locked);
        return refused;
    }

    /** Whoever lays a file with a known id and an earlier name into the folder was given the other's place. */
    @Test
    void ofTwoFilesWithOneIdTheLockedOneStays() throws IOException {
        Jars.write(folder.resolve("vendor.jar"), "vendor", "1.0");
        assertThat(lock(1)).isEmpty();
        String before = Files.readString(folder.resolve(PluginLock.FILE));
        Jars.write(folder.resolve("another.jar"), "vendor", "2.0");
        assertThat(lock(1)).singleElement().asString().contains("DT-PLG-009", "another.jar", "as vendor.jar");
        assertThat(Files.readString(folder.resolve(PluginLock.FILE))).isEqualTo(before);
    }

    @Test
    void ofTwoNewFilesWithOneIdTheSecondIsRefused() throws IOException {
        Jars.write(folder.resolve("a.jar"), "vendor", "1.0");
        Jars.write(folder.resolve("b.jar"), "vendor", "2.0");
        assertThat(lock(1)).singleElement().asString().contains("DT-PLG-009", "b.jar", "as a.jar");
        assertThat(Files.readString(folder.resolve(PluginLock.FILE))).contains("vendor 1.0 ");
    }
}
