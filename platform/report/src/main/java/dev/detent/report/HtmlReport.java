package dev.detent.report;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * The report as one HTML file that needs nothing else: {@code report.mustache} with its style, its script, and the
 * libraries that draw tables (Tabulator), plots (uPlot) and the network (Cytoscape.js), which come from WebJars at
 * build time. The same report gives the same bytes.
 */
public final class HtmlReport {

    private static final List<String> SCRIPTS = List.of("uPlot.iife.min.js", "tabulator.min.js", "cytoscape.min.js");

    private static final List<String> STYLES = List.of("uPlot.min.css", "tabulator_simple.min.css");

    private static final List<List<String>> TABS = List.of(
            List.of("overview", "Overview"),
            List.of("layers", "Layers"),
            List.of("tensors", "Tensors"),
            List.of("network", "Network"),
            List.of("run", "Run"));

    private HtmlReport() {}

    /** The page. */
    public static String render(Report r) {
        Template template = Mustache.compiler().compile(resource("report.mustache"));
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("title", r.title());
        page.put("level", r.verdict().grade().name().toLowerCase(Locale.ROOT));
        page.put("grade", r.verdict().grade() == Report.Grade.UNKNOWN ? "not known" : page.get("level"));
        page.put("verdict", r.verdict().sentence());
        page.put(
                "next",
                r.verdict().next().stream()
                        .map(a -> Map.of("text", a.text(), "option", a.option().isEmpty() ? false : a.option()))
                        .toList());
        page.put("hasNext", !r.verdict().next().isEmpty());
        page.put("problems", r.remarks().problems());
        page.put("notes", r.remarks().notes());
        page.put("hasNotes", !r.remarks().notes().isEmpty());
        page.put("cards", pairs(r.cards(), "label"));
        page.put(
                "tables",
                r.tables().stream()
                        .filter(t -> !t.rows().isEmpty())
                        .map(HtmlReport::table)
                        .toList());
        page.put("facts", pairs(r.provenance().facts(), "name"));
        page.put("plan", rows(r.provenance().plan()));
        page.put("files", rows(r.provenance().files()));
        List<Map<String, Object>> tabs = new ArrayList<>();
        for (List<String> t : TABS) {
            tabs.add(Map.of("id", t.get(0), "name", t.get(1), "key", String.valueOf(tabs.size() + 1)));
        }
        page.put("tabs", tabs);
        page.put(
                "libraryStyle",
                String.join("\n", STYLES.stream().map(n -> resource("web/" + n)).toList()));
        page.put("style", resource("report.css"));
        page.put(
                "libraries",
                SCRIPTS.stream().map(n -> inline(resource("web/" + n))).toList());
        page.put("script", inline(resource("report.js")));
        page.put(
                "data",
                Json.compact(r.explorer())
                        .replace("<", "\\u003c")
                        .replace("\u2028", "\\u2028")
                        .replace("\u2029", "\\u2029"));
        return template.execute(page);
    }

    /** Nothing in a script may look like its end, nor ask for a source map that is not there. */
    private static String inline(String script) {
        return script.replace("</script", "<\\/script").replaceAll("(?m)^//# sourceMappingURL=.*$", "");
    }

    private static Map<String, Object> table(TablePage.Table t) {
        return Map.of(
                "title",
                t.title(),
                "note",
                t.note().isEmpty() ? false : t.note(),
                "head",
                t.head(),
                "rows",
                rows(t.rows()));
    }

    private static List<Map<String, Object>> rows(List<List<String>> rows) {
        return rows.stream().map(r -> Map.<String, Object>of("cells", r)).toList();
    }

    private static List<Map<String, Object>> pairs(Map<String, String> pairs, String name) {
        return pairs.entrySet().stream()
                .map(e -> Map.<String, Object>of(name, e.getKey(), "value", e.getValue()))
                .toList();
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(HtmlReport.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
