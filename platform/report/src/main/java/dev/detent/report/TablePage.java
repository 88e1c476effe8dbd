package dev.detent.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A page of tables as one HTML file without scripts or outside resources, and figures as text. */
public final class TablePage {

    /** What {@link #decibels} says of noise too small to be told. */
    public static final String EXACT = "exact";

    /** Head of a table of scores. */
    public static final List<String> SCORES = List.of("model", "top-1", "agreement with float", "output SNR");

    /**
     * A table with a heading.
     *
     * @param note what the figures mean; may be empty
     * @param links text of a cell to the place it leads to, below the page's folder
     */
    public record Table(
            String title, String note, List<String> head, List<List<String>> rows, Map<String, String> links) {

        /** Without links. */
        public Table(String title, String note, List<String> head, List<List<String>> rows) {
            this(title, note, head, rows, Map.of());
        }

        /** Without a note. */
        public Table(String title, List<String> head, List<List<String>> rows) {
            this(title, "", head, rows, Map.of());
        }
    }

    private static final String STYLE = """
            :root{color-scheme:light dark;--ink:#1c2430;--soft:#51606f;--paper:#fff;--line:#d8dee6;--warn:#fff6e5;--link:#1658b0}
            @media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9fabb9;--paper:#14181e;--line:#333c47;--warn:#3a2c10;--link:#7fb2ff}}
            body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:72rem;margin:2rem auto;padding:0 1rem;background:var(--paper)}
            h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
            div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}
            th{font-weight:600;color:var(--soft)}tr+tr td,tr+tr th{border-top:1px solid var(--line)}a{color:var(--link)}p{color:var(--soft);margin:.25rem 0 .5rem}
            .problem{background:var(--warn);border-left:4px solid #c77700;padding:.5rem .75rem;margin:.5rem 0}
            """;

    private TablePage() {}

    /** A page of facts, problems and tables. Empty tables are left out. */
    public static String page(String title, Map<String, String> facts, List<String> problems, List<Table> tables) {
        StringBuilder h = open(title, facts, problems);
        tables.stream().filter(t -> !t.rows().isEmpty()).forEach(t -> table(h, t));
        return close(h);
    }

    private static StringBuilder open(String title, Map<String, String> facts, List<String> problems) {
        StringBuilder h = new StringBuilder();
        h.append(
                        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
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
        h.append("<div class=\"wide\"><table>\n<tr>");
        table.head()
                .forEach(c -> h.append("<th scope=\"col\">").append(escape(c)).append("</th>"));
        h.append("</tr>\n");
        for (List<String> row : table.rows()) {
            h.append("<tr>");
            row.forEach(c -> h.append("<td>").append(cell(c, table.links())).append("</td>"));
            h.append("</tr>\n");
        }
        h.append("</table></div>\n");
    }

    private static String cell(String text, Map<String, String> links) {
        String to = links.get(text);
        return to == null ? escape(text) : "<a href=\"" + escape(to) + "\">" + escape(text) + "</a>";
    }

    public static String decibels(double snr) {
        return snr > 98
                ? EXACT
                : snr == Double.NEGATIVE_INFINITY ? "-inf dB" : String.format(Locale.ROOT, "%.1f dB", snr);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
