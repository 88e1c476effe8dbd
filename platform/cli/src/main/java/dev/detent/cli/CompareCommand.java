package dev.detent.cli;

import dev.detent.host.record.RunComparison;
import dev.detent.host.record.RunDirectory;
import dev.detent.report.HtmlReport;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compare",
        description = "Shows two finished runs side by side: scores, what they were made from, and where they differ.",
        sortOptions = false)
final class CompareCommand implements Callable<Integer> {

    /** A person reads so many; the page has all. */
    private static final int SHOWN = 15;

    @Parameters(index = "0", paramLabel = "A", description = "output folder of one run")
    Path first;

    @Parameters(index = "1", paramLabel = "B", description = "output folder of the other")
    Path second;

    @Option(names = "--html", paramLabel = "FILE", description = "also write it as a page; the file must not exist")
    Optional<Path> html = Optional.empty();

    @Override
    public Integer call() {
        Console console = new Console();
        RunComparison c = RunComparison.of(RunDirectory.read(first), RunDirectory.read(second));
        if (!c.sameModel()) {
            console.line("made from different model files");
        }
        table(console, "", c.facts(), c.facts().size());
        table(console, "scores", c.scores(), c.scores().size());
        table(console, "slots that differ (" + c.slots().size() + "; " + c.alike() + " do not)", c.slots(), SHOWN);
        if (c.slots().size() > SHOWN) {
            console.line("… and " + (c.slots().size() - SHOWN) + " more"
                    + (html.isEmpty() ? "; --html FILE lists all" : ""));
        }
        html.ifPresent(file -> write(file, c));
        return 0;
    }

    private void table(Console console, String title, List<List<String>> rows, int most) {
        if (rows.isEmpty()) {
            return;
        }
        console.line(String.format(Locale.ROOT, "%-42s %-34s %s", title, first, second));
        rows.stream()
                .limit(most)
                .forEach(r -> console.line(String.format(Locale.ROOT, "%-42s %-34s %s", r.get(0), r.get(1), r.get(2))));
    }

    private void write(Path file, RunComparison c) {
        List<String> sides = List.of("", first.toString(), second.toString());
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("A", first.toString());
        facts.put("B", second.toString());
        String page = HtmlReport.page(
                first.getFileName() + " and " + second.getFileName(),
                facts,
                c.sameModel() ? List.of() : List.of("made from different model files"),
                List.of(
                        new HtmlReport.Table("Made from", sides, c.facts()),
                        new HtmlReport.Table("Scores", sides, c.scores()),
                        new HtmlReport.Table("Slots that differ, most first", sides, c.slots())));
        try {
            Files.write(file, page.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new UserException(
                    CliProblems.PAGE_NOT_WRITTEN,
                    "cannot be written; it must not exist, and its folder must: " + e.getMessage(),
                    file.toString(),
                    e);
        }
    }
}
