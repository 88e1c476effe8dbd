package dev.detent.backends.ncnn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pnnx numbers layers by kind, fuses what follows them and writes branches in an order of its own. */
class LayerPairingTest {

    @TempDir
    Path folder;

    /**
     * Two branches of the same sizes, one of them two layers deep, that meet in an Add, and a fully connected layer.
     */
    private static final String PNNX = """
            7767517
            8 9
            Input                    in0      0 1 in0
            Convolution              conv_0   1 1 in0 1 0=4 1=3 6=108
            Split                    split_0  1 2 1 2 3
            Convolution              convrelu_0 1 1 3 4 0=4 1=1 6=16 9=1
            Convolution              convrelu_1 1 1 4 5 0=4 1=1 6=16 9=1
            Convolution              conv_1   1 1 2 6 0=4 1=1 6=16
            BinaryOp                 add_0    2 1 6 5 7 0=0
            InnerProduct             linear_4 1 1 7 out0 0=5 1=1 2=20
            """;

    private static void conv(GraphEditor e, String name, String in, String out, int from, int size) {
        e.initializer(
                name + ".w", Tensor.ofFloats(new long[] {4, from, size, size}, new float[4 * from * size * size]));
        e.add(Node.of(name, "Conv", List.of(in, name + ".w"), List.of(out), Map.of()));
    }

    /** The same in ONNX, the shallow branch first, and a size that is computed on the way. */
    private static List<WeightedLayers.Layer> onnx() {
        GraphEditor e = new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8));
        conv(e, "stem", "x", "s", 3, 3);
        conv(e, "shallow", "s", "a", 4, 1);
        conv(e, "deep.1", "s", "b", 4, 1);
        e.add(Node.of("relu", "Relu", List.of("b"), List.of("c"), Map.of()));
        conv(e, "deep.2", "c", "d", 4, 1);
        e.add(Node.of("add", "Add", List.of("d", "a"), List.of("f"), Map.of()));
        e.add(Node.of("size", "Shape", List.of("s"), List.of("n"), Map.of()));
        e.add(Node.of("reshape", "Reshape", List.of("f", "n"), List.of("g"), Map.of()));
        e.initializer("head.w", Tensor.ofFloats(new long[] {5, 4}, new float[20]));
        e.add(Node.of(
                "head", "Gemm", List.of("g", "head.w"), List.of("y"), Map.of("transB", new Attribute.IntValue(1))));
        return WeightedLayers.of(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 5)).graph());
    }

    private List<WeightedLayers.Layer> pnnx(String text) throws IOException {
        return WeightedLayers.of(NcnnParam.read(Files.writeString(folder.resolve("m.ncnn.param"), text)));
    }

    @Test
    void layersArePairedByWhereTheyStand() throws IOException {
        LayerPairing.Pairs pairs = LayerPairing.of(onnx(), pnnx(PNNX));
        assertThat(pairs.names())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "stem", "conv_0",
                        "shallow", "conv_1",
                        "deep.1", "convrelu_0",
                        "deep.2", "convrelu_1",
                        "head", "linear_4"));
        assertThat(pairs.alike()).isEmpty();
    }

    @Test
    void layersThatStandAlikeAreTold() throws IOException {
        List<WeightedLayers.Layer> twins = pnnx("""
                7767517
                4 5
                Input       in0   0 1 in0
                Convolution left  1 1 in0 1 0=4 6=108
                Convolution right 1 1 in0 2 0=4 6=108
                BinaryOp    add   2 1 1 2 out0 0=0
                """);
        LayerPairing.Pairs pairs = LayerPairing.of(twins, twins);
        assertThat(pairs.names()).isEqualTo(Map.of("left", "left", "right", "right"));
        assertThat(pairs.alike()).containsExactly("left", "right");
    }

    @Test
    void anotherModelHasNoCounterparts() throws IOException {
        assertThat(LayerPairing.of(onnx(), pnnx(PNNX.replace("0=5 1=1 2=20", "0=6 1=1 2=24")))
                        .names())
                .isEmpty();
    }

    @Test
    void whatIsNoParamFileIsRefused() {
        for (String text :
                List.of("", "7767517\n1 1\nInput in0 x 1 in0\n", "7767517\n1 1\nInput in0 1 9 in0\n", "\u0000")) {
            assertThatThrownBy(() -> pnnx(text))
                    .isInstanceOf(UserException.class)
                    .hasMessageContaining("m.ncnn.param")
                    .hasMessageContaining("DT-NCN-002");
        }
        assertThatThrownBy(() -> NcnnParam.read(folder)).hasMessageContaining("is no file");
    }
}
