package dev.detent.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A page of tables as one HTML file without scripts or outside resources, and figures as text. */
public final class HtmlReport {

    /** Head of a table of scores. */
    public static final List<String> SCORES = List.of("model", "top-1", "agreement with float", "output SNR");

    /**
     * A table with a heading.
     *
     * @param note what the figures mean; may be empty
     */
    public record Table(String title, String note, List<String> head, List<List<String>> rows) {

        /** Without a note. */
        public Table(String title, List<String> head, List<List<String>> rows) {
            this(title, "", head, rows);
        }
    }

    private static final String STYLE = """
            body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;max-width:60rem;margin:2rem auto;padding:0 1rem;background:#fff}
            h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid #d8dee6;padding-bottom:.25rem}
            table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}
            th{font-weight:600;color:#51606f}tr+tr td{border-top:1px solid #eef1f5}code{font:13px ui-monospace,monospace;word-break:break-all}
            .problem{background:#fff6e5;border-left:4px solid #c77700;padding:.5rem .75rem;margin:.5rem 0}
            """;

    private HtmlReport() {}

    /** A page of facts, problems and tables. Empty tables are left out. */
    public static String page(String title, Map<String, String> facts, List<String> problems, List<Table> tables) {
        StringBuilder h = open(title, facts, problems);
        tables.stream().filter(t -> !t.rows().isEmpty()).forEach(t -> table(h, t));
        return close(h);
    }

    private static StringBuilder open(String title, Map<String, String> facts, List<String> problems) {
        StringBuilder h = new StringBuilder();
        h.append("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>")
                .append(escape(title))
                .append("</title>\n<style>\n")
                .append(STYLE)
                .append("</style></head>\n<body>\n<h1>")
                .append(escape(title))
                .append("</h1>\n");
        problems.forEach(
                p -> h.append("<div class=\"problem\">").append(escape(p)).append("</div>\n"));
        h.append("<table>\n");
        facts.forEach((k, v) -> h.append("<tr><th>")
                .append(escape(k))
                .append("</th><td>")
                .append(escape(v))
                .append("</td></tr>\n"));
        return h.append("</table>\n");
    }

    private static String close(StringBuilder h) {
        return h.append("</body>\n</html>\n").toString();
    }

    private static void table(StringBuilder h, Table table) {
        h.append("<h2>").append(escape(table.title())).append("</h2>\n");
        if (!table.note().isEmpty()) {
            h.append("<p>").append(escape(table.note())).append("</p>\n");
        }
        h.append("<table>\n<tr>");
        table.head().forEach(c -> h.append("<th>").append(escape(c)).append("</th>"));
        h.append("</tr>\n");
        for (List<String> row : table.rows()) {
            h.append("<tr>");
            row.forEach(c -> h.append("<td>").append(escape(c)).append("</td>"));
            h.append("</tr>\n");
        }
        h.append("</table>\n");
    }

    public static String decibels(double snr) {
        return snr > 98
                ? "exact"
                : snr == Double.NEGATIVE_INFINITY ? "-inf dB" : String.format(Locale.ROOT, "%.1f dB", snr);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
