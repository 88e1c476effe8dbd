package dev.detent.backends.generic;

import dev.detent.spi.backend.InitialState;
import dev.detent.spi.backend.NodeRule;
import dev.detent.spi.backend.QuantizationRecipe;
import dev.detent.spi.backend.Target;
import dev.detent.spi.backend.TensorRule;
import dev.detent.spi.export.Exporter;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.ScaleRule;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.number.LinearInteger;
import dev.detent.support.number.Widths;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.qdq.QdqGraphBuilder;
import dev.detent.support.target.DeclaredTarget;
import dev.detent.support.target.DeclaredTargetBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One YAML file as a target (docs/targets/generic.md lists the keys). An unknown key or value is an error that names
 * file and key.
 */
final class YamlTarget {

    private static final Set<String> KEYS = Set.of(
            "target",
            "summary",
            "quantizes",
            "moves",
            "fuses",
            "activations",
            "weights",
            "bias",
            "outputs",
            "network-outputs",
            "operators",
            "passes",
            "without",
            "exporters",
            "also");
    private static final Set<String> SCHEME_KEYS = Set.of(
            "format",
            "bits",
            "signed",
            "symmetric",
            "min",
            "max",
            "power-of-two",
            "scale",
            "rounding",
            "observer",
            "per-channel",
            "operators");

    /** Families that a list of operators may name. */
    private static final Map<String, Set<String>> FAMILIES = Map.of(
            "weighted",
            OperatorTable.types(Trait.WEIGHTED),
            "movement",
            OperatorTable.types(Trait.MOVES),
            "pooling",
            OperatorTable.types(Trait.POOLING),
            "elementwise",
            OperatorTable.types(Trait.ELEMENT_WISE),
            "activations",
            OperatorTable.types(Trait.ACTIVATION));

    private final YamlValues values;
    private final Map<String, Object> yaml;

    YamlTarget(String file, Map<String, Object> yaml) {
        this.values = new YamlValues(file);
        this.yaml = new LinkedHashMap<>(yaml);
        // A key without a value is as good as none.
        this.yaml.values().removeIf(Objects::isNull);
        values.refuseOthers(yaml.keySet(), KEYS, "");
    }

    Target target() {
        TensorRule activation = slot("activations", values.map(yaml.get("activations"), "activations"), "mse");
        DeclaredTargetBuilder table = DeclaredTarget.of(
                        values.text(yaml, "target"),
                        String.valueOf(yaml.getOrDefault("summary", "described by " + values.file())))
                .quantizes(quantized())
                .activations(activation.scheme(), activation.observer())
                .recipe(recipe())
                .writes(exporters());
        if (yaml.containsKey("moves")) {
            table.moves(operators("moves", yaml.get("moves")));
        }
        if (yaml.containsKey("weights")) {
            weights(table, values.map(yaml.get("weights"), "weights"));
        }
        bias(table);
        also(table, activation.scheme());
        choice("outputs", "quantized", Map.of("quantized", () -> {}, "float", table::floatOutputs));
        choice("network-outputs", "quantized", Map.of("quantized", () -> {}, "float", table::floatNetworkOutputs));
        Map<String, Map<String, TensorRule>> own = ownRules();
        return table.adjusted((rule, node, graph) -> {
                    NodeRule changed = rule;
                    for (Map.Entry<String, TensorRule> e :
                            own.getOrDefault(node.opType(), Map.of()).entrySet()) {
                        int index =
                                Integer.parseInt(e.getKey().substring(e.getKey().indexOf('-') + 1));
                        if (e.getKey().startsWith("input-")
                                && index < node.inputs().size()) {
                            changed = changed.input(index, e.getValue());
                        } else if (e.getKey().startsWith("output-")
                                && index < node.outputs().size()) {
                            changed = changed.output(index, e.getValue());
                        }
                    }
                    return changed;
                })
                .build();
    }

    private void weights(DeclaredTargetBuilder table, Map<String, Object> weights) {
        Set<String> types = weights.containsKey("operators")
                ? operators("weights.operators", weights.get("operators"))
                : OperatorTable.types(Trait.WEIGHTED);
        Scheme scheme = slot("weights", weights, "minmax").scheme();
        if (values.flag(weights, "per-channel", false)) {
            table.channelWeights(scheme, "minmax", types);
        } else {
            table.weights(scheme, "minmax", types);
        }
    }

    /** {@code also: {activations: [16], weights: [4, 16]}}: widths that a person's rules may ask for. */
    private void also(DeclaredTargetBuilder table, Scheme activation) {
        Map<String, Object> also = values.map(yaml.getOrDefault("also", Map.of()), "also");
        values.refuseOthers(also.keySet(), Set.of("activations", "weights"), "also.");
        Set<String> types = quantized();
        widths(also, "activations", activation).forEach(s -> table.alsoActivations(s, types));
        if (yaml.containsKey("weights")) {
            Map<String, Object> weights = values.map(yaml.get("weights"), "weights");
            widths(also, "weights", slot("weights", weights, "minmax").scheme())
                    .forEach(s -> table.alsoWeights(s, types));
        } else if (also.containsKey("weights")) {
            throw values.missing("weights", ": 'also.weights' adds widths to its scheme");
        }
    }

    private List<Scheme> widths(Map<String, Object> also, String key, Scheme scheme) {
        List<Scheme> widths = new ArrayList<>();
        for (String bits : values.list(also.getOrDefault(key, List.of()))) {
            if (!scheme.system().isAffineInteger()) {
                throw values.wrong(
                        key + ".format", scheme.system().id(), "integer where 'also." + key + "' has widths");
            }
            if (!bits.matches("[2-9]|[12]\\d|3[0-2]")) {
                throw values.wrong("also." + key, bits, "widths of 2 to 32 bits");
            }
            widths.add(Widths.of(scheme, Integer.parseInt(bits)));
        }
        return widths;
    }

    private void bias(DeclaredTargetBuilder table) {
        Object bias = yaml.getOrDefault("bias", "float");
        boolean channels = yaml.get("weights") instanceof Map<?, ?> w && Boolean.TRUE.equals(w.get("per-channel"));
        if (bias.equals("derived")) {
            Scheme scheme = LinearInteger.int32();
            table.derivedBias(channels ? scheme.perChannel(0) : scheme, "minmax");
        } else if (bias instanceof Map<?, ?>) {
            TensorRule rule = slot("bias", values.map(bias, "bias"), "minmax");
            table.calibratedBias(rule.scheme(), rule.observer());
        } else if (!bias.equals("float")) {
            throw values.wrong("bias", bias, "float, derived or a scheme");
        }
    }

    /** {@code operators: {Softmax: {output-0: {...} | float}}}. */
    private Map<String, Map<String, TensorRule>> ownRules() {
        Map<String, Map<String, TensorRule>> own = new LinkedHashMap<>();
        values.map(yaml.getOrDefault("operators", Map.of()), "operators").forEach((type, slots) -> {
            Map<String, TensorRule> rules = new LinkedHashMap<>();
            values.map(slots, "operators." + type).forEach((slot, rule) -> {
                String key = "operators." + type + "." + slot;
                if (!slot.matches("(input|output)-\\d")) {
                    throw values.wrong(key, slot, "input-0, output-0 and so on");
                }
                rules.put(
                        slot,
                        "float".equals(rule)
                                ? new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", InitialState.FP32)
                                : slot(key, values.map(rule, key), "mse"));
            });
            own.put(type, rules);
        });
        return own;
    }

    /** Read at once, so that a mistake is told when the file is read. */
    private DeclaredTarget.RecipeChoice recipe() {
        Map<String, Map<String, Object>> passes = new LinkedHashMap<>();
        if (yaml.containsKey("fuses")) {
            passes.put("fusion", Map.of("activations", String.join(",", operators("fuses", yaml.get("fuses")))));
        }
        values.map(yaml.getOrDefault("passes", Map.of()), "passes")
                .forEach((id, options) ->
                        passes.put(id, values.map(options == null ? Map.of() : options, "passes." + id)));
        List<String> without = values.list(yaml.getOrDefault("without", List.of()));
        return host -> {
            QuantizationRecipe recipe = host.integer();
            for (Map.Entry<String, Map<String, Object>> e : passes.entrySet()) {
                recipe = recipe.with(e.getKey(), e.getValue());
            }
            for (String pass : without) {
                recipe = recipe.without(pass);
            }
            return recipe;
        };
    }

    private Exporter[] exporters() {
        List<Exporter> exporters = new ArrayList<>();
        for (String id : values.list(yaml.getOrDefault("exporters", List.of("qdq")))) {
            switch (id) {
                case "qdq" ->
                    exporters.add(new QdqExporter(
                            "QuantizeLinear and DequantizeLinear nodes", QdqGraphBuilder.Form.OTHER_TIES));
                case "table" -> exporters.add(new TableExporter());
                default -> throw values.wrong("exporters", id, "qdq or table");
            }
        }
        return exporters.toArray(Exporter[]::new);
    }

    private TensorRule slot(String key, Map<String, Object> m, String observer) {
        values.refuseOthers(m.keySet(), SCHEME_KEYS, key + ".");
        return new TensorRule(
                scheme(key, m), String.valueOf(m.getOrDefault("observer", observer)), InitialState.INITIAL);
    }

    private Scheme scheme(String key, Map<String, Object> m) {
        String format = String.valueOf(m.getOrDefault("format", "integer"));
        Scheme scheme = switch (format) {
            case "e4m3" -> FloatingPoint.E4M3.scheme();
            case "e5m2" -> FloatingPoint.E5M2.scheme();
            case "integer" -> integer(key, m);
            default -> throw values.wrong(key + ".format", format, "integer, e4m3 or e5m2");
        };
        if (values.flag(m, "power-of-two", false)) {
            scheme = scheme.withPowerOfTwo();
        }
        scheme = scheme.with(values.value(ScaleRule.class, key + ".scale", m.getOrDefault("scale", "span")));
        return scheme.with(values.value(Rounding.class, key + ".rounding", m.getOrDefault("rounding", "half-even")));
    }

    private Scheme integer(String key, Map<String, Object> m) {
        // What is too large for an int is so for every width.
        int bits = (int) Math.min(Integer.MAX_VALUE, values.number(key + ".bits", m.getOrDefault("bits", 8)));
        boolean symmetric = values.flag(m, "symmetric", true);
        boolean signed = values.flag(m, "signed", symmetric);
        long min = values.number(key + ".min", m.getOrDefault("min", signed ? -(1L << bits - 1) : 0));
        long max = values.number(key + ".max", m.getOrDefault("max", signed ? (1L << bits - 1) - 1 : (1L << bits) - 1));
        try {
            return symmetric ? LinearInteger.symmetric(bits, min, max) : LinearInteger.asymmetric(bits, min, max);
        } catch (IllegalArgumentException e) {
            throw new UserException(GenericProblems.VALUE, key + ": " + e.getMessage(), values.file(), e);
        }
    }

    private void choice(String key, String otherwise, Map<String, Runnable> choices) {
        String chosen = String.valueOf(yaml.getOrDefault(key, otherwise));
        if (!choices.containsKey(chosen)) {
            throw values.wrong(key, chosen, "quantized or float");
        }
        choices.get(chosen).run();
    }

    /** A target of none writes the float model, whatever is asked of it. */
    private Set<String> quantized() {
        Set<String> types = operators("quantizes", yaml.get("quantizes"));
        if (types.isEmpty()) {
            throw values.wrong("quantizes", "[]", "at least one operator or family");
        }
        return types;
    }

    private Set<String> operators(String key, @Nullable Object value) {
        Set<String> types = new LinkedHashSet<>();
        if (value == null) {
            throw values.missing(key, ", a list of operators or families " + new TreeSet<>(FAMILIES.keySet()));
        }
        values.list(value).forEach(t -> types.addAll(FAMILIES.getOrDefault(t, Set.of(t))));
        return types;
    }
}
