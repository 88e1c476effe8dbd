package dev.detent.passes.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.passes.calibration.ObserverContest.Candidate;
import dev.detent.spi.pass.PassContext;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.run.Simulator;
import dev.detent.spi.run.Simulator.Trial;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ObserverContestTest {

    private static final List<TensorQuantization> TENSORS = IntStream.range(0, 4)
            .mapToObj(i -> fake(TensorQuantization.class, "tensor " + i))
            .toList();

    private static final Candidate MSE = new Candidate(new ObserverChoice("", 99, true), parameters(1));
    private static final Candidate PERCENTILE =
            new Candidate(new ObserverChoice("percentile", 32, true), parameters(2));
    private static final Candidate MINMAX = new Candidate(new ObserverChoice("minmax", 99, false), parameters(3));

    private static Map<TensorQuantization, QuantizationParameters> parameters(float scale) {
        Map<TensorQuantization, QuantizationParameters> all = new LinkedHashMap<>();
        TENSORS.forEach(t -> all.put(t, QuantizationParameters.of(scale, 0)));
        return all;
    }

    private static <T> T fake(Class<T> type, String name) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> switch (method.getName()) {
                    case "toString" -> name;
                    case "hashCode" -> name.hashCode();
                    case "equals" -> self == args[0];
                    default -> throw new UnsupportedOperationException(method.getName());
                }));
    }

    /** @param error by the scales of the four tensors */
    private static Map<TensorQuantization, Candidate> winners(ToDoubleFunction<List<Float>> error) {
        Simulator simulator = (Simulator) Proxy.newProxyInstance(
                Simulator.class.getClassLoader(), new Class<?>[] {Simulator.class}, (self, method, args) -> {
                    Map<? extends TensorQuantization, QuantizationParameters> tried = ((Trial) args[0]).parameters();
                    return error.applyAsDouble(
                            TENSORS.stream().map(t -> tried.get(t).scale(0)).toList());
                });
        PassContext context = (PassContext) Proxy.newProxyInstance(
                PassContext.class.getClassLoader(),
                new Class<?>[] {PassContext.class},
                (self, method, args) -> method.getName().equals("simulator") ? simulator : null);
        return new ObserverContest(context, Trial.NONE, 8, 2).winners(List.of(MSE, PERCENTILE, MINMAX));
    }

    private static long of(Candidate candidate, Map<TensorQuantization, Candidate> winners) {
        return winners.values().stream().filter(candidate::equals).count();
    }

    @Test
    void aPercentileReplacesMinmaxInAPartForADecibelOnly() {
        assertThat(of(
                        MINMAX,
                        winners(s ->
                                s.get(3) == 2 && s.get(0) != 2 ? 0.85 : s.get(0) == 3 ? 1 : s.get(0) == 2 ? 2 : 3)))
                .isEqualTo(4);
        assertThat(of(
                        PERCENTILE,
                        winners(s ->
                                s.get(3) == 2 && s.get(0) != 2 ? 0.75 : s.get(0) == 3 ? 1 : s.get(0) == 2 ? 2 : 3)))
                .isEqualTo(2);
    }

    @Test
    void theRulesChoiceDoesForHalfADecibel() {
        assertThat(of(
                        MSE,
                        winners(s ->
                                s.get(3) == 1 && s.get(0) != 1 ? 0.85 : s.get(0) == 3 ? 1 : s.get(0) == 1 ? 2 : 3)))
                .isEqualTo(2);
    }
}
