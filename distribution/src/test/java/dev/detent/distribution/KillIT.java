package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.OnnxReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that quantizes, observes, tunes or installs a plugin is ended at random moments, by SIGKILL, SIGTERM and
 * SIGINT: into a new folder and over an old result that lies among a person's own files. Afterwards, or after the next
 * start, the old result or the new one is there to the last byte, the person's files are, and nothing else is. A
 * thousand rounds: {@code mvn -Pslow -pl distribution -am verify -Dtest=none -Dit.test=KillIT -Ddetent.kills=1000
 * -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false}; {@code -Ddetent.kills.seed} for
 * other moments.
 */
@Tag("slow")
class KillIT {

    private static final int ROUNDS = Integer.getInteger("detent.kills", 60);
    /** Of the commands that share what quantize does, or write little. */
    private static final int FEW = Math.max(3, ROUNDS / 5);

    private static final long SEED = Long.getLong("detent.kills.seed", 21);
    private static final List<String> SIGNALS = List.of("KILL", "TERM", "INT");
    /** Moving the files takes so long at most, in microseconds. */
    private static final int COMMIT = 3000;

    @TempDir
    static Path work;

    private static Path temporary;
    private static Path model;
    private static Path data;
    private static Path out;
    private static Map<String, String> oldResult;
    private static Map<String, String> newResult;
    private static Map<String, String> severalResult;
    private static Path oldFiles;
    /** Of a run that nobody disturbs, in milliseconds. */
    private static long whole;

    @BeforeAll
    static void prepare() throws IOException {
        temporary = Files.createDirectory(work.resolve("tmp"));
        Path corpus = InstalledDistribution.corpus(work.resolve("corpus"));
        model = corpus.resolve("models/resnet.onnx");
        byte[] raw = Files.readAllBytes(corpus.resolve("calib/resnet.f32"));
        float[] values = new float[raw.length / 4];
        ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        long[] shape = OnnxReader.read(model).inputs().get(0).staticShape().orElseThrow();
        shape[0] = 8;
        data = InstalledDistribution.npy(
                work.resolve("data.npy"), Arrays.toString(shape).replaceAll("[\\[\\]]", ""), values);
        out = Files.createDirectory(work.resolve("place")).resolve("out");
        oldFiles = work.resolve("old");
        oldResult = reference(oldFiles, "onnxruntime", "--format", "qoperator");
        severalResult = reference(work.resolve("several"), "onnxruntime,tensorrt");
        long start = System.nanoTime();
        newResult = reference(work.resolve("new"), "onnxruntime", "--format", "qdq");
        whole = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    private static Map<String, String> reference(Path folder, String backend, String... more) throws IOException {
        InstalledDistribution.Run run = InstalledDistribution.execute(environment(), command(folder, backend, more));
        assertThat(run.code()).as(run.all()).isZero();
        return tree(folder);
    }

    private static Map<String, String> environment() {
        return Map.of("DETENT_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary);
    }

    private static List<String> command(Path folder, String backend, String... more) {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                InstalledDistribution.launcher().toString(),
                "quantize",
                model.toString(),
                "--backend",
                backend,
                "--calibration",
                data.toString(),
                "--out",
                folder.toString()));
        command.addAll(List.of(more));
        return command;
    }

    /** Content by name of everything below a folder; empty when there is none. */
    private static Map<String, String> tree(Path folder) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        if (!Files.exists(folder)) {
            return tree;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path f : files.filter(Files::isRegularFile).toList()) {
                tree.put(
                        folder.relativize(f).toString(),
                        new String(Files.readAllBytes(f), java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return tree;
    }

    private static Map<String, String> with(Map<String, String> result, Map<String, String> mine) {
        Map<String, String> all = new TreeMap<>(result);
        all.putAll(mine);
        return all;
    }

    @Test
    void theOldResultOrTheNewOne() throws IOException, InterruptedException {
        Random random = new Random(SEED);
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < ROUNDS; i++) {
            String signal = SIGNALS.get(i % SIGNALS.size());
            boolean over = random.nextInt(3) > 0;
            boolean several = random.nextInt(4) == 0;
            boolean atCommit = over && random.nextBoolean();
            String end = round(random, signal, over, several, atCommit);
            String kind = signal + (over ? " over" : " fresh") + (atCommit ? " at commit: " : ": ") + end;
            seen.merge(kind, 1, Integer::sum);
        }
        System.out.println("kills: " + ROUNDS + " rounds, seed " + SEED + ", " + seen);
        assertThat(seen.keySet()).as("both ends are reached").anyMatch(k -> k.endsWith("old result"));
    }

    private static String round(Random random, String signal, boolean over, boolean several, boolean atCommit)
            throws IOException, InterruptedException {
        InstalledDistribution.delete(out.getParent());
        Files.createDirectories(out.getParent());
        Map<String, String> mine = new TreeMap<>();
        if (over) {
            for (String name : oldResult.keySet()) {
                Files.createDirectories(out.resolve(name).getParent());
                Files.copy(oldFiles.resolve(name), out.resolve(name));
            }
            mine.putAll(Map.of("notes.txt", "mine", "onnxruntime/mine", "mine"));
            for (String name : mine.keySet()) {
                Files.createDirectories(out.resolve(name).getParent());
                Files.writeString(out.resolve(name), "mine");
            }
        }
        Map<String, String> before = over ? with(oldResult, mine) : Map.of();
        Map<String, String> after = with(several ? severalResult : newResult, mine);
        String what = signal + (over ? " over" : " fresh") + (several ? " several" : "");

        Process p = start(command(out, several ? "onnxruntime,tensorrt" : "onnxruntime"));
        if (atCommit) {
            awaitCommit(p);
            long until = System.nanoTime() + 1000L * random.nextInt(COMMIT);
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
        } else {
            p.waitFor(random.nextInt((int) (several ? 2 * whole : whole)), TimeUnit.MILLISECONDS);
        }
        end(p, signal);
        assertThat(p.waitFor(60, TimeUnit.SECONDS)).as(what).isTrue();

        if (signal.equals("KILL") && p.exitValue() != 0) {
            // The folder may hold nothing that can be verified: what counts is what the start leaves.
            InstalledDistribution.execute(
                    environment(),
                    List.of("sh", InstalledDistribution.launcher().toString(), "verify", out.toString()));
        }
        Map<String, String> found = tree(out);
        assertThat(found).as(what).isIn(List.of(before, after));
        assertThat(names(out.getParent())).as(what).isSubsetOf("out");
        assertThat(over || Files.exists(out) == !found.isEmpty())
                .as(what + ": no empty folder")
                .isTrue();
        assertThat(names(temporary)).as(what).noneMatch(f -> f.startsWith("detent-"));
        return p.exitValue() == 0 ? "had finished" : found.equals(before) ? "old result" : "new result";
    }

    /** Its best mix so far is a finished folder at every instant. */
    @Test
    void tuneLeavesAFinishedFolderOrNone() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(command(out, "onnxruntime"));
        command.set(2, "tune");
        command.addAll(List.of("--evaluate", data.toString(), "--min-snr", "200", "--budget", "1h"));
        Random random = new Random(SEED);
        int finished = 0;
        for (int i = 0; i < FEW; i++) {
            String signal = SIGNALS.get(i % SIGNALS.size());
            InstalledDistribution.delete(out.getParent());
            Files.createDirectories(out.getParent());
            Process p = start(command);
            p.waitFor(random.nextInt((int) (8 * whole)), TimeUnit.MILLISECONDS);
            end(p, signal);
            assertThat(p.waitFor(60, TimeUnit.SECONDS)).as(signal).isTrue();
            // The next start puts in order what nobody could at a SIGKILL.
            InstalledDistribution.Run verified = InstalledDistribution.execute(
                    environment(),
                    List.of("sh", InstalledDistribution.launcher().toString(), "verify", out.toString()));
            if (Files.exists(out)) {
                assertThat(verified.code()).as(signal + verified.all()).isZero();
                finished++;
            }
            assertThat(names(out.getParent())).as(signal).isSubsetOf("out");
            assertThat(names(temporary)).as(signal).noneMatch(f -> f.startsWith("detent-"));
        }
        System.out.println("kills: " + FEW + " of tune, seed " + SEED + ", " + finished + " left a finished folder");
    }

    /** The old statistics or the new ones; parts that are left serve the next look, which leaves none. */
    @Test
    void statisticsAreWholeAndGoOn() throws IOException, InterruptedException {
        Path place = out.getParent();
        Path statistics = place.resolve("net.obs");
        List<String> command = List.of(
                "sh",
                InstalledDistribution.launcher().toString(),
                "observe",
                model.toString(),
                "--backend",
                "onnxruntime",
                "--calibration",
                data.toString(),
                "--parts",
                "4",
                "--out",
                statistics.toString());
        InstalledDistribution.delete(place);
        Files.createDirectories(place);
        long start = System.nanoTime();
        InstalledDistribution.Run run = InstalledDistribution.execute(environment(), command);
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertThat(run.code()).as(run.all()).isZero();
        byte[] whole = Files.readAllBytes(statistics);
        Random random = new Random(SEED);
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < FEW; i++) {
            String signal = SIGNALS.get(i % SIGNALS.size());
            boolean over = random.nextBoolean();
            if (!over) {
                Files.delete(statistics);
            }
            Process p = start(command);
            p.waitFor(random.nextInt((int) took), TimeUnit.MILLISECONDS);
            end(p, signal);
            assertThat(p.waitFor(60, TimeUnit.SECONDS)).as(signal).isTrue();
            boolean there = Files.exists(statistics);
            if (there) {
                assertThat(Files.readAllBytes(statistics)).as(signal).isEqualTo(whole);
            } else {
                assertThat(over).as(signal).isFalse();
            }
            Path parts = place.resolve("net.obs.parts");
            seen.merge(
                    signal + ": "
                            + (Files.exists(parts)
                                    ? names(parts).stream()
                                            .filter(f -> f.endsWith(".obs"))
                                            .count()
                                    : 0)
                            + " parts",
                    1,
                    Integer::sum);
            InstalledDistribution.Run again = InstalledDistribution.execute(environment(), command);
            assertThat(again.code()).as(again.all()).isZero();
            assertThat(Files.readAllBytes(statistics)).as(signal).isEqualTo(whole);
            assertThat(names(place)).as(signal).containsExactly("net.obs");
            assertThat(names(temporary)).as(signal).noneMatch(f -> f.startsWith("detent-"));
        }
        System.out.println("kills: " + FEW + " of observe, seed " + SEED + ", " + seen);
    }

    /** The plugin is there and trusted, or it is not; the others work, and the next installation ends it. */
    @Test
    void anInstallationIsWholeOrNone() throws IOException, InterruptedException {
        VendorFolder folder = VendorFolder.below(Files.createDirectory(work.resolve("vendor")));
        Path jar = folder.outside(
                "vendor.jar",
                VendorFolder.GOOD.replace(
                        "static class VendorTarget implements Target {",
                        HostilePluginsIT.TARGET + HostilePluginsIT.EXPORTERS));
        List<String> command = List.of(
                "sh",
                InstalledDistribution.launcher().toString(),
                "plugins",
                "install",
                jar.toString(),
                "--plugins",
                folder.plugins().toString());
        String none = folder.lock();
        long start = System.nanoTime();
        InstalledDistribution.Run installed = InstalledDistribution.execute(environment(), command);
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertThat(installed.code()).as(installed.all()).isZero();
        String all = folder.lock();
        Random random = new Random(SEED);
        Map<String, Integer> seen = new TreeMap<>();
        for (int i = 0; i < FEW; i++) {
            String signal = SIGNALS.get(i % SIGNALS.size());
            folder.run("plugins", "remove", "vendor");
            assertThat(folder.lock()).isEqualTo(none);
            Process p = start(command);
            // Verifying comes first and takes most of it.
            p.waitFor(i % 2 == 0 ? random.nextInt((int) took) : took - random.nextInt(400), TimeUnit.MILLISECONDS);
            end(p, signal);
            assertThat(p.waitFor(60, TimeUnit.SECONDS)).as(signal).isTrue();
            assertThat(folder.lock()).as(signal).isIn(none, all);
            boolean there = Files.exists(folder.file("vendor.jar"));
            if (there) {
                assertThat(folder.file("vendor.jar")).hasSameBinaryContentAs(jar);
            } else {
                assertThat(folder.lock())
                        .as("no line trusts what may come to lie there")
                        .isEqualTo(none);
            }
            InstalledDistribution.Run others = folder.run("backends");
            assertThat(others.code()).as(others.all()).isZero();
            assertThat(others.out()).contains("tensorrt");
            assertThat(others.out().contains("a vendor's chip"))
                    .isEqualTo(folder.lock().equals(all));
            InstalledDistribution.Run again = InstalledDistribution.execute(environment(), command);
            assertThat(again.code()).as(again.all()).isZero();
            assertThat(folder.lock()).isEqualTo(all);
            assertThat(names(folder.plugins())).as(signal).noneMatch(f -> f.startsWith("."));
            seen.merge(signal + (there ? " there" : " not there"), 1, Integer::sum);
        }
        System.out.println("kills: " + FEW + " of plugins install, seed " + SEED + ", " + seen);
    }

    private static Process start(List<String> command) throws IOException {
        ProcessBuilder b = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(work.resolve("log").toFile());
        b.environment().put("JAVA_HOME", System.getProperty("java.home"));
        b.environment().putAll(environment());
        return b.start();
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).toList();
        }
    }

    /** Until the files are being put in place. */
    private static void awaitCommit(Process p) throws IOException {
        while (p.isAlive()) {
            try (Stream<Path> files = Files.list(out)) {
                if (files.filter(f -> f.getFileName().toString().startsWith(".detent-"))
                        .anyMatch(f -> Files.exists(f.resolve("commit.json")))) {
                    return;
                }
            } catch (java.io.UncheckedIOException e) {
                // A file went while the folder was listed.
                continue;
            }
        }
    }

    private static void end(Process p, String signal) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + signal, Long.toString(p.pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
