package dev.detent.kernel;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The verbs for one pass run. The host opens one per run and revokes it afterwards. */
public final class StateMachine implements StateControl {

    private final QuantizationConfigs configs;
    private final Graph graph;
    private final Journal journal;
    private final String pass;
    private final String plugin;
    private final Set<Transition> declared;
    private final Thread owner = Thread.currentThread();
    private boolean revoked;

    /**
     * @param pass id of the pass, for the journal and for blame
     * @param plugin id and version of its plugin
     * @param declared the verbs its descriptor names
     */
    public StateMachine(
            QuantizationConfigs configs,
            Graph graph,
            Journal journal,
            String pass,
            String plugin,
            Set<Transition> declared) {
        this.configs = configs;
        this.graph = graph;
        this.journal = journal;
        this.pass = pass;
        this.plugin = plugin;
        this.declared = declared.isEmpty() ? EnumSet.noneOf(Transition.class) : EnumSet.copyOf(declared);
    }

    /** The pass is over: every later call is refused. */
    public void revoke() {
        revoked = true;
    }

    @Override
    public void calibrate(TensorQuantization config, QuantizationParameters parameters, String reason) {
        TensorConfig c = ownRoot(config, Transition.CALIBRATE);
        fits(c, c.ownScheme, parameters, Transition.CALIBRATE);
        QuantizationState to = admit(c, Transition.CALIBRATE);
        c.ownParameters = parameters;
        move(c, Transition.CALIBRATE, to, reason);
    }

    @Override
    public void recalibrate(TensorQuantization config, String reason) {
        TensorConfig c = ownRoot(config, Transition.RECALIBRATE);
        move(c, Transition.RECALIBRATE, admit(c, Transition.RECALIBRATE), reason);
    }

    @Override
    public boolean overlap(TensorQuantization config, TensorQuantization by, String reason) {
        TensorConfig c = mine(config);
        TensorConfig group = c.root();
        TensorConfig over = mine(by).root();
        if (group == over) {
            usable(c, Transition.OVERLAP);
            return false;
        }
        QuantizationState to = admit(c, Transition.OVERLAP);
        if (group != c) {
            admit(group, Transition.OVERLAP);
            group.parent = over;
            c.parent = over;
            move(group, Transition.OVERLAP, to, reason);
        }
        c.parent = over;
        move(c, Transition.OVERLAP, to, reason);
        return true;
    }

    @Override
    public void enslave(TensorQuantization config, TensorQuantization master, String reason) {
        TensorConfig c = mine(config);
        TensorConfig m = master(c, master, Transition.ENSLAVE);
        QuantizationState to = admit(c, Transition.ENSLAVE);
        if (reaches(m, c)) {
            // The master already follows this config: the pair becomes one group that still quantizes, as in PPQ.
            m = c;
        }
        c.parent = m;
        move(c, Transition.ENSLAVE, to, reason);
    }

    @Override
    public void enslaveGroup(TensorQuantization config, TensorQuantization master, String reason) {
        TensorConfig head = mine(config).root();
        TensorConfig m = master(head, master, Transition.ENSLAVE_GROUP);
        QuantizationState to = admit(head, Transition.ENSLAVE_GROUP);
        head.parent = reaches(m, head) ? head : m;
        move(head, Transition.ENSLAVE_GROUP, to, reason);
    }

    @Override
    public void lead(TensorQuantization config, QuantizationParameters parameters, String reason) {
        TensorConfig c = mine(config);
        fits(c, c.ownScheme, parameters, Transition.LEAD);
        QuantizationState to = admit(c, Transition.LEAD);
        c.parent = c;
        c.ownParameters = parameters;
        move(c, Transition.LEAD, to, reason);
    }

    @Override
    public void await(TensorQuantization config, String reason) {
        TensorConfig c = ownRoot(config, Transition.AWAIT);
        move(c, Transition.AWAIT, admit(c, Transition.AWAIT), reason);
    }

    @Override
    public void derive(TensorQuantization config, QuantizationParameters parameters, String reason) {
        TensorConfig c = ownRoot(config, Transition.DERIVE);
        QuantizationState to = admit(c, Transition.DERIVE);
        c.ownParameters = parameters;
        move(c, Transition.DERIVE, to, reason);
    }

    @Override
    public void bake(TensorQuantization config, Tensor values, String reason) {
        TensorConfig c = mine(config);
        QuantizationState to = admit(c, Transition.BAKE);
        if (!c.isInitializer()) {
            throw refuse(c, Transition.BAKE, "the value is computed, only an initializer can be baked");
        }
        if (graph.uses(c.value()).size() != 1) {
            throw refuse(
                    c,
                    Transition.BAKE,
                    "the initializer has " + graph.uses(c.value()).size() + " uses, baking needs exactly one");
        }
        if (!Arrays.equals(graph.initializer(c.value()).orElseThrow().dims(), values.dims())) {
            throw refuse(c, Transition.BAKE, "the new values have another shape");
        }
        graph.edit().initializer(c.value(), values);
        move(c, Transition.BAKE, to, reason);
    }

    @Override
    public void keepFloat(TensorQuantization config, String reason) {
        TensorConfig c = ownRoot(config, Transition.KEEP_FLOAT);
        move(c, Transition.KEEP_FLOAT, admit(c, Transition.KEEP_FLOAT), reason);
    }

    @Override
    public void markShape(TensorQuantization config, String reason) {
        TensorConfig c = ownRoot(config, Transition.MARK_SHAPE);
        move(c, Transition.MARK_SHAPE, admit(c, Transition.MARK_SHAPE), reason);
    }

    @Override
    public void deactivate(TensorQuantization config, String reason) {
        TensorConfig c = ownRoot(config, Transition.DEACTIVATE);
        QuantizationState to = admit(c, Transition.DEACTIVATE);
        c.former = c.state;
        move(c, Transition.DEACTIVATE, to, reason);
    }

    @Override
    public void reactivate(TensorQuantization config, String reason) {
        TensorConfig c = mine(config);
        admit(c, Transition.REACTIVATE);
        move(c, Transition.REACTIVATE, java.util.Objects.requireNonNull(c.former), reason);
        c.former = null;
    }

    @Override
    public void revise(TensorQuantization config, Scheme scheme, String reason) {
        TensorConfig c = ownRoot(config, Transition.REVISE);
        admit(c, Transition.REVISE);
        if (!c.ownScheme.axis().equals(scheme.axis())) {
            throw refuse(c, Transition.REVISE, "the new scheme has another granularity");
        }
        c.ownScheme = scheme;
        move(c, Transition.REVISE, c.state, reason);
    }

    @Override
    public Suspension dequantize(Collection<? extends TensorQuantization> selection) {
        Map<TensorConfig, QuantizationState> before = new LinkedHashMap<>();
        for (TensorQuantization t : selection) {
            TensorConfig c = mine(t);
            QuantizationState to = admit(c, Transition.SUSPEND);
            before.put(c, c.state);
            move(c, Transition.SUSPEND, to, "");
        }
        return () -> {
            before.forEach((c, state) -> {
                if (c.state.isSwitchedOff()) {
                    journal(c, Transition.RESUME, c.state, state, "");
                    c.state = state;
                }
            });
            before.clear();
        };
    }

    private TensorConfig mine(TensorQuantization config) {
        if (config instanceof TensorConfig c && configs.config(c.slot()).orElse(null) == c) {
            return c;
        }
        throw new PluginException(
                "DT-KRN-002", "pass '" + pass + "' used a config that does not belong to this model", plugin);
    }

    private TensorConfig ownRoot(TensorQuantization config, Transition verb) {
        TensorConfig c = mine(config);
        if (c.root() != c) {
            throw refuse(c, verb, "its parameters are those of " + c.root().slot());
        }
        return c;
    }

    private TensorConfig master(TensorConfig c, TensorQuantization master, Transition verb) {
        TensorConfig m = mine(master);
        if (!m.state.canLead()) {
            throw refuse(c, verb, "the master " + m.slot() + " is " + m.state + " and leads nobody");
        }
        return m;
    }

    /** Following parents from {@code from} passes {@code target}. */
    private static boolean reaches(TensorConfig from, TensorConfig target) {
        for (TensorConfig c = from; ; c = c.parent) {
            if (c == target) {
                return true;
            }
            if (c.parent == c) {
                return false;
            }
        }
    }

    private void fits(TensorConfig c, Scheme scheme, QuantizationParameters parameters, Transition verb) {
        if (!scheme.isPerChannel() && parameters.channels() != 1) {
            throw refuse(c, verb, parameters.channels() + " scales do not fit a per-tensor scheme");
        }
        if (scheme.isPerChannel() && c.isInitializer()) {
            Tensor t = graph.initializer(c.value()).orElseThrow();
            int axis = scheme.axis().getAsInt();
            if (axis >= t.rank() || scheme.granularity().groups(t.dims()) != parameters.channels()) {
                throw refuse(c, verb, parameters.channels() + " scales do not fit axis " + axis + " of " + t);
            }
        }
    }

    private void usable(TensorConfig c, Transition verb) {
        if (revoked) {
            throw refuse(c, verb, "the pass is over");
        }
        if (Thread.currentThread() != owner) {
            throw refuse(c, verb, "a control belongs to the thread of its pass");
        }
        if (!declared.contains(verb)) {
            throw refuse(c, verb, "the pass declared only " + declared);
        }
    }

    private QuantizationState admit(TensorConfig c, Transition verb) {
        usable(c, verb);
        TransitionTable.Row row = TransitionTable.find(verb, c.state)
                .orElseThrow(() -> refuse(c, verb, "in that state one may ask for " + TransitionTable.legal(c.state)));
        return row.to().orElse(c.state);
    }

    private void move(TensorConfig c, Transition verb, QuantizationState to, String reason) {
        QuantizationState from = c.state;
        c.state = to;
        journal(c, verb, from, to, reason);
    }

    private void journal(
            TensorConfig c, Transition verb, QuantizationState from, QuantizationState to, @Nullable String reason) {
        journal.add(new Journal.Entry(
                c.slot(), c.value(), verb, from, to, root(c), pass, plugin, reason == null ? "" : reason));
    }

    private static Slot root(TensorConfig c) {
        return c.root().slot();
    }

    private PluginException refuse(TensorConfig c, Transition verb, String why) {
        return new PluginException(
                "DT-KRN-001",
                "pass '" + pass + "' asked to " + verb + " tensor '" + c.value() + "' at " + c.slot() + ", which is "
                        + c.state + ": " + why,
                plugin);
    }
}
