package dev.detent.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.plugin.Suggestion;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "explain", description = "Tells the life of a tensor from the journal of a finished run.")
final class ExplainCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "OUT", description = "output folder of 'detent quantize'")
    Path out;

    @Parameters(index = "1", paramLabel = "TENSOR", description = "tensor name, or node:in:0 / node:out:0")
    String tensor;

    @Override
    public Integer call() {
        Console console = new Console();
        JsonArray configs = read(out.resolve("detent.json")).getAsJsonObject().getAsJsonArray("configs");
        JsonArray journal = read(out.resolve("journal.json")).getAsJsonArray();
        Set<String> known = new LinkedHashSet<>();
        int found = 0;
        for (JsonElement e : configs) {
            JsonObject c = e.getAsJsonObject();
            known.add(text(c, "value"));
            if (!text(c, "value").equals(tensor) && !text(c, "slot").equals(tensor)) {
                continue;
            }
            found++;
            console.line(text(c, "slot") + "  tensor " + text(c, "value"));
            for (JsonElement j : journal) {
                JsonObject t = j.getAsJsonObject();
                if (text(t, "slot").equals(text(c, "slot"))) {
                    console.line("    " + text(t, "from") + " -> " + text(t, "to") + "  by " + text(t, "pass") + " (" + text(t, "plugin") + ")"
                            + (text(t, "root").equals(text(t, "slot")) ? "" : ", root " + text(t, "root"))
                            + (text(t, "reason").isEmpty() ? "" : ": " + text(t, "reason")));
                }
            }
            console.line("    ends " + text(c, "state") + (c.has("root") ? ", reads " + text(c, "root")
                    : c.has("scheme") ? ", " + scheme(c.getAsJsonObject("scheme")) + ", scale " + shorten(c.getAsJsonArray("scale")) + ", zero point "
                            + shorten(c.getAsJsonArray("zeroPoint")) : ""));
        }
        if (found == 0) {
            throw new UserException("DT-CLI-020", "no quantized slot carries '" + tensor + "'" + Suggestion.among(tensor, known), out.toString());
        }
        return 0;
    }

    private static String scheme(JsonObject s) {
        return text(s, "bits") + " bit [" + text(s, "quantMin") + ", " + text(s, "quantMax") + "]"
                + (s.get("axis").isJsonNull() ? " per tensor" : " per channel " + text(s, "axis"));
    }

    private static String shorten(JsonArray values) {
        return values.size() <= 4 ? values.toString() : values.get(0) + ", " + values.get(1) + ", … (" + values.size() + ")";
    }

    private static String text(JsonObject o, String key) {
        return o.has(key) && !o.get(key).isJsonNull() ? o.get(key).getAsString() : "";
    }

    private static JsonElement read(Path file) {
        try {
            return JsonParser.parseString(Files.readString(file));
        } catch (IOException | JsonParseException e) {
            throw new UserException("DT-CLI-021", "cannot be read; give the output folder of 'detent quantize'", file.toString(), e);
        }
    }
}
