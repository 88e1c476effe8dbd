package dev.detent.kernel;

import dev.detent.kernel.Request.Evidence;
import dev.detent.kernel.Request.Leader;
import dev.detent.kernel.Request.NewScheme;
import dev.detent.kernel.Request.NewValues;
import dev.detent.kernel.Request.Nothing;
import dev.detent.kernel.Request.Parameters;
import dev.detent.kernel.TransitionTable.Goal;
import dev.detent.kernel.TransitionTable.Row;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.StateControl;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.spi.quant.Transition;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The verbs for one pass run. The host opens one per run, on the thread of the pass, and closes it afterwards; every
 * later call is refused. Each verb is a request that {@link #apply} holds against the {@link TransitionTable}; a
 * refused one has changed nothing.
 */
public final class StateMachine implements StateControl, AutoCloseable {

    private final QuantizationConfigs configs;
    private final Graph graph;
    private final Journal journal;
    private final String pass;
    private final String plugin;
    private final Set<Transition> declared;
    private final Thread owner = Thread.currentThread();
    /** Suspensions nobody has closed yet, in the order they were opened. */
    private final Set<OpenSuspension> suspensions = new LinkedHashSet<>();

    private int edits;
    private boolean over;

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

    /**
     * The pass is over. What it left suspended gets its state back.
     *
     * @throws PluginException naming the pass when it left something suspended
     */
    @Override
    public void close() {
        over = true;
        List<OpenSuspension> left = List.copyOf(suspensions);
        left.forEach(s -> s.resume("the pass ended"));
        if (!left.isEmpty()) {
            throw new PluginException(
                    KernelProblems.SUSPENSION_LEFT_OPEN,
                    "pass '" + pass + "' ended and left " + left.size() + " suspension(s) open, the first of "
                            + left.get(0) + "; the pass that opens one closes it, best in a try-with-resources",
                    plugin);
        }
    }

    /**
     * Revisions of the graph that baking accounts for: values written through {@link #bake}, each with its line in the
     * journal. A pass that only bakes does not edit the graph in the sense of its descriptor.
     */
    public int bakedRevisions() {
        return edits;
    }

    @Override
    public void calibrate(TensorQuantization config, QuantizationParameters parameters, String reason) {
        Request r = request(Transition.CALIBRATE, config, new Parameters(parameters), reason);
        apply(r, () -> r.config().ownParameters = parameters);
    }

    @Override
    public void recalibrate(TensorQuantization config, String reason) {
        Request r = request(Transition.RECALIBRATE, config, Nothing.NOTHING, reason);
        apply(r, () -> r.config().ownParameters = null);
    }

    @Override
    public boolean overlap(TensorQuantization config, TensorQuantization by, String reason) {
        TensorConfig cover = mine(by, Transition.OVERLAP).root();
        Request covered = request(Transition.OVERLAP, config, new Leader(cover), reason);
        TensorConfig c = covered.config();
        TensorConfig head = c.root();
        if (head == cover) {
            usable(covered);
            return false;
        }
        List<Request> requests = head == c
                ? List.of(covered)
                : List.of(request(Transition.OVERLAP, head, new Leader(cover), reason), covered);
        apply(requests, () -> {
            head.follow(cover);
            c.follow(cover);
        });
        return true;
    }

    @Override
    public void enslave(TensorQuantization config, TensorQuantization master, String reason) {
        Request r = request(Transition.ENSLAVE, config, new Leader(mine(master, Transition.ENSLAVE)), reason);
        apply(r, () -> followOrStandAlone(r.config(), r.leader()));
    }

    @Override
    public void enslaveGroup(TensorQuantization config, TensorQuantization master, String reason) {
        Request r = request(
                Transition.ENSLAVE_GROUP,
                mine(config, Transition.ENSLAVE_GROUP).root(),
                new Leader(mine(master, Transition.ENSLAVE_GROUP)),
                reason);
        apply(r, () -> followOrStandAlone(r.config(), r.leader()));
    }

    /** Where the leader already follows the config, the pair becomes one group that still quantizes, as in PPQ. */
    private static void followOrStandAlone(TensorConfig c, TensorConfig leader) {
        if (leader.reaches(c)) {
            standAlone(c, c.qparams().orElseThrow());
        } else {
            c.follow(leader);
        }
    }

    /** Parameters belong to the scheme they were worked out for, the one the config showed so far. */
    private static void standAlone(TensorConfig c, QuantizationParameters parameters) {
        c.ownScheme = c.scheme();
        c.ownParameters = parameters;
        c.follow(c);
    }

    @Override
    public void lead(TensorQuantization config, QuantizationParameters parameters, String reason) {
        Request r = request(Transition.LEAD, config, new Parameters(parameters), reason);
        apply(r, () -> standAlone(r.config(), parameters));
    }

    @Override
    public void await(TensorQuantization config, String reason) {
        apply(request(Transition.AWAIT, config, Nothing.NOTHING, reason), () -> {});
    }

    @Override
    public void derive(TensorQuantization config, QuantizationParameters parameters, String reason) {
        Request r = request(Transition.DERIVE, config, new Parameters(parameters), reason);
        apply(r, () -> r.config().ownParameters = parameters);
    }

    @Override
    public void bake(TensorQuantization config, Tensor values, String reason) {
        Request r = request(Transition.BAKE, config, new NewValues(values), reason);
        apply(r, () -> {
            int before = graph.revision();
            graph.edit().initializer(r.config().value(), values);
            edits += graph.revision() - before;
        });
    }

    @Override
    public void keepFloat(TensorQuantization config, String reason) {
        apply(request(Transition.KEEP_FLOAT, config, Nothing.NOTHING, reason), () -> {});
    }

    @Override
    public void markShape(TensorQuantization config, String reason) {
        apply(request(Transition.MARK_SHAPE, config, Nothing.NOTHING, reason), () -> {});
    }

    @Override
    public void deactivate(TensorQuantization config, String reason) {
        apply(request(Transition.DEACTIVATE, config, Nothing.NOTHING, reason), () -> {});
    }

    @Override
    public void reactivate(TensorQuantization config, String reason) {
        apply(request(Transition.REACTIVATE, config, Nothing.NOTHING, reason), () -> {});
    }

    @Override
    public void revise(TensorQuantization config, Scheme scheme, String reason) {
        Request r = request(Transition.REVISE, config, new NewScheme(scheme), reason);
        apply(r, () -> r.config().ownScheme = scheme);
    }

    @Override
    public Suspension dequantize(Collection<? extends TensorQuantization> selection) {
        List<Request> requests = new LinkedHashSet<>(selection)
                .stream()
                        .map(c -> request(Transition.SUSPEND, c, Nothing.NOTHING, ""))
                        .toList();
        OpenSuspension suspension =
                new OpenSuspension(requests.stream().map(Request::config).toList());
        apply(requests, () -> suspensions.add(suspension));
        return suspension;
    }

    /** Configs that one call switched off. Closing it is the verb RESUME, which needs no declaration of its own. */
    private final class OpenSuspension implements Suspension {
        private final List<TensorConfig> suspended;

        OpenSuspension(List<TensorConfig> suspended) {
            this.suspended = suspended;
        }

        @Override
        public void close() {
            if (Thread.currentThread() != owner) {
                throw new PluginException(
                        KernelProblems.TRANSITION_REFUSED,
                        "pass '" + pass + "' asked to RESUME " + this + ": a control belongs to the thread of its pass",
                        plugin);
            }
            if (suspensions.contains(this)) {
                resume("");
            }
        }

        void resume(String reason) {
            suspensions.remove(this);
            suspended.forEach(c -> {
                Request r = new Request(Transition.RESUME, c, Nothing.NOTHING, graph, reason);
                move(r, admit(r));
            });
        }

        @Override
        public String toString() {
            return suspended.isEmpty()
                    ? "no tensor"
                    : "tensor '" + suspended.get(0).value() + "' at "
                            + suspended.get(0).slot()
                            + (suspended.size() == 1 ? "" : " and " + (suspended.size() - 1) + " more");
        }
    }

    private Request request(Transition verb, TensorQuantization config, Evidence evidence, String reason) {
        return new Request(verb, mine(config, verb), evidence, graph, reason);
    }

    private TensorConfig mine(TensorQuantization config, Transition verb) {
        if (config instanceof TensorConfig c && configs.config(c.slot()).orElse(null) == c) {
            return c;
        }
        throw new PluginException(
                KernelProblems.FOREIGN_CONFIG,
                "pass '" + pass + "' asked to " + verb + " with a config that does not belong to this model: "
                        + config.slot(),
                plugin);
    }

    private void apply(Request request, Runnable effect) {
        apply(List.of(request), effect);
    }

    /**
     * All of the requests, or none: the only place where a config changes its state on a pass's behalf. The last is the
     * one that was asked for; it is held against the table first, so that a refusal speaks of it.
     */
    private void apply(List<Request> requests, Runnable effect) {
        Deque<Row> rows = new ArrayDeque<>();
        for (int i = requests.size() - 1; i >= 0; i--) {
            usable(requests.get(i));
            rows.push(admit(requests.get(i)));
        }
        effect.run();
        requests.forEach(r -> move(r, rows.pop()));
    }

    private void usable(Request r) {
        if (over) {
            throw refuse(r, "the pass is over");
        }
        if (Thread.currentThread() != owner) {
            throw refuse(r, "a control belongs to the thread of its pass");
        }
        if (!declared.contains(r.verb())) {
            throw refuse(r, "the pass declared only " + declared);
        }
    }

    private Row admit(Request r) {
        Row row = TransitionTable.find(r.verb(), r.config().state)
                .orElseThrow(() -> refuse(r, "that is no way out of " + r.config().state));
        for (Precondition g : row.guards()) {
            g.objection(r).ifPresent(why -> {
                throw refuse(r, why);
            });
        }
        return row;
    }

    private void move(Request r, Row row) {
        TensorConfig c = r.config();
        QuantizationState from = c.state;
        if (row.goal() instanceof Goal.To to) {
            c.enter(to.state());
        } else if (row.goal() instanceof Goal.Former) {
            c.enterFormer();
        }
        journal.add(new Journal.Entry(
                c.slot(), c.value(), r.verb(), from, c.state, c.root().slot(), pass, plugin, r.reason()));
    }

    private PluginException refuse(Request r, String why) {
        TensorConfig c = r.config();
        return new PluginException(
                KernelProblems.TRANSITION_REFUSED,
                "pass '" + pass + "' asked to " + r.verb() + " tensor '" + c.value() + "' at " + c.slot() + " (node '"
                        + c.slot().node() + "'), which is " + c.state
                        + (c.isOwnRoot() ? "" : " under " + c.root().slot()) + " and allows "
                        + TransitionTable.legal(c.state) + ": " + why,
                plugin);
    }
}
