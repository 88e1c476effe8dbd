package dev.detent.passes.calibration;

import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.observe.SketchState;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import java.util.Optional;

/** Decorator that hands everything on to another observer; what is done with the values is for those that extend it. */
abstract class ForwardingObserver implements Observer {

    private final Observer observer;

    ForwardingObserver(Observer observer) {
        this.observer = observer;
    }

    @Override
    public boolean needsOrder() {
        return observer.needsOrder();
    }

    @Override
    public void begin(long[] shape) {
        observer.begin(shape);
    }

    @Override
    public void accept(float[] values, int from, int to) {
        observer.accept(values, from, to);
    }

    @Override
    public void end() {
        observer.end();
    }

    @Override
    public void merge(Sketch other) {
        observer.merge(((ForwardingObserver) other).observer);
    }

    @Override
    public Optional<SketchState> state() {
        return observer.state();
    }

    @Override
    public void restore(SketchState state) {
        observer.restore(state);
    }

    @Override
    public QuantizationParameters render(Scheme scheme) {
        return observer.render(scheme);
    }
}
