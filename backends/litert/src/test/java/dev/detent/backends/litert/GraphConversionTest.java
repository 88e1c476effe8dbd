package dev.detent.backends.litert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of a Q/DQ graph; that LiteRT computes the same, {@code distribution/interop/litert_operators.py} tries.
 */
class GraphConversionTest {

    private final GraphEditor edit = new Graph().edit().opset("", 13);

    private static Attribute ints(long... values) {
        return new Attribute.Ints(Arrays.stream(values).boxed().toList());
    }

    private void value(String name, long... dims) {
        edit.valueInfo(ValueInfo.of(name, ElementType.FLOAT, dims));
    }

    private void node(String op, List<String> in, String out, Map<String, Attribute> attributes) {
        edit.add(Node.of(op + out, op, in, List.of(out), attributes));
    }

    /** A pair of scale 0.5. */
    private void pair(String from, String to, float zeroPoint) {
        edit.initializer(to + "_scale", Tensor.scalar(0.5f));
        edit.initializer(to + "_zero", Tensor.ofCodes(ElementType.INT8, new long[0], (int) zeroPoint));
        node("QuantizeLinear", List.of(from, to + "_scale", to + "_zero"), to + "_quantized", Map.of());
        node("DequantizeLinear", List.of(to + "_quantized", to + "_scale", to + "_zero"), to, Map.of());
    }

    private void weight(String name, long[] dims, float... scales) {
        int[] codes = new int[(int) Tensor.count(dims)];
        Arrays.setAll(codes, i -> i + 1);
        edit.initializer(name + "_quantized", Tensor.ofCodes(ElementType.INT8, dims, codes));
        edit.initializer(name + "_scale", Tensor.ofFloats(new long[] {scales.length}, scales));
        edit.initializer(
                name + "_zero", Tensor.ofCodes(ElementType.INT8, new long[] {scales.length}, new int[scales.length]));
        node(
                "DequantizeLinear",
                List.of(name + "_quantized", name + "_scale", name + "_zero"),
                name,
                Map.of("axis", new Attribute.IntValue(0)));
    }

    private void convolution() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4));
        pair("x", "x_dequantized", 3);
        weight("w", new long[] {2, 2, 1, 2}, 0.25f, 0.125f);
        edit.initializer("b", Tensor.ofFloats(new long[] {2}, 1, -1));
        value("c", 1, 2, 4, 3);
        value("y_raw", 1, 2, 4, 3);
        node("Conv", List.of("x_dequantized", "w", "b"), "c", Map.of("kernel_shape", ints(1, 2)));
        node("Relu", List.of("c"), "y_raw", Map.of());
        pair("y_raw", "y", -128);
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 2, 4, 3));
    }

    private List<String> listing(boolean floatEnds) {
        edit.sort();
        return new TfliteReader("m.tflite", GraphConversion.file(edit.graph(), "m", floatEnds)).listing();
    }

    @Test
    void aConvolutionIsOneIntegerOperator() {
        convolution();
        assertThat(listing(false))
                .containsExactly(
                        "0: x INT8 [1, 4, 4, 2] scale [0.5] zero point [3.0]",
                        "1: w INT8 [2, 1, 2, 2] scale [0.25, 0.125] zero point [0.0, 0.0] [1, 3, 2, 4, 5, 7, 6, 8]",
                        "2: b INT32 [2] scale [0.125, 0.0625] zero point [0.0, 0.0] [8, 0, 0, 0, -16, -1, -1, -1]",
                        "3: y INT8 [1, 4, 3, 2] scale [0.5] zero point [-128.0]",
                        "CONV_2D [0, 1, 2] -> [3]",
                        "inputs [0]",
                        "outputs [3]");
    }

    @Test
    void floatEndsAreConvertedInside() {
        convolution();
        assertThat(listing(true))
                .contains("x_float FLOAT [1, 4, 4, 2]".replaceFirst("^", "0: "))
                .filteredOn(l -> l.contains("->"))
                .extracting(l -> l.substring(0, l.indexOf(' ')))
                .containsExactly("QUANTIZE", "CONV_2D", "DEQUANTIZE");
    }

    /** LiteRT's kernel of LOGISTIC gives 1/256 from -128 and nothing else. */
    @Test
    void whereTheModelWantsAnotherEncodingThanTheKernelItIsConverted() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        pair("x", "x_dequantized", 3);
        value("y_raw", 1, 4);
        node("Sigmoid", List.of("x_dequantized"), "y_raw", Map.of());
        pair("y_raw", "y", 0);
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4));
        assertThat(listing(false))
                .contains(
                        "1: y_before INT8 [1, 4] scale [0.00390625] zero point [-128.0]",
                        "LOGISTIC [0] -> [1]",
                        "QUANTIZE [1] -> [2]");
    }

    /** Pictures lie channels last; a Reshape to vectors wants them as ONNX has them. */
    @Test
    void elementsAreMovedOnlyWhereTheyLieOtherwise() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4));
        edit.initializer("shape", Tensor.ofLongs(new long[] {2}, 1, 32));
        value("p", 1, 4, 4, 2);
        node("Reshape", List.of("x", "shape"), "y", Map.of());
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 32));
        node("Transpose", List.of("x"), "p", Map.of("perm", ints(0, 2, 3, 1)));
        node("Reshape", List.of("p", "shape"), "z", Map.of());
        edit.output(ValueInfo.of("z", ElementType.FLOAT, 1, 32));
        assertThat(listing(false))
                .filteredOn(l -> l.contains("->"))
                .extracting(l -> l.substring(0, l.indexOf(' ')))
                .containsExactly("TRANSPOSE", "RESHAPE", "RESHAPE");
    }

    @Test
    void whatLiteRtHasNotIsRefusedByName() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 4));
        node("Erf", List.of("x"), "y", Map.of());
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 4));
        assertThatThrownBy(() -> listing(false))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("Erfy")
                .hasMessageContaining("Erf has no counterpart among LiteRT's operators");
    }

    @Test
    void aNearestResizeThatTakesOtherPixelsIsRefused() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4));
        edit.initializer("sizes", Tensor.ofLongs(new long[] {4}, 1, 2, 7, 7));
        Map<String, Attribute> attributes = Map.of(
                "coordinate_transformation_mode",
                new Attribute.StringValue("asymmetric"),
                "nearest_mode",
                new Attribute.StringValue("ceil"));
        node("Resize", List.of("x", "", "", "sizes"), "y", attributes);
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 2, 7, 7));
        assertThatThrownBy(() -> listing(false)).hasMessageContaining("takes other pixels with asymmetric and ceil");
    }

    /** LiteRT's convolutions and pools have two dimensions at most; which one the model has, the message says. */
    @ParameterizedTest
    @ValueSource(strings = {"Conv", "ConvTranspose", "MaxPool", "AveragePool"})
    void threeDimensionalConvolutionsAndPoolsAreRefusedByName(String op) {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4, 4));
        pair("x", "x_dequantized", 3);
        List<String> in = List.of("x_dequantized");
        if (op.startsWith("Conv")) {
            edit.initializer("w", Tensor.ofFloats(new long[] {2, 2, 1, 1, 1}, 1, 2, 3, 4));
            in = List.of("x_dequantized", "w");
        }
        node(op, in, "y", Map.of("kernel_shape", ints(1, 1, 1)));
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 2, 4, 4, 4));
        assertThatThrownBy(() -> listing(false))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(op + " works on 3 dimensions, of which LiteRT has 1 and 2");
    }

    /** A product gets a bias of zeros under its own name, which may be that of a constant of the model. */
    @Test
    void constantsOfOneNameAreKeptApart() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2));
        edit.initializer("w", Tensor.ofFloats(new long[] {2, 2}, 1, 2, 3, 4));
        edit.initializer("MatMulm_bias", Tensor.ofFloats(new long[] {2}, 1, 1));
        value("m", 1, 2);
        node("MatMul", List.of("x", "w"), "m", Map.of());
        node("Mul", List.of("MatMulm_bias", "MatMulm_bias"), "b", Map.of());
        value("b", 2);
        node("Add", List.of("m", "b"), "y", Map.of());
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 2));
        assertThat(listing(false))
                .anyMatch(l -> l.contains("MatMulm_bias FLOAT [2] [0, 0, 0, 0, 0, 0, 0, 0]"))
                .anyMatch(l -> l.contains("MatMulm_bias_1 FLOAT [2] [0, 0, -128, 63, 0, 0, -128, 63]"));
    }

    /** tf2onnx's way to say LiteRT's own half-pixel centers. */
    @Test
    void tensorFlowsNearestResizeIsWritten() {
        resize("nearest", "tf_half_pixel_for_nn", "floor", "sizes", Tensor.ofLongs(new long[] {4}, 1, 2, 8, 8), 8);
        assertThat(listing(false)).anyMatch(l -> l.startsWith("RESIZE_NEAREST_NEIGHBOR"));
    }

    @Test
    void aResizeToAPartOfThePictureIsRefused() {
        resize("nearest", "tf_crop_and_resize", "floor", "sizes", Tensor.ofLongs(new long[] {4}, 1, 2, 8, 8), 8);
        assertThatThrownBy(() -> listing(false)).hasMessageContaining("counts pixels as 'tf_crop_and_resize'");
    }

    /** 4 x 1.9 is 7 pixels, each 1 / 1.9 from the next; LiteRT would take 4 / 7. */
    @Test
    void aLinearResizeByAFactorThatIsNotTheRatioOfSizesIsRefused() {
        Tensor scales = Tensor.ofFloats(new long[] {4}, 1, 1, 1.9f, 1.9f);
        resize("linear", "asymmetric", "floor", "scales", scales, 7);
        assertThatThrownBy(() -> listing(false)).hasMessageContaining("makes 7 pixels of 4 with the factor 1.9");
    }

    private void resize(String mode, String coordinates, String rounding, String by, Tensor values, long size) {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 2, 4, 4));
        edit.initializer(by, values);
        Map<String, Attribute> attributes = Map.of(
                "mode",
                new Attribute.StringValue(mode),
                "coordinate_transformation_mode",
                new Attribute.StringValue(coordinates),
                "nearest_mode",
                new Attribute.StringValue(rounding));
        List<String> in = by.equals("sizes") ? List.of("x", "", "", by) : List.of("x", "", by);
        node("Resize", in, "y", attributes);
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 2, size, size));
    }

    /** 9 rows and columns come out; the one that is too much for output_shape stands in front, as ONNX has it. */
    @Test
    void aTransposedConvolutionOfAGivenSizeIsCutWhereOnnxCutsIt() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 1, 1, 4, 4));
        edit.initializer("w", Tensor.ofFloats(new long[] {1, 1, 3, 3}, new float[9]));
        node("ConvTranspose", List.of("x", "w"), "y", Map.of("strides", ints(2, 2), "output_shape", ints(8, 8)));
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 1, 8, 8));
        assertThat(listing(false))
                .anyMatch(l -> l.contains("int32[4][0, 1, 1, 0]"))
                .anyMatch(l -> l.contains("int32[4][1, 9, 9, 1]"))
                .anyMatch(l -> l.startsWith("STRIDED_SLICE"));
    }

    /** No axes are all axes. */
    @Test
    void aReductionOverAnEmptyListOfAxesIsOverAll() {
        edit.input(ValueInfo.of("x", ElementType.FLOAT, 2, 3));
        edit.initializer("axes", Tensor.ofLongs(new long[] {0}));
        node("ReduceSum", List.of("x", "axes"), "y", Map.of());
        edit.output(ValueInfo.of("y", ElementType.FLOAT, 1, 1));
        assertThat(listing(false)).anyMatch(l -> l.contains("int32[2][0, 1]"));
    }

    @Test
    void constantsKeepTheirNumbersInAnyOrder() {
        Random random = new Random(3);
        long[] dims = {2, 3, 4, 5};
        float[] values = new float[120];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        Constant c = new Constant("c", Tensor.ofFloats(dims, values), Optional.empty());
        AxisOrder order = new AxisOrder(List.of(2, 0, 3, 1));
        Constant moved = c.transposed(order);
        assertThat(moved.values().dims()).containsExactly(4, 2, 5, 3);
        assertThat(moved.values().floats()[1]).isEqualTo(values[20]);
        assertThat(moved.transposed(order.inverse()).values().floats()).containsExactly(values);
    }

    @Test
    void freeSizesAreSaidByThePerson() {
        ValueInfo.Dimension free = new ValueInfo.Dimension(-1, "width");
        List<ValueInfo.Dimension> dims = List.of(free, ValueInfo.Dimension.of(3), free);
        edit.input(new ValueInfo("x", ElementType.FLOAT, Optional.of(dims), UnmodeledProto.NONE));
        assertThat(InputSizes.open(edit.graph())).containsExactly("x");
        assertThatThrownBy(() -> InputSizes.set(edit.graph(), "1x4x8")).hasMessageContaining("own shape [-1, 3, -1]");
        assertThatThrownBy(() -> InputSizes.set(edit.graph(), "y=1x3x8")).hasMessageContaining("the model has [x]");
        assertThatThrownBy(() -> InputSizes.set(edit.graph(), "wide")).hasMessageContaining("such as 1x3x48x192");
        InputSizes.set(edit.graph(), "x=1x3x8");
        assertThat(InputSizes.open(edit.graph())).isEmpty();
    }

    /** A damaged file ends in a message, never in a stack trace. */
    @Test
    void aDamagedFileIsRefused() {
        convolution();
        edit.sort();
        byte[] whole = GraphConversion.file(edit.graph(), "m", false);
        Random random = new Random(5);
        for (int i = 0; i < 3000; i++) {
            byte[] damaged = i % 3 == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int k = 0; k < 3 && damaged.length > 0; k++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            TfliteReader reader = new TfliteReader("m.tflite", damaged);
            try {
                reader.parameters();
                reader.constants();
                reader.listing();
            } catch (UserException e) {
                assertThat(e.problems()).isNotEmpty();
            }
        }
    }
}
