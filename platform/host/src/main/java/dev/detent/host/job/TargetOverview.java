package dev.detent.host.job;

import dev.detent.host.artifact.OutputNames;
import dev.detent.host.evaluate.EvaluationMetrics;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.QuantizedNodes;
import dev.detent.host.plugin.TargetIds;
import dev.detent.report.Report;
import dev.detent.report.TablePage;
import dev.detent.spi.graph.Node;
import dev.detent.support.operator.MultiplyAdds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * What one target made of a model, in the few figures by which targets are compared.
 *
 * @param in8Bits part of the multiplications with additions in nodes whose activations have at most 8 bits
 * @param quantized the same for all nodes that are quantized
 */
public record TargetOverview(String target, QuantizeOutcome outcome, double in8Bits, double quantized) {

    static TargetOverview of(TargetRun run) {
        return new TargetOverview(run.target(), run.outcome(), share(run.result(), 8), share(run.result(), 32));
    }

    /** Part of the multiply-adds in nodes that are quantized and whose activations have at most so many bits, 0..1. */
    static double share(Pipeline.Result result, int bits) {
        long all = 0;
        long these = 0;
        for (Node n : result.graph().nodes()) {
            long products = MultiplyAdds.of(n, result.graph());
            all += products;
            int widest = QuantizedNodes.quantized(result.configs(), n).stream()
                    .filter(c -> !c.isInitializer())
                    .mapToInt(c -> c.scheme().bits())
                    .max()
                    .orElse(QuantizedNodes.isQuantized(result.configs(), n) ? 8 : Integer.MAX_VALUE);
            these += widest <= bits ? products : 0;
        }
        return all == 0 ? 0 : (double) these / all;
    }

    /** A column for each target. */
    static TablePage.Table table(List<TargetOverview> targets) {
        List<String> head = new ArrayList<>(List.of(""));
        targets.forEach(t -> head.add(t.target()));
        List<List<String>> rows = new ArrayList<>();
        Map<String, Function<TargetOverview, String>> figures = new LinkedHashMap<>();
        figures.put("verdict", t -> grade(t.outcome().verdict().grade()));
        figures.put("why", t -> t.outcome().verdictSentence());
        figures.put(
                "nodes quantized",
                t -> t.outcome().nodes() + " of " + t.outcome().model().nodes());
        figures.put("multiply-adds in 8 bits", t -> percent(t.in8Bits()));
        figures.put("multiply-adds quantized", t -> percent(t.quantized()));
        figures.put("model file", TargetOverview::size);
        for (String model : List.of("simulated", "exported")) {
            if (targets.stream().anyMatch(t -> t.outcome().scores().containsKey(model))) {
                figures.put(model + ", top-1", t -> score(t, model, 1));
                figures.put(model + ", agreement with float", t -> score(t, model, 2));
                figures.put(model + ", output SNR", t -> score(t, model, 3));
                figures.put(model + ", worst output", t -> worst(t, model));
            }
        }
        figures.put("report", t -> "report of " + t.target());
        Map<String, String> links = new LinkedHashMap<>();
        targets.forEach(
                t -> links.put("report of " + t.target(), TargetIds.folderOf(t.target()) + "/" + OutputNames.REPORT));
        figures.forEach((name, figure) -> {
            List<String> row = new ArrayList<>(List.of(name));
            targets.forEach(t -> row.add(figure.apply(t)));
            if (row.stream().skip(1).anyMatch(c -> !c.equals("-"))) {
                rows.add(row);
            }
        });
        return new TablePage.Table(
                "Side by side",
                "Simulated: the numbers the target computes with; exported: the file in ONNX Runtime.",
                head,
                rows,
                links);
    }

    private static String grade(Report.Grade grade) {
        return grade == Report.Grade.UNKNOWN ? "not known" : grade.name().toLowerCase(Locale.ROOT);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    /** Of the largest file, which is the one with the weights. */
    private static String size(TargetOverview t) {
        long bytes = t.outcome().files().sizes().entrySet().stream()
                .filter(e -> !OutputNames.OF_EVERY_RUN.contains(e.getKey()))
                .mapToLong(Map.Entry::getValue)
                .max()
                .orElse(0);
        return bytes == 0
                ? "-"
                : String.format(
                        Locale.ROOT,
                        "%.2f MB, model %.2f MB",
                        bytes / 1e6,
                        t.outcome().model().bytes() / 1e6);
    }

    private static String score(TargetOverview t, String model, int column) {
        return EvaluationMetrics.rows(t.outcome().scores()).stream()
                .filter(r -> r.get(0).equals(model))
                .map(r -> r.get(column))
                .findFirst()
                .orElse("-");
    }

    private static String worst(TargetOverview t, String model) {
        EvaluationMetrics scores = t.outcome().scores().get(model);
        return scores == null || scores.outputRows().isEmpty()
                ? "-"
                : String.join(": ", scores.outputRows().get(0));
    }
}
