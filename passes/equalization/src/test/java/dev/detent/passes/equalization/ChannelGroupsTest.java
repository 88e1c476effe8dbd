package dev.detent.passes.equalization;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.passes.equalization.ChannelGroups.Axis;
import dev.detent.passes.equalization.ChannelGroups.Channels;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.testkit.SampleGraphs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which channels may be scaled, and which only together. */
class ChannelGroupsTest {

    private static ChannelGroups groups(Graph g) {
        return ChannelGroups.of(g, g::initializer);
    }

    private static int[] of(ChannelGroups groups, String value) {
        return groups.of(new Channels(value, Axis.SECOND));
    }

    private static boolean areFixed(int[] groups) {
        return Arrays.stream(groups).allMatch(g -> g == ChannelGroups.FIXED);
    }

    private static GraphEditor image() {
        return new Graph().edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 4, 8, 8));
    }

    private static void conv(GraphEditor e, String name, String in, String out, int from, int to) {
        e.initializer(name + ".w", Tensor.ofFloats(new long[] {to, from, 1, 1}, new float[to * from]))
                .add(Node.of(name, "Conv", List.of(in, name + ".w"), List.of(out), Map.of()));
    }

    private static Graph finish(GraphEditor e, int channels, String... values) {
        for (String v : values) {
            e.valueInfo(ValueInfo.of(v, ElementType.FLOAT, 1, 4, 8, 8));
        }
        return e.output(ValueInfo.of("y", ElementType.FLOAT, 1, channels, 8, 8)).graph();
    }

    @Test
    void channelsBetweenTwoConvolutionsAreFreeAndTiedThroughARelu() {
        ChannelGroups groups = groups(SampleGraphs.all().get("conv-relu"));
        assertThat(of(groups, "c1")).hasSize(4).doesNotHaveDuplicates().doesNotContain(ChannelGroups.FIXED);
        assertThat(of(groups, "r1")).isEqualTo(of(groups, "c1"));
        assertThat(groups.layers()).extracting(l -> l.node().name()).containsExactly("conv1", "conv2");
    }

    /** Nobody outside would take a factor out again. */
    @Test
    void whatEntersAndLeavesTheNetworkIsFixed() {
        ChannelGroups groups = groups(SampleGraphs.all().get("conv-relu"));
        assertThat(areFixed(of(groups, "x"))).isTrue();
        assertThat(areFixed(of(groups, "y"))).isTrue();
    }

    @Test
    void anAdditionTiesItsOperandsChannelByChannel() {
        ChannelGroups groups = groups(SampleGraphs.all().get("residual"));
        assertThat(of(groups, "c2")).isEqualTo(of(groups, "r1")).isEqualTo(of(groups, "s"));
        assertThat(of(groups, "s")).doesNotHaveDuplicates();
    }

    @Test
    void aConcatenationKeepsTheChannelsOfItsPartsApart() {
        ChannelGroups groups = groups(SampleGraphs.all().get("concat-pool"));
        int[] joined = of(groups, "c");
        assertThat(Arrays.copyOf(joined, 4)).isEqualTo(of(groups, "a"));
        assertThat(Arrays.copyOfRange(joined, 4, 8)).isEqualTo(of(groups, "b"));
        assertThat(of(groups, "p")).isEqualTo(joined);
    }

    /** sigmoid(2x) is not 2 sigmoid(x). */
    @Test
    void anOperatorThatIsNotHomogeneousFixesWhatItTouches() {
        GraphEditor e = image();
        conv(e, "c1", "x", "a", 4, 4);
        e.add(Node.of("sigmoid", "Sigmoid", List.of("a"), List.of("b"), Map.of()));
        conv(e, "c2", "b", "y", 4, 4);
        ChannelGroups groups = groups(finish(e, 4, "a", "b"));
        assertThat(areFixed(of(groups, "a"))).isTrue();
        assertThat(areFixed(of(groups, "b"))).isTrue();
    }

    /** Two convolutions with one weight would both be changed. */
    @Test
    void aSharedWeightIsLeftAlone() {
        GraphEditor e = image();
        e.initializer("w", Tensor.ofFloats(new long[] {4, 4, 1, 1}, new float[16]))
                .add(Node.of("c1", "Conv", List.of("x", "w"), List.of("a"), Map.of()))
                .add(Node.of("c2", "Conv", List.of("a", "w"), List.of("y"), Map.of()));
        ChannelGroups groups = groups(finish(e, 4, "a"));
        assertThat(groups.layers()).isEmpty();
        assertThat(areFixed(of(groups, "a"))).isTrue();
    }

    /** What is read from a slice of the rows has all channels; a slice of the channels is not followed. */
    @Test
    void aSliceOfPixelsKeepsTheChannels() {
        GraphEditor e = image();
        conv(e, "c1", "x", "a", 4, 4);
        e.initializer("from", Tensor.ofLongs(new long[] {1}, 0))
                .initializer("to", Tensor.ofLongs(new long[] {1}, 4))
                .initializer("axis", Tensor.ofLongs(new long[] {1}, 2))
                .add(Node.of("slice", "Slice", List.of("a", "from", "to", "axis"), List.of("b"), Map.of()));
        conv(e, "c2", "b", "y", 4, 4);
        e.valueInfo(ValueInfo.of("a", ElementType.FLOAT, 1, 4, 8, 8))
                .valueInfo(ValueInfo.of("b", ElementType.FLOAT, 1, 4, 4, 8));
        ChannelGroups groups = groups(
                e.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4, 4, 8)).graph());
        assertThat(of(groups, "b")).isEqualTo(of(groups, "a")).doesNotHaveDuplicates();
        assertThat(areFixed(of(groups, "b"))).isFalse();
    }

    @Test
    void aConstantPerChannelIsScaledAlong() {
        GraphEditor e = image();
        conv(e, "c1", "x", "a", 4, 4);
        e.initializer("k", Tensor.ofFloats(new long[] {4, 1, 1}, 1, 2, 3, 4))
                .add(Node.of("add", "Add", List.of("a", "k"), List.of("b"), Map.of()));
        conv(e, "c2", "b", "y", 4, 4);
        ChannelGroups groups = groups(finish(e, 4, "a", "b"));
        assertThat(groups.shifts()).extracting(ChannelGroups.Shift::initializer).containsExactly("k");
        assertThat(of(groups, "b")).isEqualTo(of(groups, "a"));
    }

    @Test
    void aTensorOfUnknownShapeHasNoGroups() {
        GraphEditor e = image();
        conv(e, "c1", "x", "a", 4, 4);
        conv(e, "c2", "a", "y", 4, 4);
        assertThat(of(groups(finish(e, 4)), "a")).isEmpty();
    }

    @Test
    void poolingPassesChannelsOn() {
        GraphEditor e = image();
        conv(e, "c1", "x", "a", 4, 4);
        e.add(Node.of(
                "pool",
                "MaxPool",
                List.of("a"),
                List.of("b"),
                Map.of("kernel_shape", new Attribute.Ints(List.of(1L, 1L)))));
        conv(e, "c2", "b", "y", 4, 4);
        ChannelGroups groups = groups(finish(e, 4, "a", "b"));
        assertThat(of(groups, "b")).isEqualTo(of(groups, "a")).doesNotContain(ChannelGroups.FIXED);
    }
}
