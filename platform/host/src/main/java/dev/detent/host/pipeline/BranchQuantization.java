package dev.detent.host.pipeline;

import dev.detent.host.normalize.GraphNormalizer;
import dev.detent.host.plan.DataPasses;
import dev.detent.host.plan.Plan;
import dev.detent.host.plan.Step;
import dev.detent.host.plan.TargetPlan;
import dev.detent.host.problem.QuantizationProblems;
import dev.detent.host.progress.Progress;
import dev.detent.host.rules.UserRules;
import dev.detent.onnx.Branches;
import dev.detent.spi.export.RewritingExporter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.GraphEditor;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Quantizes what lies in the branches of If, Loop and Scan, each branch as a model of its own, for targets that need no
 * data: no branch need be taken for that. A branch in which nothing is quantized stays as it is, byte for byte.
 */
final class BranchQuantization {

    /** @param problems branches that had to stay float, and why */
    record Outcome(List<Pipeline.Branch> branches, List<Problem> problems) {}

    private final Graph around;
    private final TargetPlan target;
    private final RewritingExporter exporter;
    private final List<Pipeline.Branch> branches = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private BranchQuantization(Graph around, TargetPlan target, RewritingExporter exporter) {
        this.around = around;
        this.target = target;
        this.exporter = exporter;
    }

    /** What a target's branches are written with; empty for one that leaves them in float. */
    static Optional<RewritingExporter> exporter(TargetPlan target) {
        return target.target().exporters().stream()
                .filter(RewritingExporter.class::isInstance)
                .map(RewritingExporter.class::cast)
                .findFirst();
    }

    /** Puts quantized branches into {@code around}. */
    static Outcome apply(Graph around, TargetPlan target) {
        return exporter(target)
                .map(e -> new BranchQuantization(around, target, e).outcome())
                .orElse(new Outcome(List.of(), List.of()));
    }

    private Outcome outcome() {
        for (Node n : List.copyOf(around.nodes())) {
            n.attributes().forEach((name, a) -> {
                if (a instanceof Attribute.Subgraph s) {
                    quantize(n.name(), name, s);
                }
            });
        }
        if (!branches.isEmpty()) {
            // Weights that only a branch read.
            around.edit().removeUnreadInitializers();
        }
        return new Outcome(branches, problems);
    }

    private void quantize(String node, String attribute, Attribute.Subgraph branch) {
        String prefix = node + "/" + attribute + "/";
        Graph inner = Branches.graph(branch, around.opsets(), prefix);
        Set<String> own = own(inner);
        List<ValueInfo> inputs = List.copyOf(inner.inputs());
        Optional<String> untyped = capture(inner, branch);
        if (untyped.isPresent()) {
            staysFloat(node, attribute, "the type of '" + untyped.get() + "', which it reads, is not known");
            return;
        }
        try {
            GraphNormalizer.normalize(inner, prefix);
            Pipeline pipeline = new Pipeline(inner::copy, Pipeline.NO_SAMPLES, 1, Progress.QUIET);
            Pipeline.Result result = pipeline.run(target.with(plan(inner)));
            problems.addAll(result.problems());
            if (result.whole().noneMatch(r -> QuantizedNodes.count(r) > 0)) {
                return;
            }
            Graph rewritten = exporter.rewritten(new FrozenQuantizedModel(
                    prefix,
                    target.target().id(),
                    result.graph(),
                    result.configs().snapshot()));
            put(node, attribute, branch, rewritten, new Scope(own, inputs, prefix));
            branches.add(new Pipeline.Branch(node, attribute, result));
        } catch (UserException e) {
            staysFloat(node, attribute, e.problems().get(0).toString());
        }
    }

    private void staysFloat(String node, String attribute, String why) {
        problems.add(Problem.warning(
                QuantizationProblems.BRANCH_IN_FLOAT, "its branch '" + attribute + "' stays float: " + why, node));
    }

    /** Names that a branch itself gives to values. */
    private static Set<String> own(Graph inner) {
        Set<String> own = new HashSet<>(inner.initializers().keySet());
        inner.inputs().forEach(v -> own.add(v.name()));
        inner.nodes().forEach(n -> own.addAll(n.outputs()));
        return own;
    }

    /** Lets a branch see what it reads from around it: constants as its own, all else as inputs. */
    private Optional<String> capture(Graph inner, Attribute.Subgraph branch) {
        for (ValueInfo v : inner.inputs()) {
            if (v.type() == ElementType.UNDEFINED) {
                return Optional.of(v.name());
            }
        }
        for (String value : branch.captured()) {
            Optional<Tensor> constant = around.initializer(value);
            Optional<ValueInfo> info = around.valueInfo(value).filter(v -> v.type() != ElementType.UNDEFINED);
            if (constant.isPresent()) {
                inner.edit().initializer(value, constant.get());
            } else if (info.isPresent()) {
                inner.edit().input(info.get());
            } else {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    /** The target's plan without what looks at data for other ends than calibration, and with the rules that apply. */
    private Plan plan(Graph inner) {
        List<Step> steps = new ArrayList<>();
        for (Step s : target.plan().steps()) {
            if (s instanceof Step.ApplyUserRules user) {
                steps.add(new Step.ApplyUserRules(UserRules.reaching(user.rules(), inner), user.reason()));
            } else if (!(s instanceof Step.RunPass pass
                    && DataPasses.isOptional(pass.pass().descriptor()))) {
                steps.add(s);
            }
        }
        return new Plan(steps);
    }

    /**
     * What a branch was before.
     *
     * @param own names that it gave to values itself
     * @param inputs its inputs, without what it captures
     * @param prefix in front of the names that it gets
     */
    private record Scope(Set<String> own, List<ValueInfo> inputs, String prefix) {}

    private void put(String node, String attribute, Attribute.Subgraph branch, Graph inner, Scope scope) {
        GraphEditor edit = inner.edit();
        Map<Tensor, String> outside = new IdentityHashMap<>();
        branch.captured().forEach(v -> around.initializer(v).ifPresent(t -> outside.put(t, v)));
        for (Map.Entry<String, Tensor> e : List.copyOf(inner.initializers().entrySet())) {
            String captured = outside.get(e.getValue());
            if (captured != null && !scope.own().contains(e.getKey())) {
                edit.redirect(e.getKey(), captured).removeInitializer(e.getKey());
            }
        }
        edit.clearInputs();
        scope.inputs().forEach(edit::input);
        Set<String> captured = Set.copyOf(branch.captured());
        rename(
                edit,
                v -> scope.own().contains(v) || captured.contains(v) && !inner.isInitializer(v)
                        ? v
                        : scope.prefix() + v);
        GraphEditor outer = around.edit();
        inner.opsets().forEach((domain, version) -> {
            if (!around.opsets().containsKey(domain)) {
                outer.opset(domain, version);
            }
        });
        Node now = around.node(node).orElseThrow();
        outer.replace(now.withAttribute(attribute, Branches.with(branch, inner)));
    }

    /** Names that the rewriting gave may be others' in the graph around the branch, or in another branch. */
    private static void rename(GraphEditor edit, UnaryOperator<String> name) {
        Graph graph = edit.graph();
        for (Node n : List.copyOf(graph.nodes())) {
            edit.replace(n.renamed(n.name(), name));
        }
        for (Map.Entry<String, Tensor> e : List.copyOf(graph.initializers().entrySet())) {
            String renamed = name.apply(e.getKey());
            if (!renamed.equals(e.getKey())) {
                edit.removeInitializer(e.getKey()).initializer(renamed, e.getValue());
            }
        }
    }
}
