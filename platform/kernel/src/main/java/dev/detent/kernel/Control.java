package dev.detent.kernel;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.Parameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.Slot;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Verb;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The verbs for one pass run. The host opens one per run and revokes it afterwards. */
public final class Control implements StateControl {

    private final Configs configs;
    private final Graph graph;
    private final Journal journal;
    private final String pass;
    private final String plugin;
    private final Set<Verb> declared;
    private final Thread owner = Thread.currentThread();
    private boolean revoked;

    /**
     * @param pass id of the pass, for the journal and for blame
     * @param plugin id and version of its plugin
     * @param declared the verbs its descriptor names
     */
    public Control(Configs configs, Graph graph, Journal journal, String pass, String plugin, Set<Verb> declared) {
        this.configs = configs;
        this.graph = graph;
        this.journal = journal;
        this.pass = pass;
        this.plugin = plugin;
        this.declared = declared.isEmpty() ? EnumSet.noneOf(Verb.class) : EnumSet.copyOf(declared);
    }

    /** The pass is over: every later call is refused. */
    public void revoke() {
        revoked = true;
    }

    @Override
    public void calibrate(TensorQuantization config, Parameters parameters, String reason) {
        Config c = ownRoot(config, Verb.CALIBRATE);
        fits(c, c.ownScheme, parameters, Verb.CALIBRATE);
        QuantizationState to = admit(c, Verb.CALIBRATE);
        c.ownParameters = parameters;
        move(c, Verb.CALIBRATE, to, reason);
    }

    @Override
    public void recalibrate(TensorQuantization config, String reason) {
        Config c = ownRoot(config, Verb.RECALIBRATE);
        move(c, Verb.RECALIBRATE, admit(c, Verb.RECALIBRATE), reason);
    }

    @Override
    public boolean overlap(TensorQuantization config, TensorQuantization by, String reason) {
        Config c = mine(config);
        Config group = c.root();
        Config over = mine(by).root();
        if (group == over) {
            usable(c, Verb.OVERLAP);
            return false;
        }
        QuantizationState to = admit(c, Verb.OVERLAP);
        if (group != c) {
            admit(group, Verb.OVERLAP);
            group.parent = over;
            c.parent = over;
            move(group, Verb.OVERLAP, to, reason);
        }
        c.parent = over;
        move(c, Verb.OVERLAP, to, reason);
        return true;
    }

    @Override
    public void enslave(TensorQuantization config, TensorQuantization master, String reason) {
        Config c = mine(config);
        Config m = master(c, master, Verb.ENSLAVE);
        QuantizationState to = admit(c, Verb.ENSLAVE);
        if (reaches(m, c)) {
            // The master already follows this config: the pair becomes one group that still quantizes, as in PPQ.
            m = c;
        }
        c.parent = m;
        move(c, Verb.ENSLAVE, to, reason);
    }

    @Override
    public void enslaveGroup(TensorQuantization config, TensorQuantization master, String reason) {
        Config head = mine(config).root();
        Config m = master(head, master, Verb.ENSLAVE_GROUP);
        QuantizationState to = admit(head, Verb.ENSLAVE_GROUP);
        head.parent = reaches(m, head) ? head : m;
        move(head, Verb.ENSLAVE_GROUP, to, reason);
    }

    @Override
    public void lead(TensorQuantization config, Parameters parameters, String reason) {
        Config c = mine(config);
        fits(c, c.ownScheme, parameters, Verb.LEAD);
        QuantizationState to = admit(c, Verb.LEAD);
        c.parent = c;
        c.ownParameters = parameters;
        move(c, Verb.LEAD, to, reason);
    }

    @Override
    public void await(TensorQuantization config, String reason) {
        Config c = ownRoot(config, Verb.AWAIT);
        move(c, Verb.AWAIT, admit(c, Verb.AWAIT), reason);
    }

    @Override
    public void derive(TensorQuantization config, Parameters parameters, String reason) {
        Config c = ownRoot(config, Verb.DERIVE);
        QuantizationState to = admit(c, Verb.DERIVE);
        c.ownParameters = parameters;
        move(c, Verb.DERIVE, to, reason);
    }

    @Override
    public void bake(TensorQuantization config, Tensor values, String reason) {
        Config c = mine(config);
        QuantizationState to = admit(c, Verb.BAKE);
        if (!c.isParameter()) {
            throw refuse(c, Verb.BAKE, "the value is computed, only an initializer can be baked");
        }
        if (graph.uses(c.value()).size() != 1) {
            throw refuse(
                    c,
                    Verb.BAKE,
                    "the initializer has " + graph.uses(c.value()).size() + " uses, baking needs exactly one");
        }
        if (!Arrays.equals(graph.initializer(c.value()).orElseThrow().dims(), values.dims())) {
            throw refuse(c, Verb.BAKE, "the new values have another shape");
        }
        graph.edit().initializer(c.value(), values);
        move(c, Verb.BAKE, to, reason);
    }

    @Override
    public void keepFloat(TensorQuantization config, String reason) {
        Config c = ownRoot(config, Verb.KEEP_FLOAT);
        move(c, Verb.KEEP_FLOAT, admit(c, Verb.KEEP_FLOAT), reason);
    }

    @Override
    public void markShape(TensorQuantization config, String reason) {
        Config c = ownRoot(config, Verb.MARK_SHAPE);
        move(c, Verb.MARK_SHAPE, admit(c, Verb.MARK_SHAPE), reason);
    }

    @Override
    public void deactivate(TensorQuantization config, String reason) {
        Config c = ownRoot(config, Verb.DEACTIVATE);
        QuantizationState to = admit(c, Verb.DEACTIVATE);
        c.former = c.state;
        move(c, Verb.DEACTIVATE, to, reason);
    }

    @Override
    public void reactivate(TensorQuantization config, String reason) {
        Config c = mine(config);
        admit(c, Verb.REACTIVATE);
        move(c, Verb.REACTIVATE, java.util.Objects.requireNonNull(c.former), reason);
        c.former = null;
    }

    @Override
    public void revise(TensorQuantization config, Scheme scheme, String reason) {
        Config c = ownRoot(config, Verb.REVISE);
        admit(c, Verb.REVISE);
        if (!c.ownScheme.axis().equals(scheme.axis())) {
            throw refuse(c, Verb.REVISE, "the new scheme has another granularity");
        }
        c.ownScheme = scheme;
        move(c, Verb.REVISE, c.state, reason);
    }

    @Override
    public Suspension dequantize(Collection<? extends TensorQuantization> selection) {
        Map<Config, QuantizationState> before = new LinkedHashMap<>();
        for (TensorQuantization t : selection) {
            Config c = mine(t);
            QuantizationState to = admit(c, Verb.SUSPEND);
            before.put(c, c.state);
            move(c, Verb.SUSPEND, to, "");
        }
        return () -> {
            before.forEach((c, state) -> {
                if (c.state.isSwitchedOff()) {
                    journal(c, Verb.RESUME, c.state, state, "");
                    c.state = state;
                }
            });
            before.clear();
        };
    }

    private Config mine(TensorQuantization config) {
        if (config instanceof Config c && configs.config(c.slot()).orElse(null) == c) {
            return c;
        }
        throw new PluginException(
                "DT-KRN-002", "pass '" + pass + "' used a config that does not belong to this model", plugin);
    }

    private Config ownRoot(TensorQuantization config, Verb verb) {
        Config c = mine(config);
        if (c.root() != c) {
            throw refuse(c, verb, "its parameters are those of " + c.root().slot());
        }
        return c;
    }

    private Config master(Config c, TensorQuantization master, Verb verb) {
        Config m = mine(master);
        if (!m.state.canLead()) {
            throw refuse(c, verb, "the master " + m.slot() + " is " + m.state + " and leads nobody");
        }
        return m;
    }

    /** Following parents from {@code from} passes {@code target}. */
    private static boolean reaches(Config from, Config target) {
        for (Config c = from; ; c = c.parent) {
            if (c == target) {
                return true;
            }
            if (c.parent == c) {
                return false;
            }
        }
    }

    private void fits(Config c, Scheme scheme, Parameters parameters, Verb verb) {
        if (!scheme.isPerChannel() && parameters.channels() != 1) {
            throw refuse(c, verb, parameters.channels() + " scales do not fit a per-tensor scheme");
        }
        if (scheme.isPerChannel() && c.isParameter()) {
            Tensor t = graph.initializer(c.value()).orElseThrow();
            int axis = scheme.axis().getAsInt();
            if (axis >= t.rank() || t.dim(axis) * scheme.blocks(t.dims()) != parameters.channels()) {
                throw refuse(c, verb, parameters.channels() + " scales do not fit axis " + axis + " of " + t);
            }
        }
    }

    private void usable(Config c, Verb verb) {
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

    private QuantizationState admit(Config c, Verb verb) {
        usable(c, verb);
        TransitionTable.Row row = TransitionTable.find(verb, c.state)
                .orElseThrow(() -> refuse(c, verb, "in that state one may ask for " + TransitionTable.legal(c.state)));
        return row.to().orElse(c.state);
    }

    private void move(Config c, Verb verb, QuantizationState to, String reason) {
        QuantizationState from = c.state;
        c.state = to;
        journal(c, verb, from, to, reason);
    }

    private void journal(Config c, Verb verb, QuantizationState from, QuantizationState to, @Nullable String reason) {
        journal.add(new Journal.Entry(
                c.slot(), c.value(), verb, from, to, root(c), pass, plugin, reason == null ? "" : reason));
    }

    private static Slot root(Config c) {
        return c.root().slot();
    }

    private PluginException refuse(Config c, Verb verb, String why) {
        return new PluginException(
                "DT-KRN-001",
                "pass '" + pass + "' asked to " + verb + " tensor '" + c.value() + "' at " + c.slot() + ", which is "
                        + c.state + ": " + why,
                plugin);
    }
}
