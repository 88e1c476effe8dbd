package dev.detent.cli;

import dev.detent.host.record.RunComparison;
import dev.detent.host.record.RunDirectory;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
        RunComparison c = RunComparison.of(run(first).record(), run(second).record());
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

    /** The run in a folder; of several, none can be meant. */
    private static RunDirectory run(Path folder) {
        List<RunDirectory> runs = RunDirectory.all(folder);
        if (runs.size() > 1) {
            throw new UserException(
                    CliProblems.SEVERAL_RUNS,
                    "holds the runs for several targets: name one of "
                            + runs.stream().map(r -> r.folder().toString()).collect(Collectors.joining(", ")),
                    folder.toString());
        }
        return runs.get(0);
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
        String page = c.page(first, second);
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
