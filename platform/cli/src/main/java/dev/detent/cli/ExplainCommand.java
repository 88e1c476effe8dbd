package dev.detent.cli;

import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.problem.PlatformProblems;
import dev.detent.host.record.RunDirectory;
import dev.detent.host.record.RunJournal;
import dev.detent.host.record.RunRecord;
import dev.detent.spi.problem.ProblemType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        description = "Tells the life of a tensor from the journal of a finished run, or what a problem's id means.")
final class ExplainCommand implements Callable<Integer> {

    private static final Pattern ID = Pattern.compile("[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\\d+");

    @Parameters(
            index = "0",
            paramLabel = "OUT|ID",
            description =
                    "output folder of 'detent quantize', of one target or several; or a problem's id, e.g. DT-OUT-002")
    Path subject;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "TENSOR",
            description = "name of a tensor or a node, or node:in:0 / node:out:0")
    Optional<String> tensor;

    @Mixin
    InstallationOptions installation;

    @Override
    public Integer call() {
        Console console = new Console();
        if (tensor.isPresent()) {
            tellLife(console, subject, tensor.get());
        } else {
            tellProblem(console, subject.toString().toUpperCase(Locale.ROOT));
        }
        return 0;
    }

    private void tellProblem(Console console, String id) {
        if (!ID.matcher(id).matches()) {
            throw new UserException(
                    CliProblems.WHAT_TO_EXPLAIN,
                    "say of which tensor: detent explain OUT TENSOR; or give a problem's id: detent explain DT-OUT-002",
                    subject.toString());
        }
        ProblemType type = find(id, ownProblems())
                .or(() -> find(id, installation.registry().problemTypes()))
                .orElseThrow(() -> unknown(id));
        console.line(type.id() + "  " + type.title());
        console.line("  cause:    " + type.cause());
        console.line("  way out:  " + type.wayOut());
    }

    /** What is known whatever the plugins do: a plugin that does not load has a problem to be explained, too. */
    private static List<ProblemType> ownProblems() {
        return Stream.concat(PlatformProblems.all().stream(), Stream.of(new CliProblems()))
                .flatMap(c -> c.types().stream())
                .toList();
    }

    private static Optional<ProblemType> find(String id, List<ProblemType> types) {
        return types.stream().filter(t -> t.id().equals(id)).findFirst();
    }

    private UserException unknown(String id) {
        List<String> ids = Stream.concat(ownProblems().stream(), installation.registry().problemTypes().stream())
                .map(ProblemType::id)
                .toList();
        return new UserException(
                CliProblems.NO_SUCH_PROBLEM,
                "neither Detent nor an installed plugin has this problem; the nearest are "
                        + String.join(", ", DidYouMean.nearest(id, ids, 3)),
                id);
    }

    private static void tellLife(Console console, Path out, String tensor) {
        List<RunDirectory> runs = RunDirectory.all(out);
        Set<String> known = new LinkedHashSet<>();
        boolean found = false;
        for (RunDirectory run : runs) {
            RunRecord.ModelResult result = run.record().result();
            List<String> lives = lives(tensor, result.configs(), run.journal(), known);
            List<String> floats = floats(tensor, result.floats(), known);
            if (!(lives.isEmpty() && floats.isEmpty()) && runs.size() > 1) {
                console.line(run.target() + ":");
            }
            floats.forEach(console::line);
            lives.forEach(console::line);
            found |= !lives.isEmpty() || !floats.isEmpty();
        }
        if (!found) {
            throw new UserException(
                    CliProblems.NO_SUCH_TENSOR,
                    "no tensor or node is called '" + tensor + "'" + DidYouMean.among(tensor, known),
                    out.toString());
        }
    }

    /** Why a node, or what computes a tensor, is not quantized; {@code known} gets the names of all such nodes. */
    private static List<String> floats(String name, Map<String, RunRecord.FloatNode> floats, Set<String> known) {
        List<String> lines = new ArrayList<>();
        floats.forEach((node, f) -> {
            known.add(node);
            if (node.equals(name) || f.outputs().contains(name)) {
                lines.add(node + " (" + f.type() + ") is not quantized: " + f.why());
            }
        });
        return lines;
    }

    /**
     * What happened to every slot of a node, or every slot that carries the tensor; {@code known} gets the names of all
     * tensors.
     */
    private static List<String> lives(
            String tensor, List<RunRecord.ConfigEntry> configs, RunJournal journal, Set<String> known) {
        List<String> lines = new ArrayList<>();
        for (RunRecord.ConfigEntry c : configs) {
            String slot = c.slot().toString();
            known.add(c.value());
            known.add(c.slot().node());
            if (!List.of(c.value(), slot, c.slot().node()).contains(tensor)) {
                continue;
            }
            lines.add(slot + "  tensor " + c.value());
            List<RunJournal.Change> life = journal.steps().stream()
                    .flatMap(s -> s.changes().stream())
                    .filter(change -> change.slot().equals(c.slot()))
                    .toList();
            lines.addAll(beginning(life.isEmpty() ? c.state() : life.get(0).from(), journal));
            life.forEach(change -> lines.add(line(change)));
            lines.add(
                    "    ends " + c.state() + c.root().map(r -> ", reads " + r).orElse("")
                            + c.encoding().map(e -> ", " + e.words()).orElse(""));
        }
        return lines;
    }

    private static String line(RunJournal.Change c) {
        RunJournal.Cause cause = c.cause();
        return "    " + c.from() + " -> " + c.to() + "  by " + cause.pass() + " (" + cause.plugin() + ")"
                + (c.root().equals(c.slot()) ? "" : ", root " + c.root())
                + (cause.reason().isEmpty() ? "" : ": " + cause.reason());
    }

    /** The host's steps that gave the slot its first state. */
    private static List<String> beginning(QuantizationState first, RunJournal journal) {
        List<String> lines = new ArrayList<>();
        for (RunJournal.StepEntry step : journal.steps()) {
            String by = " (" + step.plugin() + "): " + step.reason();
            if (step.id().equals("place")) {
                lines.add("    QUANTIZED  by place" + by);
            } else if (step.id().equals("rules")) {
                lines.add("    " + first + "  by rules" + by);
            }
        }
        return lines;
    }
}
