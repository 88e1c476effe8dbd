package dev.detent.host.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Rules;
import dev.detent.spi.backend.Target;
import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.MetricProvider;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.export.ReadableExporter;
import dev.detent.spi.export.RewritingExporter;
import dev.detent.spi.observe.Observer;
import dev.detent.spi.observe.ObserverDefinition;
import dev.detent.spi.observe.ObserverProvider;
import dev.detent.spi.observe.Sketch;
import dev.detent.spi.option.Options;
import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import dev.detent.spi.pass.Pass;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassDescriptor;
import dev.detent.spi.pass.PassProvider;
import dev.detent.spi.problem.PluginException;
import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.NumberSystem;
import dev.detent.spi.quant.NumberSystemProvider;
import dev.detent.support.number.LinearInteger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every method of every interface that plugins implement reaches the plugin, and every failure names it. */
class PluginCallGuardTest {

    private static final PluginCallGuard GUARD = new PluginCallGuard("acme 1.0", "the plugin");

    /** Number systems are compared by identity and not guarded; a Sketch is guarded as what it is, an Observer. */
    private static final Set<Class<?>> NOT_GUARDED = Set.of(NumberSystem.class);

    static Stream<Class<?>> contracts() {
        return Stream.of(
                Backend.class,
                Target.class,
                Rules.class,
                Exporter.class,
                ReadableExporter.class,
                RewritingExporter.class,
                Dispatcher.class,
                DispatcherProvider.class,
                Observer.class,
                Sketch.class,
                ObserverProvider.class,
                Pass.class,
                PassProvider.class,
                Metric.class,
                MetricProvider.class,
                NumberSystemProvider.class,
                ProblemCatalog.class);
    }

    @Test
    void noInterfaceThatPluginsImplementIsForgotten() throws Exception {
        Set<Class<?>> known = contracts().collect(Collectors.toSet());
        assertThat(spiTypes().stream()
                        .filter(t -> t.isAnnotationPresent(ImplementedByPlugins.class) && !NOT_GUARDED.contains(t)))
                .isNotEmpty()
                .allSatisfy(t -> assertThat(known.stream().anyMatch(t::isAssignableFrom))
                        .as(t.getName())
                        .isTrue());
    }

    /** A plugin that overrides everything: what comes back is what it said, and the default is never asked. */
    @ParameterizedTest
    @MethodSource("contracts")
    void everyMethodReachesThePlugin(Class<?> contract) throws Exception {
        List<String> reached = new ArrayList<>();
        Object plugin = plugin(contract, m -> {
            reached.add(m.toString());
            return answer(m);
        });
        Object guarded = GUARD.guard(plugin);
        assertThat(guarded).isNotSameAs(plugin).isInstanceOf(contract);
        reached.clear();
        Set<String> expected = new TreeSet<>();
        for (Method m : contract.getMethods()) {
            if (!Modifier.isStatic(m.getModifiers())) {
                m.invoke(guarded, arguments(m));
                expected.add(m.toString());
            }
        }
        assertThat(reached).containsAll(expected);
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void everyFailureNamesThePlugin(Class<?> contract) throws Exception {
        for (Supplier<Throwable> fault : List.<Supplier<Throwable>>of(
                () -> new IllegalStateException("broken"),
                StackOverflowError::new,
                () -> new NoSuchMethodError("Scheme.of(int)"),
                () -> new AssertionError("never"),
                () -> new IOException("sneaked"))) {
            boolean[] armed = {false};
            Object guarded = GUARD.guard(plugin(contract, m -> {
                if (armed[0]) {
                    throw fault.get();
                }
                return answer(m);
            }));
            armed[0] = true;
            for (Method m : contract.getMethods()) {
                if (!Modifier.isStatic(m.getModifiers())) {
                    assertThatThrownBy(() -> call(guarded, m))
                            .as(m + " with " + fault.get())
                            .isInstanceOf(PluginException.class)
                            .hasMessageContaining("acme 1.0")
                            .hasMessageContaining("failed");
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void nullIsAFailure(Class<?> contract) throws Exception {
        boolean[] armed = {false};
        Object guarded = GUARD.guard(plugin(contract, m -> armed[0] ? null : answer(m)));
        armed[0] = true;
        for (Method m : contract.getMethods()) {
            if (!Modifier.isStatic(m.getModifiers()) && !m.getReturnType().isPrimitive()) {
                assertThatThrownBy(() -> call(guarded, m))
                        .as(m.toString())
                        .isInstanceOf(PluginException.class)
                        .hasMessageContaining("acme 1.0")
                        .hasMessageContaining("gave null");
            }
        }
    }

    @Test
    void whatAContributionHandsOutIsGuardedToo() {
        Target target = GUARD.guard(plugin(Target.class, m -> switch (m.getName()) {
            case "id" -> "chip";
            case "rules" ->
                (Rules) (node, graph) -> {
                    throw new IllegalStateException("no rule");
                };
            case "exporters" -> java.util.Collections.singletonList(null);
            default -> answer(m);
        }));
        assertThatThrownBy(() -> target.rules().rule(null, null)).hasMessageContaining("target 'chip' failed");
        assertThatThrownBy(target::exporters).hasMessageContaining("target 'chip' gave a list with null");
    }

    @Test
    void observersOfADefinitionAreGuardedAndMergeWithTheirOwnKind() {
        List<Object> merged = new ArrayList<>();
        Observer plain = plugin(Observer.class, (m, arguments) -> {
            if (m.getName().equals("merge")) {
                merged.add(arguments[0]);
            }
            return answer(m);
        });
        Observer broken = plugin(Observer.class, m -> {
            throw new IllegalStateException("no numbers");
        });
        boolean[] first = {true};
        ObserverDefinition guarded = GUARD.guard(
                new ObserverDefinition("mean", "", List.of(), s -> true, (s, o) -> first[0] ? plain : broken));
        Options none = new Options(Map.of());
        Observer a = guarded.factory().apply(LinearInteger.asymmetric(8, 0, 255), none);
        Observer b = guarded.factory().apply(LinearInteger.asymmetric(8, 0, 255), none);
        a.merge(b);
        assertThat(merged).containsExactly(plain);
        first[0] = false;
        Observer c = guarded.factory().apply(LinearInteger.asymmetric(8, 0, 255), none);
        assertThatThrownBy(() -> c.accept(new float[1], 0, 1)).hasMessageContaining("observer 'mean' failed");
    }

    /** The host leaves such a tensor in float: an attention mask is no fault of a plugin. */
    @Test
    void whatTheContractLetsAMethodThrowIsAnAnswer() {
        Observer guarded = GUARD.guard(plugin(Observer.class, m -> {
            throw new IllegalArgumentException("a scale must be positive and finite");
        }));
        assertThatThrownBy(() -> guarded.render(null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(guarded::end).isInstanceOf(PluginException.class);
    }

    @Test
    void passesKeepTheirProblemId() {
        PassDefinition guarded = GUARD.guard(
                new PassDefinition(PassDescriptor.of("shave", "a summary").build(), context -> {
                    throw new StackOverflowError();
                }));
        assertThatThrownBy(() -> guarded.pass().run(null))
                .isInstanceOf(PluginException.class)
                .hasMessageContaining("DT-PAS-012: acme 1.0: pass 'shave' failed");
    }

    @Test
    void aUsersMistakeAndAFullMemoryAreNoFaultOfThePlugin() {
        Pass mistaken = GUARD.guard((Pass) context -> {
            throw new UserException("DT-X-001", "wrong", "file");
        });
        Pass large = GUARD.guard((Pass) context -> {
            throw new OutOfMemoryError("Java heap space");
        });
        assertThatThrownBy(() -> mistaken.run(null)).isInstanceOf(UserException.class);
        assertThatThrownBy(() -> large.run(null)).isInstanceOf(OutOfMemoryError.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "a list"})
    void anythingElseComesBackAsItIs(String kind) {
        Object value = kind.equals("plain") ? "text" : List.of(1, 2);
        assertThat(GUARD.guard(value)).isEqualTo(value);
    }

    private static void call(Object guarded, Method m) throws Throwable {
        try {
            m.invoke(guarded, arguments(m));
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private interface Answers {
        Object to(Method method) throws Throwable;
    }

    private interface AnswersToCalls {
        Object to(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T plugin(Class<T> contract, Answers answers) {
        return plugin(contract, (m, a) -> answers.to(m));
    }

    private static <T> T plugin(Class<T> contract, AnswersToCalls answers) {
        return contract.cast(Proxy.newProxyInstance(
                contract.getClassLoader(),
                new Class<?>[] {contract},
                (proxy, m, a) -> m.getDeclaringClass() != Object.class
                        ? answers.to(m, a)
                        : switch (m.getName()) {
                            case "equals" -> proxy == a[0];
                            case "hashCode" -> System.identityHashCode(proxy);
                            default -> contract.getSimpleName();
                        }));
    }

    /** Something of the method's type. */
    private static Object answer(Method m) {
        Class<?> type = m.getReturnType();
        if (type == boolean.class) {
            return true;
        }
        if (type == double.class) {
            return 1.0;
        }
        if (type == double[].class) {
            return new double[0];
        }
        if (type == String.class) {
            return "chip";
        }
        if (type == List.class) {
            return List.of();
        }
        if (type == Map.class) {
            return Map.of();
        }
        if (type == java.util.Optional.class) {
            return java.util.Optional.empty();
        }
        if (type == dev.detent.spi.quant.QuantizationParameters.class) {
            return dev.detent.spi.quant.QuantizationParameters.of(1, 0);
        }
        if (type == dev.detent.spi.graph.Graph.class) {
            return new dev.detent.spi.graph.Graph();
        }
        if (type == dev.detent.spi.backend.QuantizationRecipe.class) {
            return dev.detent.spi.backend.QuantizationRecipe.dispatchedBy("any");
        }
        if (type == dev.detent.spi.backend.NodeRule.class) {
            return new dev.detent.spi.backend.NodeRule(List.of(), List.of(), false);
        }
        return type == void.class ? null : plugin(type, PluginCallGuardTest::answer);
    }

    private static Object[] arguments(Method m) {
        Object[] arguments = new Object[m.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = m.getParameterTypes()[i] == int.class ? (Object) 0 : null;
        }
        return arguments;
    }

    /** All top-level types of the SPI, from the folder or jar they are in. */
    private static List<Class<?>> spiTypes() throws Exception {
        URI home =
                Target.class.getProtectionDomain().getCodeSource().getLocation().toURI();
        Path path = Path.of(home);
        if (Files.isDirectory(path)) {
            return types(path);
        }
        try (var jar = FileSystems.newFileSystem(path)) {
            return types(jar.getPath("/"));
        }
    }

    private static List<Class<?>> types(Path root) {
        try (Stream<Path> files = Files.walk(root)) {
            List<Class<?>> found = new ArrayList<>();
            for (String name : files.map(f -> root.relativize(f).toString().replace('/', '.'))
                    .filter(n -> n.startsWith("dev.detent.spi.") && n.endsWith(".class") && !n.endsWith("-info.class"))
                    .toList()) {
                found.add(Class.forName(name.substring(0, name.length() - ".class".length())));
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new LinkageError("the SPI cannot be read", e);
        }
    }
}
