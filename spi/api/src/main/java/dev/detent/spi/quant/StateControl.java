package dev.detent.spi.quant;

import dev.detent.spi.ImplementedByHost;
import dev.detent.spi.Stable;
import dev.detent.spi.graph.Tensor;
import java.util.Collection;

/**
 * The verbs. A control belongs to one pass run, its thread and the verbs its descriptor declared; afterwards it is
 * dead. Every accepted call becomes a journal entry; a refused one changes nothing and throws a
 * {@link dev.detent.spi.problem.PluginException} that names tensor, node, state, verb, the legal ones and the plugin.
 * docs/state-machine.md lists every verb with the states it leads from and what must hold besides.
 */
@Stable(since = "1.0")
@ImplementedByHost
public interface StateControl {

    /** INITIAL to ACTIVATED. */
    void calibrate(TensorQuantization config, QuantizationParameters parameters, String reason);

    /** ACTIVATED to INITIAL, PASSIVE to PASSIVE_INIT; the parameters go. Nobody may quantize with them. */
    void recalibrate(TensorQuantization config, String reason);

    /**
     * Puts {@code config} and the root of its group under the root of {@code by}; both become OVERLAPPED. Nothing
     * happens when they share a root already.
     *
     * @return whether anything changed
     */
    boolean overlap(TensorQuantization config, TensorQuantization by, String reason);

    /** Detaches {@code config} from its parent and lets it follow {@code master}; it becomes SLAVE. */
    void enslave(TensorQuantization config, TensorQuantization master, String reason);

    /** Lets the root of {@code config}'s group follow {@code master}; the root becomes SLAVE. */
    void enslaveGroup(TensorQuantization config, TensorQuantization master, String reason);

    /** Makes {@code config} its own root, ACTIVATED, with the scheme it showed so far and new parameters. */
    void lead(TensorQuantization config, QuantizationParameters parameters, String reason);

    /** INITIAL to PASSIVE_INIT. */
    void await(TensorQuantization config, String reason);

    /** PASSIVE_INIT (or PASSIVE, again) to PASSIVE. */
    void derive(TensorQuantization config, QuantizationParameters parameters, String reason);

    /**
     * ACTIVATED to BAKED, PASSIVE to PASSIVE_BAKED; {@code values} become those of the initializer, which has one use.
     * The declared verb is permission enough: this is no edit in the sense of
     * {@link dev.detent.spi.pass.PassDescriptor#editsGraph}, because nothing else in the graph can change here and the
     * journal has a line for each.
     */
    void bake(TensorQuantization config, Tensor values, String reason);

    /** INITIAL to FP32. */
    void keepFloat(TensorQuantization config, String reason);

    /** INITIAL to SOI. */
    void markShape(TensorQuantization config, String reason);

    /** Switches a config off that nobody else reads; it stays float in the finished model. */
    void deactivate(TensorQuantization config, String reason);

    /** Takes {@link #deactivate}, or a rule that started the config switched off, back. */
    void reactivate(TensorQuantization config, String reason);

    /** New scheme of the same granularity for an INITIAL or PASSIVE_INIT config. */
    void revise(TensorQuantization config, Scheme scheme, String reason);

    /**
     * Switches configs off (DEQUANTIZED) until the returned scope closes; then each has its former state again. The
     * scope belongs to the pass and its thread; one that is still open when the pass ends is closed, and the pass
     * blamed.
     */
    Suspension dequantize(Collection<? extends TensorQuantization> configs);

    /** A scope; closing it twice does nothing. */
    interface Suspension extends AutoCloseable {
        @Override
        void close();
    }
}
