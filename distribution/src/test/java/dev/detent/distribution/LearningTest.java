package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.rules.RuleText;
import dev.detent.host.settings.Settings;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.UnmodeledProto;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The passes that learn, on a network of six convolutions. */
class LearningTest {

    private static Graph network() {
        Random random = new Random(11);
        Graph g = new Graph();
        GraphEditor e = g.edit().opset("", 13).input(ValueInfo.of("x", ElementType.FLOAT, 1, 3, 8, 8));
        String in = "x";
        for (int i = 0; i < 6; i++) {
            long depth = i == 0 ? 3 : 8;
            float[] w = new float[(int) (8 * depth * 9)];
            for (int k = 0; k < w.length; k++) {
                w[k] = (float) (random.nextGaussian() / Math.sqrt(4.5 * depth));
            }
            float[] b = new float[8];
            for (int k = 0; k < b.length; k++) {
                b[k] = (float) random.nextGaussian() * 0.1f;
            }
            e.initializer("w" + i, Tensor.ofFloats(new long[] {8, depth, 3, 3}, w));
            e.initializer("b" + i, Tensor.ofFloats(new long[] {8}, b));
            e.add(Node.of(
                    "conv" + i,
                    "Conv",
                    List.of(in, "w" + i, "b" + i),
                    List.of("c" + i),
                    Map.of("pads", new Attribute.Ints(List.of(1L, 1L, 1L, 1L)))));
            e.add(Node.of("relu" + i, "Relu", List.of("c" + i), List.of("r" + i), Map.of()));
            in = "r" + i;
        }
        return e.output(new ValueInfo(in, ElementType.FLOAT, Optional.empty(), UnmodeledProto.NONE))
                .graph();
    }

    private static Pipeline.Result quantize(String target, int workers, String... set) {
        Graph g = network();
        return TestPlatform.quantize(g, target, TestPlatform.noise(g, 20), workers, set);
    }

    private static String[] on(String pass, String... more) {
        List<String> set = new ArrayList<>(List.of(
                pass + "=on", pass + ".steps=12", pass + ".samples=14", pass + ".held-out=6", pass + ".batch=4"));
        set.addAll(List.of(more));
        return set.toArray(String[]::new);
    }

    /** Everything that a run leaves: values of initializers, parameters of configs. */
    private static List<Object> left(Pipeline.Result r) {
        List<Object> left = new ArrayList<>();
        r.graph()
                .initializers()
                .forEach((name, t) -> left.add(List.of(name, t.bytes().hashCode())));
        for (TensorQuantization c : r.configs().configs()) {
            left.add(List.of(
                    c.slot(),
                    c.state(),
                    c.qparams().map(QuantizationParameters::hashCode).orElse(0)));
        }
        return left;
    }

    private static String told(Pipeline.Result r) {
        return r.problems().stream()
                .filter(p -> p.id().equals("DT-TUN-002"))
                .map(Problem::sentence)
                .findFirst()
                .orElse("");
    }

    @ParameterizedTest
    @CsvSource({
        "lsq, fpga",
        "lsq, vitis",
        "tqt, fpga",
        "tqt, vitis",
        "adaround, tensorrt",
        "block-reconstruction, openvino",
        "block-bias-correction, qnn",
        "lsq, fp8-e4m3"
    })
    void lowersTheErrorAndKeepsEveryState(String pass, String target) {
        Pipeline.Result plain = quantize(target, 2);
        Pipeline.Result learned = quantize(target, 2, on(pass));
        assertThat(told(learned)).startsWith("learned ").doesNotStartWith("learned 0 ");
        Matcher fall = Pattern.compile("fell by (-?[0-9.]+) dB").matcher(told(learned));
        assertThat(fall.find()).isTrue();
        // Of what is kept the error has fallen, if by less than the sentence shows.
        assertThat(Double.parseDouble(fall.group(1))).isNotNegative();
        assertThat(left(learned)).isNotEqualTo(left(plain));
        assertThat(learned.configs().configs().stream()
                        .map(TensorQuantization::state)
                        .toList())
                .isEqualTo(plain.configs().configs().stream()
                        .map(TensorQuantization::state)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"lsq", "block-reconstruction"})
    void anyNumberOfThreadsLeavesTheSame(String pass) {
        List<Object> one = left(quantize("fpga", 1, on(pass)));
        assertThat(left(quantize("fpga", 3, on(pass)))).isEqualTo(one);
        assertThat(left(quantize("fpga", 1, on(pass, pass + ".seed=2")))).isNotEqualTo(one);
    }

    /** What a person keeps in float stays the model's own, whatever learns around it. */
    @ParameterizedTest
    @ValueSource(strings = {"lsq", "block-bias-correction", "block-reconstruction"})
    void weightsOfAFloatLayerAreNotLearned(String pass) {
        Graph g = network();
        Pipeline.Result r = TestPlatform.quantize(
                g,
                "fpga",
                TestPlatform.noise(g, 20),
                2,
                Settings.NONE.with(List.of(RuleText.keepFloat("node:conv2"))),
                on(pass));
        assertThat(told(r)).startsWith("learned ").doesNotStartWith("learned 0 ");
        assertThat(r.graph().initializer("w2").orElseThrow().bytes())
                .isEqualTo(g.initializer("w2").orElseThrow().bytes());
    }

    @Test
    void aLayerThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> quantize("fpga", 2, on("lsq", "lsq.interested-layers=conv1,konv2")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-TUN-003")
                .hasMessageContaining("konv2");
    }

    @Test
    void whatIsRefusedIsUndoneWhole() {
        Pipeline.Result refused = quantize("tensorrt", 2, on("lsq", "lsq.lr=1000"));
        assertThat(told(refused)).startsWith("learned 0 of ");
        assertThat(left(refused)).isEqualTo(left(quantize("tensorrt", 2)));
    }

    /** A bias counts in units of input scale x weight scale, also when those were learned. */
    @Test
    void biasesFollowLearnedScales() {
        Pipeline.Result r = quantize("fpga", 2, on("lsq"));
        int followed = 0;
        for (Node n : r.graph().nodes()) {
            Optional<QuantizationParameters> input = r.configs().input(n, 0).flatMap(TensorQuantization::qparams);
            Optional<QuantizationParameters> weight = r.configs().input(n, 1).flatMap(TensorQuantization::qparams);
            Optional<QuantizationParameters> bias =
                    r.configs().input(n, 2).filter(c -> c.state().isPassive()).flatMap(TensorQuantization::qparams);
            if (input.isPresent() && weight.isPresent() && bias.isPresent()) {
                assertThat(bias.get().scale(0))
                        .isEqualTo(weight.get().scale(0) * input.get().scale(0));
                followed++;
            }
        }
        assertThat(followed).isPositive();
    }

    @Test
    void nothingHappensWithoutPowersOfTwo() {
        assertThat(left(quantize("tensorrt", 2, on("tqt")))).isEqualTo(left(quantize("tensorrt", 2)));
    }
}
