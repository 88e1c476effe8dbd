package dev.detent.host.artifact;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The part of an output folder that one target's files go to: the folder itself, or one of its own in a run for several
 * targets.
 */
public record TargetDirectory(StagedOutputDirectory folder, String prefix) {

    Path file(String name) {
        return folder.file(prefix + name);
    }

    /** {@link #file} with the folders it lies in. */
    Path prepared(String name) throws IOException {
        return folder.prepared(prefix + name);
    }

    public void write(String name, byte[] content) {
        try {
            Files.write(prepared(name), content);
        } catch (IOException e) {
            throw folder.failed(prefix + name, e);
        }
    }

    /** Writes the record of a run, with its seal. */
    public void writeRecord(Map<String, Object> record) {
        try {
            RecordSeal.write(record, prepared(OutputNames.RECORD));
        } catch (IOException e) {
            throw folder.failed(prefix + OutputNames.RECORD, e);
        }
    }

    /** Where this target's files are staged. */
    private Path own() {
        return prefix.isEmpty() ? Objects.requireNonNull(folder.file("x").getParent()) : folder.file(prefix);
    }

    /** Files staged so far, sorted; not those in folders below. */
    public List<Path> staged() {
        Path own = own();
        return folder.staged().stream().filter(f -> own.equals(f.getParent())).toList();
    }

    /** Names and sizes in bytes. */
    public Map<String, Long> sizes() {
        Map<String, Long> sizes = new LinkedHashMap<>();
        staged().forEach(f -> sizes.put(f.getFileName().toString(), Sha256.size(f)));
        return sizes;
    }

    /**
     * Names and SHA-256 of all files staged so far, those in folders below included, as a record lists them: by what a
     * record lists a later run knows that a file may be replaced.
     */
    public List<FileDigest> digests() {
        Path own = own();
        Map<String, String> digests = new TreeMap<>();
        folder.staged().stream()
                .filter(f -> f.startsWith(own))
                .forEach(f -> digests.put(own.relativize(f).toString().replace('\\', '/'), Sha256.of(f)));
        return digests.entrySet().stream()
                .map(e -> new FileDigest(e.getKey(), e.getValue()))
                .toList();
    }
}
