package dev.detent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.settings.SettingsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The pages that tell options are written from the options themselves, or read back by the command. */
class OptionsPageTest {

    private static final Path DOCS = Path.of("../../docs");

    /** {@code -Ddetent.golden=accept} writes it. */
    @Test
    void everyOptionIsOnThePage() throws IOException {
        StringBuilder page = new StringBuilder("""
                # Options

                Written from the commands by `OptionsPageTest`. Names in a settings file (`--config`) are those of the options without the dashes.

                """);
        CommandLine all = Main.commands(List.of());
        all.getSubcommands().forEach((name, command) -> {
            if (!name.equals("help") && !name.equals("generate-completion")) {
                command(page, command.getCommandSpec());
            }
        });
        page.append(
                "## Presets\n\nWhat `--preset` names, and the values it stands for; any of them can be changed: `imagenet,resize=232`.\n\n");
        page.append("| preset | values |\n|---|---|\n");
        for (Map.Entry<String, Preprocessing> p : Preprocessing.presets().entrySet()) {
            page.append("| `")
                    .append(p.getKey())
                    .append("` | `")
                    .append(p.getValue())
                    .append("` |\n");
        }
        Path file = DOCS.resolve("options.md");
        if ("accept".equals(System.getProperty("detent.golden"))) {
            Files.writeString(file, page.toString());
        }
        assertThat(Files.readString(file))
                .as("write it anew with -Ddetent.golden=accept")
                .isEqualTo(page.toString());
    }

    private static void command(StringBuilder page, CommandSpec spec) {
        page.append("## ").append(spec.qualifiedName()).append("\n\n");
        page.append(text(spec.usageMessage().description())).append("\n\n");
        if (spec.subcommands().isEmpty()) {
            page.append("| | |\n|---|---|\n");
            spec.positionalParameters().forEach(p -> row(page, "`" + p.paramLabel() + "`", text(p.description())));
            for (OptionSpec o : spec.options()) {
                if (!o.hidden() && !o.usageHelp() && !o.versionHelp()) {
                    row(
                            page,
                            "`" + String.join("`, `", o.names()) + "`"
                                    + (o.arity().max() == 0 ? "" : " `" + o.paramLabel() + "`"),
                            text(o.description()));
                }
            }
            page.append('\n');
        }
        spec.subcommands().values().stream()
                .distinct()
                .filter(c -> !c.getCommandName().equals("help"))
                .forEach(c -> command(page, c.getCommandSpec()));
    }

    private static void row(StringBuilder page, String name, String text) {
        page.append("| ")
                .append(name.replace("|", "\\|"))
                .append(" | ")
                .append(text.replace("|", "\\|"))
                .append(" |\n");
    }

    private static String text(String[] lines) {
        // As picocli reads them.
        return String.join(" ", lines)
                .replace("%%", "%")
                .replace("%n", " ")
                .replace("${DEFAULT-VALUE}", "see the command");
    }

    /** The file in the quick start has every key, and the command reads it. */
    @Test
    void theSettingsFileOfTheQuickStartIsWhole(@TempDir Path folder) throws IOException {
        Matcher yaml = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(DOCS.resolve("quickstart.md")));
        assertThat(yaml.find()).isTrue();
        Path file = Files.writeString(folder.resolve("detent.yaml"), yaml.group(1));
        SettingsFile settings = SettingsFile.read(file, QuantizeCommand.KEYS);
        settings.settings();
        assertThat(QuantizeCommand.KEYS)
                .allMatch(k ->
                        yaml.group(1).contains("\n" + k + ":") || yaml.group(1).startsWith(k + ":"));
        assertThat(settings.preprocessing()).isPresent();
    }
}
