package dev.detent.distribution;

import dev.detent.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The unpacked distribution, as a user has it; every test runs this and nothing of the build's class path. */
final class InstalledDistribution {

    /** How a command ended. */
    record Run(int code, String out, String err) {
        String all() {
            return out + err;
        }

        /**
         * The columns of what the exported file is worth: of the row 'exact' where this CPU's integer sums overflow.
         */
        String[] exported() {
            return out.lines()
                    .filter(l -> l.startsWith("exported") || l.startsWith("exact"))
                    .reduce((a, b) -> b)
                    .orElseThrow()
                    .trim()
                    .split("\\s+");
        }
    }

    /** Unpacked when first needed: unit tests use the corpus without a distribution. */
    private static final class Unpacked {
        private static final Path HOME = unpackOnce();
    }

    private InstalledDistribution() {}

    static Path home() {
        return Unpacked.HOME;
    }

    static Path launcher() {
        return home().resolve("bin/detent");
    }

    private static Path unpackOnce() {
        try {
            Path folder = Files.createTempDirectory("detent-dist");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            unzip(Path.of(System.getProperty("detent.zip")), folder);
            return folder.resolve("detent-" + System.getProperty("detent.version"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            for (Path f : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(f);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void unzip(Path zip, Path folder) throws IOException {
        try (InputStream in = Files.newInputStream(zip)) {
            unzip(in, folder);
        }
    }

    static void unzip(InputStream stream, Path folder) throws IOException {
        try (ZipInputStream in = new ZipInputStream(stream)) {
            for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
                Path f = folder.resolve(e.getName()).normalize();
                if (e.isDirectory()) {
                    Files.createDirectories(f);
                } else {
                    Files.createDirectories(f.getParent());
                    Files.copy(in, f);
                }
            }
        }
    }

    /** A command in this process: with the plugins, the demo and whatever else lies in the unpacked distribution. */
    static synchronized Run run(Object... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        String before = System.getProperty("detent.home");
        try {
            System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
            System.setProperty("detent.home", home().toString());
            int code = Main.run(Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
            return new Run(code, written.toString(StandardCharsets.UTF_8), told.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
            if (before == null) {
                System.clearProperty("detent.home");
            } else {
                System.setProperty("detent.home", before);
            }
        }
    }

    /** A command as a person types it: a process of its own, through the launcher. */
    static Run launch(Map<String, String> environment, Object... args) {
        List<String> command = new ArrayList<>(List.of("sh", launcher().toString()));
        Arrays.stream(args).map(String::valueOf).forEach(command::add);
        return execute(environment, command);
    }

    static Run execute(Map<String, String> environment, List<String> command) {
        try {
            Path out = Files.createTempFile("detent", ".out");
            Path err = Files.createTempFile("detent", ".err");
            ProcessBuilder b =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            b.environment().put("JAVA_HOME", System.getProperty("java.home"));
            b.environment().putAll(environment);
            Process p = b.start();
            if (!p.waitFor(10, TimeUnit.MINUTES)) {
                p.destroyForcibly();
                throw new AssertionError("did not end: " + command);
            }
            Run run = new Run(p.exitValue(), Files.readString(out), Files.readString(err));
            Files.delete(out);
            Files.delete(err);
            return run;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The parity corpus, unpacked below {@code folder}. */
    static Path corpus(Path folder) throws IOException {
        try (InputStream in = InstalledDistribution.class.getResourceAsStream("/parity.zip")) {
            unzip(in, folder);
        }
        return folder;
    }

    /** A float32 .npy of {@code values}. */
    static Path npy(Path file, String shape, float... values) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
        header = header + " ".repeat(63 - (10 + header.length()) % 64) + "\n";
        ByteBuffer b =
                ByteBuffer.allocate(10 + header.length() + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put((byte) 0x93)
                .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) header.length());
        b.put(header.getBytes(StandardCharsets.US_ASCII));
        for (float v : values) {
            b.putFloat(v);
        }
        return Files.write(file, b.array());
    }

    static float[] noise(int n) {
        float[] v = new float[n];
        java.util.Random random = new java.util.Random(7);
        for (int i = 0; i < n; i++) {
            v[i] = random.nextFloat() * 2 - 1;
        }
        return v;
    }
}
