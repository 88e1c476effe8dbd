package dev.detent.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.record.JsonFile;
import dev.detent.host.record.RunDirectory;
import dev.detent.spi.problem.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "explain", description = "Tells the life of a tensor from the journal of a finished run.")
final class ExplainCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "OUT",
            description = "output folder of 'detent quantize', of one target or several")
    Path out;

    @Parameters(index = "1", paramLabel = "TENSOR", description = "tensor name, or node:in:0 / node:out:0")
    String tensor;

    @Override
    public Integer call() {
        Console console = new Console();
        List<RunDirectory> runs = RunDirectory.all(out);
        Set<String> known = new LinkedHashSet<>();
        boolean found = false;
        for (RunDirectory run : runs) {
            JsonFile journal = JsonFile.read(run.folder().resolve("journal.json"));
            List<String> lives = run.json()
                    .get(d -> journal.get(
                            j -> lives(d.getAsJsonObject().getAsJsonArray("configs"), j.getAsJsonArray(), known)));
            if (!lives.isEmpty() && runs.size() > 1) {
                console.line(run.target() + ":");
            }
            lives.forEach(console::line);
            found |= !lives.isEmpty();
        }
        if (!found) {
            throw new UserException(
                    "DT-CLI-020",
                    "no quantized slot carries '" + tensor + "'" + DidYouMean.among(tensor, known),
                    out.toString());
        }
        return 0;
    }

    /** What happened to every slot that carries the tensor; {@code known} gets the names of all tensors. */
    private List<String> lives(JsonArray configs, JsonArray journal, Set<String> known) {
        List<String> lines = new ArrayList<>();
        for (JsonElement e : configs) {
            JsonObject c = e.getAsJsonObject();
            known.add(text(c, "value"));
            if (!text(c, "value").equals(tensor) && !text(c, "slot").equals(tensor)) {
                continue;
            }
            lines.add(text(c, "slot") + "  tensor " + text(c, "value"));
            lines.addAll(beginning(c, journal));
            for (JsonElement j : journal) {
                JsonObject t = j.getAsJsonObject();
                if (text(t, "slot").equals(text(c, "slot"))) {
                    lines.add("    " + text(t, "from") + " -> " + text(t, "to") + "  by " + text(t, "pass") + " ("
                            + text(t, "plugin") + ")"
                            + (text(t, "root").equals(text(t, "slot")) ? "" : ", root " + text(t, "root"))
                            + (text(t, "reason").isEmpty() ? "" : ": " + text(t, "reason")));
                }
            }
            lines.add("    ends " + text(c, "state")
                    + (c.has("root")
                            ? ", reads " + text(c, "root")
                            : c.has("scheme")
                                    ? ", " + scheme(c.getAsJsonObject("scheme")) + ", scale "
                                            + shorten(c.getAsJsonArray("scale")) + ", zero point "
                                            + shorten(c.getAsJsonArray("zeroPoint"))
                                    : ""));
        }
        return lines;
    }

    /** The host's steps that gave the slot its first state. */
    private static List<String> beginning(JsonObject config, JsonArray journal) {
        String first = text(config, "state");
        for (int i = journal.size() - 1; i >= 0; i--) {
            JsonObject t = journal.get(i).getAsJsonObject();
            first = text(t, "slot").equals(text(config, "slot")) ? text(t, "from") : first;
        }
        List<String> lines = new ArrayList<>();
        for (JsonElement j : journal) {
            JsonObject step = j.getAsJsonObject();
            if (text(step, "step").equals("place")) {
                lines.add("    QUANTIZED  by place (" + text(step, "plugin") + "): " + text(step, "reason"));
            } else if (text(step, "step").equals("rules")) {
                lines.add("    " + first + "  by rules (" + text(step, "plugin") + "): " + text(step, "reason"));
            }
        }
        return lines;
    }

    private static String scheme(JsonObject s) {
        return text(s, "bits") + " bit [" + text(s, "quantMin") + ", " + text(s, "quantMax") + "]"
                + (s.get("axis").isJsonNull() ? " per tensor" : " per channel " + text(s, "axis"));
    }

    private static String shorten(JsonArray values) {
        return values.size() <= 4
                ? values.toString()
                : values.get(0) + ", " + values.get(1) + ", … (" + values.size() + ")";
    }

    private static String text(JsonObject o, String key) {
        return o.has(key) && !o.get(key).isJsonNull() ? o.get(key).getAsString() : "";
    }
}
