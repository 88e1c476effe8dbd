package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Range;
import dev.detent.spi.quant.ScaleAndZeroPoint;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.observe.FixedQParamsObserver;
import java.util.List;
import java.util.Optional;

/**
 * uint8 whose scale and zero point are worked out from every tensor as it comes (ONNX DynamicQuantizeLinear): s =
 * (max(0, max) - min(0, min)) / 255, z = round(-min / s). Its configs hold no numbers of use and need no data.
 */
final class DynamicInteger implements NumberSystem {

    static final String ID = "dynamic-uint8";

    private static final DynamicInteger INSTANCE = new DynamicInteger();

    static final Scheme SCHEME = LinearInteger.asymmetric(8, 0, 255).with(INSTANCE);

    static final ObserverDefinition OBSERVER = new ObserverDefinition(
            ID,
            "nothing: the range is worked out at run time",
            List.of(),
            s -> s.system().isDynamic(),
            (s, o) -> new FixedQParamsObserver(scheme -> QuantizationParameters.of(1, 0)));

    private DynamicInteger() {}

    @Override
    public String id() {
        return ID;
    }

    @Override
    public boolean isDynamic() {
        return true;
    }

    @Override
    public ScaleAndZeroPoint cover(Range values, Scheme scheme) {
        return new ScaleAndZeroPoint(1, 0);
    }

    @Override
    public void fakeQuantize(float[] values, int from, int to, float scale, float zeroPoint, Scheme scheme) {
        float min = 0;
        float max = 0;
        for (int i = from; i < to; i++) {
            min = Math.min(min, values[i]);
            max = Math.max(max, values[i]);
        }
        float s = (max - min) / 255;
        if (s > 0) {
            float z = (float) Math.rint(Math.max(0, Math.min(255, -min / s)));
            LinearInteger.INSTANCE.fakeQuantize(values, from, to, s, z, scheme);
        }
    }

    @Override
    public long code(float value, float scale, float zeroPoint, Scheme scheme) {
        throw new UnsupportedOperationException("codes exist at run time only");
    }

    @Override
    public float value(long code, float scale, float zeroPoint, Scheme scheme) {
        throw new UnsupportedOperationException("codes exist at run time only");
    }

    @Override
    public double step(double value, float scale, float zeroPoint, Scheme scheme) {
        return scale;
    }

    @Override
    public Optional<ElementType> storage(Scheme scheme) {
        return Optional.empty();
    }
}
