package dev.detent.host.record;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.plan.Step;
import dev.detent.kernel.Journal;
import dev.detent.report.Json;
import dev.detent.spi.quant.QuantizationState;
import dev.detent.spi.quant.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code journal.json} holds: every step of a run in order, each followed by what it did to slots. */
public record RunJournal(List<StepEntry> steps) {

    /**
     * One step.
     *
     * @param transitions how many it asked for; what a person's rules did is none
     */
    public record StepEntry(String id, String plugin, int transitions, String reason, List<Change> changes) {}

    /**
     * A slot's move from state to state.
     *
     * @param value name of the tensor
     * @param verb of the transition, or {@link #RULE}
     */
    public record Change(
            Slot slot,
            String value,
            String verb,
            QuantizationState from,
            QuantizationState to,
            Slot root,
            Cause cause) {}

    /** Who asked for it, and why. */
    public record Cause(String pass, String plugin, String reason) {}

    /** In place of a verb, where a person's rule says what a slot is. */
    private static final String RULE = "RULE";

    static RunJournal of(Pipeline.Result result) {
        Journal journal = result.journal();
        return new RunJournal(result.steps().stream()
                .map(done -> {
                    Stream<Change> rules = done.step() instanceof Step.ApplyUserRules
                            ? journal.ruled().stream().map(RunJournal::change)
                            : Stream.empty();
                    Stream<Change> asked =
                            journal.entries().subList(done.firstEntry(), done.firstEntry() + done.entries()).stream()
                                    .map(RunJournal::change);
                    return new StepEntry(
                            done.step().id(),
                            done.step().plugin(),
                            done.entries(),
                            done.step().reason(),
                            Stream.concat(rules, asked).toList());
                })
                .toList());
    }

    /** In the form of a transition, so that a slot's life reads as one. */
    private static Change change(Journal.Ruled r) {
        return new Change(
                r.slot(), r.value(), RULE, r.from(), r.to(), r.slot(), new Cause("user-rules", r.source(), r.what()));
    }

    private static Change change(Journal.Entry e) {
        return new Change(
                e.slot(),
                e.value(),
                e.verb().name(),
                e.from(),
                e.to(),
                e.root(),
                new Cause(e.pass(), e.plugin(), e.reason()));
    }

    /** A row for each step and each change. */
    String json() {
        return steps.stream()
                .flatMap(s ->
                        Stream.concat(Stream.of(row(s)), s.changes().stream().map(RunJournal::row)))
                .map(Json::compact)
                .collect(Collectors.joining(",\n", "[\n", "\n]\n"));
    }

    private static Map<String, Object> row(StepEntry s) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("step", s.id());
        row.put("plugin", s.plugin());
        row.put("transitions", s.transitions());
        row.put("reason", s.reason());
        return row;
    }

    private static Map<String, Object> row(Change c) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("slot", c.slot().toString());
        row.put("value", c.value());
        row.put("verb", c.verb());
        row.put("from", c.from().name());
        row.put("to", c.to().name());
        row.put("root", c.root().toString());
        row.put("pass", c.cause().pass());
        row.put("plugin", c.cause().plugin());
        row.put("reason", c.cause().reason());
        return row;
    }

    /**
     * Reads what {@link #json} made.
     *
     * @throws RuntimeException one of those that {@link JsonFile#get} turns into a sentence
     */
    static RunJournal read(JsonElement json) {
        List<StepEntry> steps = new ArrayList<>();
        List<Change> changes = new ArrayList<>();
        for (JsonElement e : json.getAsJsonArray()) {
            JsonObject row = e.getAsJsonObject();
            if (row.has("step")) {
                changes = new ArrayList<>();
                steps.add(new StepEntry(
                        text(row, "step"),
                        text(row, "plugin"),
                        row.get("transitions").getAsInt(),
                        text(row, "reason"),
                        changes));
            } else {
                changes.add(readChange(row));
            }
        }
        return new RunJournal(steps);
    }

    private static Change readChange(JsonObject row) {
        return new Change(
                ConfigCodec.slot(text(row, "slot")),
                text(row, "value"),
                text(row, "verb"),
                QuantizationState.valueOf(text(row, "from")),
                QuantizationState.valueOf(text(row, "to")),
                ConfigCodec.slot(text(row, "root")),
                new Cause(text(row, "pass"), text(row, "plugin"), text(row, "reason")));
    }

    private static String text(JsonObject row, String member) {
        return row.get(member).getAsString();
    }
}
