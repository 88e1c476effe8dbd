package dev.detent.host.artifact;

import dev.detent.host.record.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The part of an output folder that one target's files go to: the folder itself, or one of its own in a run for several
 * targets.
 */
public record TargetDirectory(StagedOutputDirectory folder, String prefix) {

    Path file(String name) {
        return folder.file(prefix + name);
    }

    public void write(String name, byte[] content) {
        try {
            Files.createDirectories(file(name).getParent());
            Files.write(file(name), content);
        } catch (IOException e) {
            throw folder.failed(prefix + name, e);
        }
    }

    /** Files staged so far, sorted. */
    public List<Path> staged() {
        Path own = prefix.isEmpty() ? folder.file("x").getParent() : folder.file(prefix);
        return folder.staged().stream()
                .filter(f -> Objects.equals(f.getParent(), own))
                .toList();
    }

    /** Names and sizes in bytes. */
    public Map<String, Long> sizes() {
        Map<String, Long> sizes = new LinkedHashMap<>();
        staged().forEach(f -> sizes.put(f.getFileName().toString(), Sha256.size(f)));
        return sizes;
    }
}
