package dev.detent.host.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.artifact.Sha256;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.normalize.InputShapes;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of classes, orders of samples, and sizes that a person gives. */
class ClassFoldersTest {

    private static final Preprocessing NONE = Preprocessing.parse("none");

    @TempDir
    Path folder;

    private static Graph model() {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 4, 4))
                .graph();
    }

    private void picture(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, name.hashCode() & 0xffffff);
        ImageIO.write(image, "png", file.toFile());
    }

    private static List<String> names(Samples samples) {
        return IntStream.range(0, samples.size())
                .mapToObj(samples::describe)
                .map(s ->
                        Path.of(s).getParent().getFileName() + "/" + Path.of(s).getFileName())
                .toList();
    }

    /** The first of every class come first, so that a few samples show all. */
    @Test
    void classesTakeTurnsAndTheirNamesAreTheLabels() throws IOException {
        for (String name : List.of("dog/1.png", "cat/1.png", "cat/2.png", "cat/3.png", "dog/2.png", "owl/1.png")) {
            picture(name);
        }
        Samples samples = SampleLoader.open(model(), folder.toString(), NONE, 0);
        assertThat(names(samples))
                .containsExactly("cat/1.png", "dog/1.png", "owl/1.png", "cat/2.png", "dog/2.png", "cat/3.png");
        EvaluationData data = EvaluationData.open(model(), new EvaluationData.Source(folder.toString(), 0, null), NONE);
        assertThat(data.classes()).hasValueSatisfying(l -> assertThat(l).containsExactly(0, 1, 2, 0, 1, 0));
        assertThat(EvaluationData.open(model(), new EvaluationData.Source(folder.toString(), 4, null), NONE)
                        .classes())
                .hasValueSatisfying(l -> assertThat(l).containsExactly(0, 1, 2, 0));
        String before = Sha256.of(folder);
        picture("owl/2.png");
        assertThat(Sha256.of(folder)).isNotEqualTo(before);
    }

    @Test
    void namesThatAreNumbersAreTheLabelsThemselves() throws IOException {
        for (String name : List.of("7/a.png", "281/a.png")) {
            picture(name);
        }
        assertThat(ClassFolders.in(folder).orElseThrow().labels()).containsExactly(281, 7);
        picture("top.png");
        assertThat(ClassFolders.in(folder))
                .as("samples lie in the folder itself")
                .isEmpty();
    }

    @Test
    void theSameSeedIsTheSameOrder() throws IOException {
        for (int i = 0; i < 9; i++) {
            picture("all/" + i + ".png");
        }
        String data = folder.resolve("all").toString();
        SampleOrder seven = new SampleOrder(Optional.of(7L));
        List<String> given = names(SampleLoader.open(model(), data, NONE, 0));
        List<String> shuffled = names(SampleLoader.open(model(), data, NONE, 0, seven));
        assertThat(shuffled).containsExactlyInAnyOrderElementsOf(given).isNotEqualTo(given);
        assertThat(names(SampleLoader.open(model(), data, NONE, 3, seven))).isEqualTo(shuffled.subList(0, 3));
        assertThat(CalibrationPictures.of(model(), Optional.of(data), 3, seven, NONE)
                        .pictures()
                        .get("x"))
                .extracting(p -> "all/" + Path.of(p).getFileName())
                .isEqualTo(shuffled.subList(0, 3));
    }

    private static Graph open() {
        return new Graph()
                .edit()
                .opset("", 13)
                .input(new ValueInfo(
                        "x",
                        ElementType.FLOAT,
                        Optional.of(List.of(
                                new ValueInfo.Dimension(-1, "N"),
                                ValueInfo.Dimension.of(3),
                                new ValueInfo.Dimension(-1, "H"))),
                        dev.detent.spi.graph.UnmodeledProto.NONE))
                .graph();
    }

    @Test
    void aPersonGivesTheSizesThatAModelLeavesOpen() {
        Graph graph = open();
        InputShapes.parse(List.of("x=1,3,64")).apply(graph, "m.onnx");
        assertThat(graph.inputs().get(0).staticShape())
                .hasValueSatisfying(s -> assertThat(s).containsExactly(1, 3, 64));
        assertThatThrownBy(() -> InputShapes.parse(List.of("x=1,4,64")).apply(open(), "m.onnx"))
                .hasMessageContaining("DT-DAT-081")
                .hasMessageContaining("takes ?,3,? as 'x', not 1,4,64");
        assertThatThrownBy(() -> InputShapes.parse(List.of("y=1,3,64")).apply(open(), "m.onnx"))
                .hasMessageContaining("has no input 'y'; it has x");
        assertThatThrownBy(() -> InputShapes.parse(List.of("x=1,-3"))).hasMessageContaining("is not NAME=1,3,224,224");
    }
}
