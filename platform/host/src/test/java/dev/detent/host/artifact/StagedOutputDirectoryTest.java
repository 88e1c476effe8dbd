package dev.detent.host.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.report.Json;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A person's files in and around an output folder, whatever a run does there. */
class StagedOutputDirectoryTest {

    @TempDir
    Path work;

    private Path out;

    @BeforeEach
    void real() throws IOException {
        work = work.toRealPath();
        out = work.resolve("out");
    }

    private static StagedOutputDirectory open(Path out) {
        return StagedOutputDirectory.open(out, List.of(), OutputNames.OF_EVERY_RUN);
    }

    /** What a run does: its files, then the record that lists them. */
    private static void stage(TargetDirectory target, Map<String, String> files) {
        files.forEach((name, text) -> target.write(name, text.getBytes(StandardCharsets.UTF_8)));
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("files", target.digests().stream().map(FileDigest::toJson).toList());
        target.write(
                OutputNames.RECORD,
                RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record))).getBytes(StandardCharsets.UTF_8));
    }

    private static void run(Path out, Map<String, String> files) {
        try (StagedOutputDirectory folder = open(out)) {
            stage(new TargetDirectory(folder, ""), files);
            folder.commit();
        }
    }

    /** Text by path of everything below a folder; folders end with a slash. */
    private static Map<String, String> tree(Path folder) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path f : files.filter(f -> !f.equals(folder)).toList()) {
                String name = folder.relativize(f).toString();
                tree.put(Files.isDirectory(f) ? name + "/" : name, Files.isDirectory(f) ? "" : Files.readString(f));
            }
        }
        return tree;
    }

    private static void refused(String mentions, Path out) {
        assertThatThrownBy(() -> open(out).close())
                .isInstanceOf(UserException.class)
                .hasMessageContaining(mentions);
    }

    @Test
    void aNewFolderHoldsTheFilesAndNothingElseIsLeft() throws IOException {
        run(work.resolve("deep/er/out"), Map.of("m.onnx", "new", "sub/x", "y"));
        assertThat(tree(work).keySet())
                .containsExactly(
                        "deep/",
                        "deep/er/",
                        "deep/er/out/",
                        "deep/er/out/detent.json",
                        "deep/er/out/m.onnx",
                        "deep/er/out/sub/",
                        "deep/er/out/sub/x");
    }

    @Test
    void aRunThatFailsLeavesNothing() throws IOException {
        try (StagedOutputDirectory folder = open(work.resolve("deep/er/out"))) {
            stage(new TargetDirectory(folder, ""), Map.of("m.onnx", "new"));
        }
        assertThat(tree(work)).isEmpty();
    }

    @Test
    void onlyWhatTheRecordListsIsReplacedOrRemoved() throws IOException {
        run(out, Map.of("m.onnx", "old", "gone.bin", "old", "sub/gone", "old", "kept/gone", "old"));
        Files.writeString(out.resolve("notes.txt"), "mine");
        Files.writeString(out.resolve("kept/mine"), "mine");
        Files.createDirectory(out.resolve("empty"));
        run(out, Map.of("m.onnx", "new", "journal.json", "[]"));
        Map<String, String> tree = tree(work);
        tree.remove("out/detent.json");
        assertThat(tree)
                .isEqualTo(Map.of(
                        "out/", "",
                        "out/m.onnx", "new",
                        "out/journal.json", "[]",
                        "out/notes.txt", "mine",
                        "out/kept/", "",
                        "out/kept/mine", "mine",
                        "out/empty/", ""));
    }

    @Test
    void aFolderOfOtherFilesIsRefused() throws IOException {
        Files.createDirectory(out);
        Files.writeString(out.resolve("thesis.tex"), "mine");
        refused("other files in it", out);
        assertThat(tree(out)).isEqualTo(Map.of("thesis.tex", "mine"));
    }

    @Test
    void aRecordThatIsNotOursOrWasDamagedIsRefused() throws IOException {
        Files.createDirectory(out);
        for (String foreign : List.of("{}", "", "not json", "[]", "{\"files\": []}")) {
            Files.writeString(out.resolve("detent.json"), foreign);
            Files.writeString(out.resolve("thesis.tex"), "mine");
            refused("detent.json", out);
            assertThat(tree(out)).hasSize(2).containsEntry("thesis.tex", "mine");
        }
        Files.delete(out.resolve("detent.json"));
        Files.delete(out.resolve("thesis.tex"));
        run(out, Map.of("m.onnx", "old"));
        String record = Files.readString(out.resolve("detent.json"));
        Files.writeString(out.resolve("detent.json"), record.replace("m.onnx", "n.onnx"));
        Files.writeString(out.resolve("n.onnx"), "mine");
        refused("detent.json", out);
        Files.writeString(out.resolve("detent.json"), record.substring(0, record.length() / 2));
        refused("detent.json", out);
        assertThat(out.resolve("m.onnx")).hasContent("old");
    }

    @Test
    void aFileOfOursThatWasChangedIsRefused() throws IOException {
        run(out, Map.of("m.onnx", "old"));
        Files.writeString(out.resolve("m.onnx"), "edited");
        refused("m.onnx", out);
        Files.delete(out.resolve("m.onnx"));
        Files.createSymbolicLink(out.resolve("m.onnx"), Files.writeString(work.resolve("elsewhere"), "old"));
        refused("m.onnx", out);
        Files.delete(out.resolve("m.onnx"));
        run(out, Map.of("m.onnx", "new"));
        assertThat(work.resolve("elsewhere")).hasContent("old");
    }

    @Test
    void aFileThatIsInTheWayIsNamedBeforeTheRunAndAfterIt() throws IOException {
        run(out, Map.of("m.onnx", "old"));
        Files.writeString(out.resolve("report.html"), "mine");
        refused("report.html", out);
        Files.move(out.resolve("report.html"), out.resolve("x.table"));
        assertThatThrownBy(() -> run(out, Map.of("m.onnx", "new", "x.table", "new")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("x.table");
        assertThat(tree(work)).containsEntry("out/x.table", "mine").containsEntry("out/m.onnx", "old");
        assertThat(tree(work)).hasSize(4);
        Files.createDirectory(out.resolve("folder"));
        Files.createSymbolicLink(out.resolve("link"), Files.createDirectory(work.resolve("elsewhere")));
        for (String name : List.of("folder", "x.table/y", "link/y")) {
            assertThatThrownBy(() -> run(out, Map.of(name, "new"))).hasMessageContaining("in the way");
        }
        assertThat(work.resolve("elsewhere")).isEmptyDirectory();
    }

    @Test
    void aFileChangedWhileTheRunGoesOnIsKept() throws IOException {
        run(out, Map.of("m.onnx", "old"));
        try (StagedOutputDirectory folder = open(out)) {
            stage(new TargetDirectory(folder, ""), Map.of("m.onnx", "new"));
            Files.writeString(out.resolve("m.onnx"), "edited");
            assertThatThrownBy(folder::commit).hasMessageContaining("m.onnx");
        }
        assertThat(tree(work)).hasSize(3).containsEntry("out/m.onnx", "edited");
    }

    @Test
    void aPersonsFoldersOfSimilarNamesAreNotTouched() throws IOException {
        for (String name : List.of(".out.partial", ".out.old", ".out.detent-1", ".out.detent-0123456789abcdef")) {
            Files.writeString(Files.createDirectory(work.resolve(name)).resolve("mine"), name);
        }
        Map<String, String> before = tree(work);
        run(out, Map.of("m.onnx", "old"));
        run(out, Map.of("m.onnx", "new"));
        Map<String, String> after = tree(work);
        after.keySet().removeIf(f -> f.startsWith("out/"));
        assertThat(after).isEqualTo(before);
        Files.writeString(work.resolve(".out.detent-lock"), "mine");
        refused(".out.detent-lock", out);
        assertThat(work.resolve(".out.detent-lock")).hasContent("mine");
    }

    @Test
    void aLinkStaysAndItsFolderIsUsed() throws IOException {
        Path real = Files.createDirectory(work.resolve("real"));
        Files.createSymbolicLink(out, real);
        run(out, Map.of("m.onnx", "old"));
        run(out, Map.of("m.onnx", "new"));
        assertThat(out).isSymbolicLink();
        assertThat(real.resolve("m.onnx")).hasContent("new");
        Files.writeString(Files.createDirectory(work.resolve("foreign")).resolve("mine"), "mine");
        Files.delete(out);
        Files.createSymbolicLink(out, work.resolve("foreign"));
        refused("other files", out);
        Files.delete(out);
        Files.createSymbolicLink(out, work.resolve("nowhere"));
        refused("leads nowhere", out);
    }

    @Test
    void theFolderIsNeverThePlaceOfAnInput() throws IOException {
        Path data = Files.createDirectories(work.resolve("data/calibration"));
        Path model = Files.writeString(work.resolve("data/m.onnx"), "model");
        List<InputPath> inputs = List.of(new InputPath("the model", model), new InputPath("calibration data", data));
        Files.createSymbolicLink(work.resolve("link"), data);
        for (Path wrong : List.of(
                data,
                data.resolve("out"),
                data.resolve("deep/out"),
                work.resolve("data"),
                work.resolve("link"),
                work.resolve("link/out"))) {
            assertThatThrownBy(() ->
                            StagedOutputDirectory.open(wrong, inputs, List.of()).close())
                    .as(wrong.toString())
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("give another folder with --out");
        }
        assertThat(tree(work.resolve("data")).keySet()).containsExactly("calibration/", "m.onnx");
        StagedOutputDirectory.open(work.resolve("data/out"), inputs, List.of()).close();
        assertThatThrownBy(() -> InputPath.refuseFile(work.resolve("data/../data/m.onnx"), "--trace", inputs))
                .hasMessageContaining("the model");
    }

    @Test
    void oneRunAtATime() {
        try (StagedOutputDirectory first = open(out)) {
            refused("another run", out);
            stage(new TargetDirectory(first, ""), Map.of("m.onnx", "new"));
            first.commit();
            refused("another run", out);
        }
        run(out, Map.of("m.onnx", "newer"));
        assertThat(work.resolve(".out.detent-lock")).doesNotExist();
    }

    @Test
    void nothingIsWrittenOnceTheRunIsOver() throws IOException {
        StagedOutputDirectory folder = open(out);
        TargetDirectory target = new TargetDirectory(folder, "");
        stage(target, Map.of("m.onnx", "new"));
        folder.commit();
        assertThatThrownBy(() -> target.write("late", new byte[1])).isInstanceOf(IllegalStateException.class);
        folder.close();
        assertThatThrownBy(() -> target.write("late", new byte[1])).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(folder::commit).isInstanceOf(IllegalStateException.class);
        assertThat(tree(work).keySet()).containsExactly("out/", "out/detent.json", "out/m.onnx");
    }

    @Test
    void aTargetThatFailsKeepsItsFormerResult() throws IOException {
        List<String> names = List.of("detent.json", "a/detent.json", "b/detent.json");
        for (String text : List.of("old", "new", "newer")) {
            try (StagedOutputDirectory folder = StagedOutputDirectory.open(out, List.of(), names)) {
                stage(new TargetDirectory(folder, "a/"), Map.of("m", text));
                stage(new TargetDirectory(folder, "b/"), Map.of("m", text));
                boolean fails = text.equals("new");
                if (fails) {
                    folder.abandon("b/");
                }
                Map<String, Object> record = new LinkedHashMap<>();
                record.put("targets", fails ? List.of("a") : List.of("a", "b"));
                record.put("files", List.of());
                new TargetDirectory(folder, "")
                        .write(
                                OutputNames.RECORD,
                                RecordSeal.seal(Json.pretty(RecordSeal.unsealed(record)))
                                        .getBytes(StandardCharsets.UTF_8));
                folder.commit();
                assertThat(out.resolve("a/m")).hasContent(text);
                assertThat(out.resolve("b/m")).hasContent(fails ? "old" : text);
            }
        }
        assertThat(tree(work)).hasSize(8);
    }

    @Test
    void aFormerFileThatCannotBeRemovedIsNamedAndTheNextRunWorks() throws IOException {
        run(out, Map.of("m.onnx", "old", "sub/stuck", "old"));
        assertThat(out.resolve("sub").toFile().setWritable(false)).isTrue();
        if (Files.isWritable(out.resolve("sub"))) {
            // Root may remove it all the same.
            return;
        }
        try {
            assertThatThrownBy(() -> run(out, Map.of("m.onnx", "new")))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("sub/stuck")
                    .hasMessageContaining("the new result is complete");
            assertThat(out.resolve("m.onnx")).hasContent("new");
            run(out, Map.of("m.onnx", "newer"));
            assertThat(out.resolve("m.onnx")).hasContent("newer");
        } finally {
            out.resolve("sub").toFile().setWritable(true);
        }
    }
}
