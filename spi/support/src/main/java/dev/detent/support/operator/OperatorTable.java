package dev.detent.support.operator;

import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.Operator.Count;
import dev.detent.support.operator.Operator.Input;
import dev.detent.support.operator.Operator.Presence;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The one table of ONNX operators: what each input means, how the weight lies, what kind of operator it is. Passes,
 * targets, exporters and the host ask it instead of keeping lists of names. The rows stand in {@code operators.table}
 * beside this class. Immutable; any thread may ask.
 */
public final class OperatorTable {

    /** Rows of an operator by their first opset. */
    private static final Map<String, NavigableMap<Integer, Operator>> ROWS = read();

    private static final Map<Trait, Set<String>> TYPES = byTrait();

    private static final Set<String> BIASED = types(Trait.WEIGHTED).stream()
            .filter(t -> Objects.requireNonNull(ROWS.get(t)).lastEntry().getValue().inputs().stream()
                    .anyMatch(i -> i.role() == InputRole.BIAS))
            .collect(Collectors.toUnmodifiableSet());

    private OperatorTable() {}

    /** Every operator, each in all of its forms. */
    public static List<Operator> rows() {
        return ROWS.values().stream().flatMap(r -> r.values().stream()).toList();
    }

    /** The row that holds at this opset; empty for other domains and what ONNX does not know at that opset. */
    public static Optional<Operator> of(Node node, int opset) {
        return forms(node).map(f -> f.floorEntry(opset)).map(Map.Entry::getValue);
    }

    /**
     * What an input means at the graph's opset. DATA of operators that are not ONNX's; a node that is newer than the
     * opset the graph declares is taken for its first form.
     */
    public static InputRole role(Node node, int input, Graph graph) {
        return of(node, graph.opset())
                .or(() -> forms(node).map(f -> f.firstEntry().getValue()))
                .flatMap(o -> o.input(input))
                .map(Input::role)
                .orElse(InputRole.DATA);
    }

    /** Whether a node's operator has a trait; false for operators that the table does not know. */
    public static boolean is(Node node, Trait trait) {
        return node.isOneOf(types(trait));
    }

    /** Operator types of a kind. */
    public static Set<String> types(Trait trait) {
        return TYPES.getOrDefault(trait, Set.of());
    }

    /** Operator types of a kind and others, named in one line with blanks between them. */
    public static Set<String> types(Trait trait, String others) {
        return plus(types(trait), others);
    }

    /** Operator types and others, named in one line with blanks between them. */
    public static Set<String> plus(Set<String> types, String others) {
        Set<String> all = new TreeSet<>(types);
        all.addAll(List.of(others.split(" ")));
        return Set.copyOf(all);
    }

    /** Weighted operators with an input for a bias. */
    public static Set<String> biased() {
        return BIASED;
    }

    /**
     * What makes a node no call of its operator: too few or too many inputs or outputs, a required one absent, a
     * constant or network input of a rank that it cannot have. One sentence that begins with the node; empty when all
     * is well or the operator is unknown at the graph's opset.
     */
    public static Optional<String> problem(Node node, Graph graph) {
        return problem(
                node,
                graph.opset(),
                v -> graph.initializer(v)
                        .map(t -> t.rank())
                        .or(() -> graph.isInput(v)
                                ? graph.valueInfo(v).flatMap(i -> i.shape()).map(List::size)
                                : Optional.empty()));
    }

    /**
     * The same of a node in a graph that is not read in full.
     *
     * @param rank of a value, where it is known for certain
     */
    public static Optional<String> problem(Node node, int opset, Function<String, Optional<Integer>> rank) {
        return of(node, opset)
                .flatMap(o -> wrongCount(node, o).or(() -> missing(node, o)).or(() -> wrongRank(node, o, rank)));
    }

    private static Optional<String> wrongCount(Node node, Operator o) {
        Count arity = o.arity();
        int inputs = present(node.inputs());
        if (inputs > arity.most() || node.inputs().size() < arity.least()) {
            return Optional.of(
                    node + " has " + counted(inputs, "input") + "; " + o.opType() + " takes " + words(arity));
        }
        int outputs = present(node.outputs());
        return outputs > o.outputs().most()
                ? Optional.of(node + " has " + counted(outputs, "output") + "; " + o.opType() + " gives "
                        + words(o.outputs()))
                : Optional.empty();
    }

    private static Optional<String> missing(Node node, Operator o) {
        for (int i = 0; i < Math.max(node.inputs().size(), o.arity().least()); i++) {
            Presence presence = o.input(i).map(Input::presence).orElse(Presence.OPTIONAL);
            boolean needed = presence == Presence.REQUIRED || presence == Presence.ONE_OR_MORE;
            // An absent one at the end of any number is as good as none.
            boolean between = presence == Presence.ANY_NUMBER && i < present(node.inputs());
            if ((needed || between) && !node.hasInput(i)) {
                return Optional.of(node + " lacks input " + i + ", '"
                        + o.input(i).orElseThrow().name() + "', which " + o.opType() + " cannot do without");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> wrongRank(Node node, Operator o, Function<String, Optional<Integer>> ranks) {
        for (int i = 0; i < node.inputs().size(); i++) {
            Optional<Input> input = o.input(i);
            Optional<Integer> rank = ranks.apply(node.input(i));
            if (input.isPresent() && rank.isPresent()) {
                Count allowed = input.get().rank();
                if (rank.get() < allowed.least() || rank.get() > allowed.most()) {
                    return Optional.of(node + " has a tensor of " + counted(rank.get(), "dimension") + ", '"
                            + node.input(i) + "', as its input " + i + ", '"
                            + input.get().name() + "', which has " + words(allowed));
                }
            }
        }
        return Optional.empty();
    }

    /** So many, up to the last that is there. */
    private static int present(List<String> values) {
        int n = values.size();
        while (n > 0 && values.get(n - 1).isEmpty()) {
            n--;
        }
        return n;
    }

    private static String counted(int n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    private static String words(Count count) {
        if (count.most() == Operator.MANY) {
            return count.least() + " or more";
        }
        return count.least() == count.most() ? "" + count.most() : count.least() + " to " + count.most();
    }

    private static Optional<NavigableMap<Integer, Operator>> forms(Node node) {
        return node.domain().isEmpty() ? Optional.ofNullable(ROWS.get(node.opType())) : Optional.empty();
    }

    private static Map<Trait, Set<String>> byTrait() {
        Map<Trait, Set<String>> types = new EnumMap<>(Trait.class);
        rows().forEach(o -> o.traits()
                .forEach(t -> types.computeIfAbsent(t, k -> new TreeSet<>()).add(o.opType())));
        types.replaceAll((trait, set) -> Collections.unmodifiableSet(set));
        return types;
    }

    private static Map<String, NavigableMap<Integer, Operator>> read() {
        Map<String, NavigableMap<Integer, Operator>> rows = new TreeMap<>();
        try (InputStream in = OperatorTable.class.getResourceAsStream("operators.table")) {
            if (in == null) {
                throw new IllegalStateException("operators.table is missing beside " + OperatorTable.class.getName());
            }
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(l -> !l.isBlank() && !l.startsWith("#"))
                    .map(OperatorTable::row)
                    .forEach(o -> rows.computeIfAbsent(o.opType(), k -> new TreeMap<>())
                            .put(o.since(), o));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    private static Operator row(String line) {
        String[] cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toArray(String[]::new);
        EnumSet<Trait> traits = EnumSet.noneOf(Trait.class);
        words(cells[5]).forEach(t -> traits.add(Trait.of(t)));
        return new Operator(
                cells[0],
                Integer.parseInt(cells[1]),
                words(cells[2]).stream().map(OperatorTable::input).toList(),
                count(cells[3]),
                words(cells[4]).stream().findFirst().map(WeightLayout.Order::of),
                traits);
    }

    private static Input input(String word) {
        String name = word.substring(0, word.indexOf(':'));
        String[] roleAndRank = word.substring(word.indexOf(':') + 1).split("/");
        Presence presence = switch (name.charAt(name.length() - 1)) {
            case '?' -> Presence.OPTIONAL;
            case '~' -> Presence.TOLERATED_ABSENT;
            case '*' -> Presence.ANY_NUMBER;
            case '+' -> Presence.ONE_OR_MORE;
            default -> Presence.REQUIRED;
        };
        return new Input(
                presence == Presence.REQUIRED ? name : name.substring(0, name.length() - 1),
                presence,
                InputRole.valueOf(roleAndRank[0].toUpperCase(Locale.ROOT)),
                rank(roleAndRank));
    }

    private static Count rank(String[] roleAndRank) {
        if (roleAndRank.length == 1) {
            return new Count(0, Operator.MANY);
        }
        int rank = Integer.parseInt(roleAndRank[1].replace("+", ""));
        return new Count(rank, roleAndRank[1].endsWith("+") ? Operator.MANY : rank);
    }

    private static Count count(String cell) {
        String[] ends = cell.split("-");
        String most = ends[ends.length - 1];
        return new Count(Integer.parseInt(ends[0]), most.equals("*") ? Operator.MANY : Integer.parseInt(most));
    }

    private static List<String> words(String cell) {
        List<String> words = new ArrayList<>(List.of(cell.split(" +")));
        words.removeIf(String::isEmpty);
        return words;
    }
}
