package dev.detent.host.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryNeedTest {

    private static final long MB = 1 << 20;

    private static ValueInfo open(String name, String symbol) {
        return new ValueInfo(
                name,
                ElementType.FLOAT,
                Optional.of(List.of(new ValueInfo.Dimension(-1, symbol), ValueInfo.Dimension.of(256))),
                UnmodeledProto.NONE);
    }

    /** A weight of a megabyte, and a node that reads and makes as much as the first dimension says. */
    private static Graph graph(ValueInfo input, ValueInfo output) {
        return new Graph()
                .edit()
                .opset("", 17)
                .input(input)
                .initializer("w", Tensor.ofFloats(new long[] {256, 1024}, new float[256 * 1024]))
                .add(Node.of("grow", "MatMul", List.of("x", "w"), List.of("y"), Map.of()))
                .output(output)
                .graph();
    }

    private static Samples sample(long rows) {
        return new Samples() {
            @Override
            public int size() {
                return 1;
            }

            @Override
            public Sample get(int index) {
                return new Sample(Map.of(
                        "x", new Sample.Input(ElementType.FLOAT, new long[] {rows, 256}, ByteBuffer.allocate(0))));
            }
        };
    }

    @Test
    void whatIsKnownOfTheModelCounts() {
        Graph g = graph(
                ValueInfo.of("x", ElementType.FLOAT, 1024, 256), ValueInfo.of("y", ElementType.FLOAT, 1024, 1024));
        assertThat(MemoryNeed.of(g, Pipeline.NO_SAMPLES)).isEqualTo(new MemoryNeed("w", MB, "grow", 5 * MB));
    }

    @Test
    void theFirstSampleTellsTheRest() {
        Graph g = graph(open("x", "rows"), open("y", "rows"));
        assertThat(MemoryNeed.of(g, sample(2048)).nodeBytes()).isEqualTo(4 * MB);
        assertThat(MemoryNeed.of(g, Pipeline.NO_SAMPLES).nodeBytes()).isEqualTo(2 * 1024);
    }

    @Test
    void productsThatNothingHoldsAreTooLarge() {
        long huge = 1L << 40;
        Graph g = graph(ValueInfo.of("x", ElementType.FLOAT, huge, huge), ValueInfo.of("y", ElementType.FLOAT, huge));
        assertThatThrownBy(() -> MemoryNeed.of(g, Pipeline.NO_SAMPLES)
                        .confirm(new MemoryNeed.Machine(64 * MB, 1L << 44), "m.onnx"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("m.onnx: has a node 'grow'");
    }

    /** It was found out in the middle of a pass, which was blamed. */
    @Test
    void whatDoesNotFitIsToldBefore() {
        MemoryNeed need = new MemoryNeed("w", 300 * MB, "n", 900 * MB);
        assertThatCode(() -> need.confirm(new MemoryNeed.Machine(600 * MB, 900 * MB), "m.onnx"))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> need.confirm(new MemoryNeed.Machine(512 * MB, 900 * MB), "m.onnx"))
                .hasMessageContaining(QuantizationProblems.WEIGHT_LARGER_THAN_HEAP.id())
                .hasMessageContaining("'w' of 300 MB")
                .hasMessageContaining("-Xmx2g");
        assertThatThrownBy(() -> need.confirm(new MemoryNeed.Machine(600 * MB, 800 * MB), "m.onnx"))
                .hasMessageContaining(QuantizationProblems.LAYER_LARGER_THAN_MEMORY.id())
                .hasMessageContaining("'n' that reads and makes 900 MB for one sample, and this machine has 800 MB");
    }

    @Test
    void fewerSamplesSideBySideWhereAllWouldNotFit() {
        MemoryNeed need = new MemoryNeed("w", MB, "n", 100 * MB);
        assertThat(need.workers(8, new MemoryNeed.Machine(MB, 4096 * MB))).isEqualTo(8);
        assertThat(need.workers(8, new MemoryNeed.Machine(MB, 640 * MB))).isEqualTo(3);
        assertThat(need.workers(8, new MemoryNeed.Machine(MB, 64 * MB))).isEqualTo(1);
    }

    @Test
    void aTableOfWholeNumbersIsNoWeight() {
        Graph g = graph(ValueInfo.of("x", ElementType.FLOAT, 1, 256), ValueInfo.of("y", ElementType.FLOAT, 1, 1024));
        g.edit().initializer("table", Tensor.ofLongs(new long[] {1 << 18}, new long[1 << 18]));
        MemoryNeed need = MemoryNeed.of(g, Pipeline.NO_SAMPLES);
        assertThat(need.weight()).isEqualTo("w");
        assertThatCode(() -> need.confirm(new MemoryNeed.Machine(3 * MB, 900 * MB), "m.onnx"))
                .doesNotThrowAnyException();
    }

    /** It was refused, though nobody makes anything of it. */
    @Test
    void aTableThatIsLookedUpStaysInItsFile() {
        Graph g = graph(ValueInfo.of("x", ElementType.FLOAT, 1, 256), ValueInfo.of("y", ElementType.FLOAT, 1, 1024));
        g.edit()
                .input(ValueInfo.of("i", ElementType.INT64, 1))
                .initializer("table", Tensor.ofFloats(new long[] {512, 1024}, new float[512 * 1024]))
                .add(Node.of("look", "Gather", List.of("table", "i"), List.of("row"), Map.of()));
        assertThat(MemoryNeed.of(g, Pipeline.NO_SAMPLES).weight()).isEqualTo("w");
    }

    /** Its two sides are one piece of memory. */
    @Test
    void aReshapeTakesNoRoomOfItsOwn() {
        Graph g = new Graph()
                .edit()
                .opset("", 17)
                .input(ValueInfo.of("x", ElementType.FLOAT, 1024, 256))
                .initializer("shape", Tensor.ofLongs(new long[] {1}, -1))
                .add(Node.of("flat", "Reshape", List.of("x", "shape"), List.of("y"), Map.of()))
                .output(ValueInfo.of("y", ElementType.FLOAT, 1024 * 256))
                .graph();
        assertThat(MemoryNeed.of(g, Pipeline.NO_SAMPLES).nodeBytes()).isEqualTo(MB);
    }
}
