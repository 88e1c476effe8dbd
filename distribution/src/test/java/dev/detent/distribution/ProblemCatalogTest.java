package dev.detent.distribution;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.cli.CliProblems;
import dev.detent.host.problem.PlatformProblems;
import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every problem has a constant in a catalogue, an id of its own, and its place in docs/problems.md. */
class ProblemCatalogTest {

    private static final Path ROOT = Path.of("..");
    private static final Path PAGE = ROOT.resolve("docs/problems.md");
    private static final Pattern LITERAL = Pattern.compile("\"[^\"\n]*DT-[A-Z]{3}-\\d{3}[^\"\n]*\"");
    private static final List<String> EXAMPLES = List.of("e.g. DT-", "detent explain DT-", "looks like DT-");
    private static final Pattern ID = Pattern.compile("DT-[A-Z]{3}-\\d{3}");

    private static List<ProblemCatalog> catalogs() {
        List<ProblemCatalog> all = new ArrayList<>(PlatformProblems.all());
        all.add(new CliProblems());
        TestPlatform.extensions().stream()
                .filter(ProblemCatalog.class::isInstance)
                .map(ProblemCatalog.class::cast)
                .forEach(all::add);
        return all;
    }

    private static List<ProblemType> types() {
        return catalogs().stream()
                .flatMap(c -> c.types().stream())
                .sorted(Comparator.comparing(ProblemType::id))
                .toList();
    }

    @Test
    void everyIdHasOneMeaning() {
        Map<String, List<ProblemType>> byId = types().stream().collect(groupingBy(ProblemType::id));
        assertThat(byId)
                .isNotEmpty()
                .allSatisfy((id, same) -> assertThat(same)
                        .as(id + " is taken; the next free number is " + next(id.substring(0, id.length() - 3)))
                        .hasSize(1));
    }

    @Test
    void everyCatalogIsFound() {
        List<String> found =
                catalogs().stream().map(c -> c.getClass().getSimpleName()).toList();
        assertThat(sources().keySet().stream()
                        .map(f -> f.getFileName().toString())
                        .filter(n -> n.endsWith("Problems.java") && !n.equals("PlatformProblems.java"))
                        .map(n -> n.replace(".java", "")))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(found)
                        .as("list it in PlatformProblems, or mark it with @Extension in a plugin")
                        .contains(name));
    }

    /** Otherwise two people give one number to two things, and 'detent explain' does not know either. */
    @Test
    void noIdStandsOutsideACatalog() {
        assertThat(sources()).isNotEmpty().allSatisfy((file, text) -> {
            if (!file.getFileName().toString().endsWith("Problems.java")) {
                assertThat(LITERAL.matcher(text)
                                .results()
                                .map(MatchResult::group)
                                .filter(l -> EXAMPLES.stream().noneMatch(l::contains)))
                        .as(file + ": make it a constant of the module's catalogue")
                        .isEmpty();
            }
        });
    }

    @Test
    void everyProblemIsTold() {
        String all = String.join("\n", sources().values());
        assertThat(catalogs()).allSatisfy(c -> {
            for (var field : c.getClass().getDeclaredFields()) {
                if (field.getType() == ProblemType.class && !field.getName().equals("NO_JAVA")) {
                    assertThat(all).contains(c.getClass().getSimpleName() + "." + field.getName());
                }
            }
        });
    }

    @Test
    void launchersTellProblemsOfTheCatalog() throws IOException {
        List<String> known = types().stream().map(ProblemType::id).toList();
        try (Stream<Path> launchers = Files.list(Path.of("src/dist/bin"))) {
            for (Path launcher : launchers.toList()) {
                Matcher m = ID.matcher(Files.readString(launcher));
                while (m.find()) {
                    assertThat(known).contains(m.group());
                }
            }
        }
    }

    @Test
    void thePageIsWhatTheCatalogsSay() throws IOException {
        if ("accept".equals(System.getProperty("detent.golden"))) {
            Files.writeString(PAGE, page());
        }
        assertThat(Files.readString(PAGE)).isEqualTo(page());
    }

    private static String page() {
        Map<String, List<ProblemType>> byRoom = types().stream()
                .collect(groupingBy(t -> t.id().substring(0, t.id().length() - 4), TreeMap::new, Collectors.toList()));
        return "# Problems\n\n"
                + "What Detent and its plugins can tell, with cause and way out; `detent explain ID` prints the same. A number never\n"
                + "changes its meaning. Written by `ProblemCatalogTest` from the constants in the code.\n"
                + byRoom.entrySet().stream()
                        .map(e -> "\n## " + e.getKey() + "\n\n| id | problem | cause | way out |\n|---|---|---|---|\n"
                                + e.getValue().stream()
                                        .map(t -> "| " + t.id() + " | " + cell(t.title()) + " | " + cell(t.cause())
                                                + " | " + cell(t.wayOut()) + " |\n")
                                        .collect(joining()))
                        .collect(joining());
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private static String next(String room) {
        int last = types().stream()
                .map(ProblemType::id)
                .filter(id -> id.startsWith(room))
                .mapToInt(id -> Integer.parseInt(id.substring(room.length())))
                .max()
                .orElse(0);
        return String.format(Locale.ROOT, "%s%03d", room, last + 1);
    }

    private static Map<Path, String> sources() {
        Map<Path, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.walk(ROOT)) {
            files.filter(f -> f.toString().replace('\\', '/').contains("/src/main/java/")
                            && f.toString().endsWith(".java"))
                    .forEach(f -> texts.put(f, read(f)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
