package dev.detent.host.plugin;

import dev.detent.host.problem.PipelineProblems;
import dev.detent.host.problem.PluginProblems;
import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.problem.DetentException;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.quant.NumberSystem;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What plugins contribute, with a watch on every call: what they throw, or give null for, is the plugin's fault and
 * names it. A jar that was built for another SPI shows itself only here, by the method it misses.
 *
 * <p>One proxy serves every interface of the SPI that plugins implement, whatever methods it has, and what the methods
 * hand out in turn (a target's rules and formats, a definition's observers). Number systems are the exception: they are
 * compared by identity and called for single numbers, so they stay what they are, and what they throw is caught where
 * the host calls the pass, format or observer that uses them.
 *
 * @param plugin id and version, for the sentence
 * @param what of whom something is asked, e.g. {@code target 'acme'}
 */
record PluginCallGuard(String plugin, String what) {

    /** A fault of any other contribution. */
    private static final ProblemType FAILED = PluginProblems.CALL_FAILED;

    /** A fault of a pass. */
    private static final ProblemType PASS_FAILED = PipelineProblems.PASS_FAILED;

    /** The interfaces to guard, by class; looked up at every call. */
    private static final ClassValue<Set<Class<?>>> CONTRACTS = new ClassValue<>() {
        @Override
        protected Set<Class<?>> computeValue(Class<?> type) {
            return contracts(type);
        }
    };

    /** What contributions with an id are called. */
    private static final Map<Class<?>, String> KINDS = Map.of(
            Target.class, "target", Exporter.class, "format", Dispatcher.class, "dispatcher", Metric.class, "metric");

    /** The same plugin, asked through something else. */
    PluginCallGuard of(String other) {
        return new PluginCallGuard(plugin, other);
    }

    /** The answer of a plugin that is called directly. */
    <T> T ask(Supplier<? extends @Nullable T> asked) {
        return answer(what, asked::get);
    }

    /** A contribution that only fails with the plugin's name; any other value comes back as it is. */
    @SuppressWarnings("unchecked")
    <T> T guard(T value) {
        if (value instanceof PassDefinition d) {
            String id = of("a pass")
                    .ask(() -> of("a pass's descriptor").ask(d::descriptor).id());
            of("pass '" + id + "'").ask(d::pass);
            return (T) new PassDefinition(
                    d.descriptor(), (Pass) of("pass '" + id + "'").proxy(d.pass()));
        }
        if (value instanceof ObserverDefinition d) {
            return (T) of("observer '" + d.id() + "'").observers(d);
        }
        if (value instanceof List<?> list) {
            return (T) list.stream().map(this::element).toList();
        }
        return CONTRACTS.get(value.getClass()).isEmpty()
                ? value
                : (T) named(value).proxy(value);
    }

    private Object element(@Nullable Object element) {
        if (element == null) {
            throw failed(what + " gave a list with null in it", null);
        }
        return guard(element);
    }

    private ObserverDefinition observers(ObserverDefinition d) {
        return new ObserverDefinition(
                d.id(),
                d.summary(),
                d.options(),
                scheme -> answer(what, () -> d.handles().test(scheme)),
                (scheme, options) ->
                        (Observer) proxy(answer(what, () -> d.factory().apply(scheme, options))));
    }

    private PluginCallGuard named(Object contribution) {
        for (Map.Entry<Class<?>, String> kind : KINDS.entrySet()) {
            if (kind.getKey().isInstance(contribution)) {
                String id = of("a " + kind.getValue()).ask(() -> id(contribution));
                return of(kind.getValue() + " '" + id + "'");
            }
        }
        return this;
    }

    private static @Nullable String id(Object contribution) {
        return contribution instanceof Target t
                ? t.id()
                : contribution instanceof Exporter e
                        ? e.id()
                        : contribution instanceof Metric m ? m.id() : ((Dispatcher) contribution).id();
    }

    private Object proxy(Object contribution) {
        return Proxy.newProxyInstance(
                ImplementedByPlugins.class.getClassLoader(),
                CONTRACTS.get(contribution.getClass()).toArray(Class<?>[]::new),
                new Guarded(this, contribution));
    }

    /** The interfaces of the SPI that a class implements. */
    private static Set<Class<?>> contracts(Class<?> type) {
        Set<Class<?>> found = new LinkedHashSet<>();
        for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            for (Class<?> i : c.getInterfaces()) {
                if (i.isAnnotationPresent(ImplementedByPlugins.class) && i != NumberSystem.class) {
                    found.add(i);
                }
                found.addAll(contracts(i));
            }
        }
        return found;
    }

    private <T> T answer(String asked, Call<? extends T> call) {
        @Nullable T answer;
        try {
            answer = call.make();
        } catch (DetentException | OutOfMemoryError e) {
            // A user's mistake that the plugin found, or the machine's limit: neither is the plugin's fault.
            throw e;
        } catch (Throwable e) {
            throw failed(asked + " failed: " + e, e);
        }
        if (answer == null) {
            throw failed(asked + " gave null", null);
        }
        return answer;
    }

    private PluginException failed(String sentence, @Nullable Throwable cause) {
        ProblemType type = what.startsWith("pass '") ? PASS_FAILED : FAILED;
        return new PluginException(List.of(Problem.error(type, sentence, plugin)), cause);
    }

    /** A call of plugin code. */
    @FunctionalInterface
    private interface Call<T> {
        @Nullable
        T make() throws Throwable;
    }

    /** Passes every method on, with guarded results. */
    private record Guarded(PluginCallGuard guard, Object contribution) implements InvocationHandler {

        private static final Object NOTHING = new Object();

        /**
         * Called for every thousand values of the data: what other calls are looked at for would take a tenth of a run.
         */
        private static final Method ACCEPT = acceptMethod();

        private static Method acceptMethod() {
            try {
                return Sketch.class.getMethod("accept", float[].class, int.class, int.class);
            } catch (NoSuchMethodException e) {
                throw new IllegalStateException(e);
            }
        }

        private Object accept(@Nullable Object[] arguments) {
            ((Sketch) contribution).accept((float[]) arguments[0], (Integer) arguments[1], (Integer) arguments[2]);
            return NOTHING;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            if (method.equals(ACCEPT)) {
                guard.answer(guard.what(), () -> accept(Objects.requireNonNull(arguments)));
                return null;
            }
            @Nullable Object @Nullable [] unwrapped = unwrapped(arguments);
            Optional<Graph> shown = shown(unwrapped);
            int revision = shown.map(Graph::revision).orElse(0);
            if (method.getDeclaringClass() == Object.class && method.getName().equals("equals")) {
                return contribution.equals(Objects.requireNonNull(unwrapped)[0]);
            }
            try {
                Object answer = guard.answer(guard.what(), () -> call(method, unwrapped));
                if (shown.isPresent() && shown.get().revision() != revision) {
                    throw guard.failed(
                            guard.what() + " changed the graph in " + method.getName()
                                    + "(), where it may only look at it",
                            null);
                }
                return answer == NOTHING ? null : guard.guard(answer);
            } catch (PluginException e) {
                Throwable cause = e.getCause();
                // What the contract lets a method throw is an answer, such as an observer's that saw infinities.
                boolean promised = cause != null
                        && Arrays.stream(method.getExceptionTypes()).anyMatch(t -> t.isInstance(cause));
                throw promised ? Objects.requireNonNull(cause) : e;
            }
        }

        /**
         * The graph a method is shown; passes and exporters are not: theirs come in a context, with rules of its own.
         */
        private static Optional<Graph> shown(@Nullable Object @Nullable [] arguments) {
            for (int i = 0; arguments != null && i < arguments.length; i++) {
                if (arguments[i] instanceof Graph g) {
                    return Optional.of(g);
                }
            }
            return Optional.empty();
        }

        private @Nullable Object call(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
            try {
                Object result = method.invoke(contribution, arguments);
                return method.getReturnType() == void.class ? NOTHING : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        /** Observers are merged with others of their class, not with the proxies around them. */
        private static @Nullable Object @Nullable [] unwrapped(@Nullable Object @Nullable [] arguments) {
            for (int i = 0; arguments != null && i < arguments.length; i++) {
                if (arguments[i] instanceof Proxy p && Proxy.getInvocationHandler(p) instanceof Guarded g) {
                    arguments[i] = g.contribution();
                }
            }
            return arguments;
        }
    }
}
