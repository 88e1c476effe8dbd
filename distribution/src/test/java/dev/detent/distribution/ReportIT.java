package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.detent.report.HtmlReport;
import dev.detent.report.Report;
import dev.detent.report.TablePage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The report in a real browser, where one is installed ({@code .ci/run} does): it draws, sorts, searches, opens. */
class ReportIT {

    @TempDir
    Path work;

    /** Collects what goes wrong from the first script on. */
    private static final String LISTEN = "<script>window.faults=[];addEventListener('error',e=>faults.push(e.message));"
            + "const warn=console.error;console.error=(...a)=>{faults.push(a.join(' '));warn(...a)}</script>";

    private static final String TRY = """
            <script>
            (async () => {
              const out = {}, wait = (ms) => new Promise((r) => setTimeout(r, ms));
              const press = (e) => e.dispatchEvent(new MouseEvent('click', {bubbles: true}));
              try {
                const t0 = performance.now();
                press(document.getElementById('tab-layers')); await wait(400);
                out.rows = document.querySelectorAll('#layers .tabulator-row').length;
                const first = () => document.querySelector('#layers .tabulator-row code').textContent;
                out.first = first();
                const share = [...document.querySelectorAll('#layers .tabulator-col')].find((c) => c.textContent.startsWith('share'));
                press(share.querySelector('.tabulator-col-content')); await wait(200);
                press(share.querySelector('.tabulator-col-content')); await wait(200);
                out.sorted = first();
                const search = document.querySelector('#layers input');
                search.value = 'layer 77'; search.dispatchEvent(new Event('input')); await wait(200);
                out.found = document.querySelector('#layers .count').textContent;
                press(document.querySelector('#layers .tabulator-row .tabulator-cell')); await wait(300);
                out.detail = document.querySelector('#detail h2').textContent;
                out.plots = document.querySelectorAll('#detail canvas').length;
                document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
                out.closed = document.getElementById('detail').hidden;
                press(document.getElementById('tab-network')); await wait(800);
                out.nodes = window.detentGraph.nodes().length;
                window.detentGraph.nodes()[5].emit('tap'); await wait(200);
                out.tapped = document.querySelector('#detail h2').textContent;
                document.dispatchEvent(new KeyboardEvent('keydown', {key: 'd', bubbles: true}));
                out.theme = document.documentElement.dataset.theme;
              } catch (e) { faults.push(String(e.stack)); }
              const pre = document.createElement('pre');
              pre.id = 'outcome';
              pre.textContent = Object.entries(out).map(([k, v]) => k + '=' + v).join(';') + ';faults=' + faults.join('|');
              document.body.append(pre);
            })();
            </script>
            """;

    @Test
    void aNetworkOf500LayersIsBrowsed() throws Exception {
        Path browser = browser().orElse(null);
        assumeTrue(browser != null, "no Chromium is installed");
        String page = HtmlReport.render(report(500));
        Path file = work.resolve("report.html");
        Files.writeString(
                file,
                page.replaceFirst("<head>", "<head>" + java.util.regex.Matcher.quoteReplacement(LISTEN))
                        .replace("</body>", TRY + "</body>"));
        String dom = dump(browser, file);
        int at = dom.indexOf("<pre id=\"outcome\">");
        assertThat(at).as("the page's scripts came to their end").isPositive();
        String outcome = dom.substring(at + 18, dom.indexOf("</pre>", at))
                .replace("&lt;", "<")
                .replace("&gt;", ">");
        assertThat(outcome.split(";"))
                .contains(
                        "first=layer 0 <b>",
                        "sorted=layer 499 <b>",
                        "found=1 of 500",
                        "detail=layer 77 <b>",
                        "closed=true",
                        "nodes=500",
                        "tapped=layer 5 <b>",
                        "faults=");
        assertThat(outcome).containsPattern("rows=[1-9]\\d?;").containsPattern("plots=[1-9]");
    }

    @Test
    void theSameReportIsTheSameBytes() {
        assertThat(HtmlReport.render(report(20))).isEqualTo(HtmlReport.render(report(20)));
    }

    /** A name that looks like markup stays a name. */
    @Test
    void namesAreNoMarkup() {
        String page = HtmlReport.render(report(3));
        assertThat(page).doesNotContain("layer 1 <b>").contains("layer 1 \\u003cb>");
        assertThat(page)
                .doesNotContain("http-equiv")
                .doesNotContain("src=\"http")
                .doesNotContain("href=\"http");
    }

    private static Optional<Path> browser() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }

    private String dump(Path browser, Path page) throws IOException, InterruptedException {
        Path dom = work.resolve("dom.html");
        Process p = new ProcessBuilder(
                        browser.toString(),
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--window-size=1400,900",
                        "--user-data-dir=" + work.resolve("profile"),
                        "--timeout=60000",
                        "--virtual-time-budget=30000",
                        "--dump-dom",
                        page.toUri().toString())
                .redirectOutput(dom.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!p.waitFor(120, TimeUnit.SECONDS)) {
            p.destroyForcibly();
        }
        return Files.readString(dom);
    }

    private static Report report(int layers) {
        Map<String, Object> data = new LinkedHashMap<>();
        List<Map<String, Object>> nodes = new ArrayList<>();
        List<Map<String, Object>> tensors = new ArrayList<>();
        List<List<Integer>> edges = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            Map<String, Object> node = new LinkedHashMap<>();
            node.put("id", i + 1);
            node.put("n", "layer " + i + " <b>");
            node.put("t", "Conv");
            node.put("s", "int8");
            node.put("label", "int8");
            node.put("group", "q");
            node.put("ins", List.of());
            node.put("outs", List.of("v" + i));
            node.put("share", (i + 1) / 1e5);
            node.put("alone", 30);
            nodes.add(node);
            Map<String, Object> tensor = new LinkedHashMap<>();
            tensor.put("id", i + 1);
            tensor.put("v", "v" + i);
            tensor.put("n", "layer " + i + " <b>");
            tensor.put("group", "a");
            tensor.put("scheme", "linear 8 bit");
            tensor.put("bits", 8);
            tensor.put("lo", -1);
            tensor.put("hi", 1);
            tensor.put("min", -2);
            tensor.put("max", 0.5);
            tensor.put("snr", 25);
            tensor.put("clip", 0.01);
            tensor.put("clipn", 0.9);
            tensor.put("zero", 0);
            tensor.put("kinds", List.of("clipping"));
            tensor.put("kindText", "clipping");
            tensor.put(
                    "h",
                    List.of(-1.5, 1.5, IntStream.range(0, 64).map(k -> 64 - k).toArray()));
            tensor.put("cmin", List.of(-1, -2, 0));
            tensor.put("cmax", List.of(1, 0.5, 0));
            tensors.add(tensor);
            if (i > 0) {
                edges.add(List.of(i - 1, i));
            }
        }
        data.put("layers", nodes);
        data.put("tensors", tensors);
        data.put("edges", edges);
        data.put("legend", List.of(List.of("int8", "8 bits")));
        data.put("basis", "made up");
        data.put("life", Map.of());
        data.put("words", List.of());
        data.put("names", List.of());
        return new Report(
                "A & B",
                new Report.Verdict(
                        Report.Grade.FAIR, "May do: fair.", List.of(new Report.Advice("Try", "--keep-float 'x'"))),
                new Report.Remarks(List.of("a problem"), List.of("a note")),
                Map.of("nodes", "3"),
                List.of(new TablePage.Table("Accuracy", TablePage.SCORES, List.of(List.of("float", "-", "-", "-")))),
                new Report.Provenance(
                        Map.of("Model", "m.onnx"),
                        List.of(List.of("normalize", "detent", "first")),
                        List.of(List.of("m.onnx", "1 MB"))),
                data);
    }
}
