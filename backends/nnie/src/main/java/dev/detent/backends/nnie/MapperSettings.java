package dev.detent.backends.nnie;

import dev.detent.spi.problem.UserException;
import dev.detent.support.problem.SupportProblems;
import java.util.ArrayList;
import java.util.List;

/** The text of nnie_mapper's {@code .cfg}: one {@code [key] value} per line; keys of inputs come once for each. */
final class MapperSettings {

    private final List<String> lines = new ArrayList<>();

    MapperSettings put(String key, String value) {
        lines.add("[" + key + "] " + value);
        return this;
    }

    /** @param model whose name stands in the values */
    String text(String model) {
        if (model.codePoints().anyMatch(Character::isISOControl)) {
            throw new UserException(
                    SupportProblems.NAME_NOT_IN_FORMAT,
                    "has a control character in its name, which nnie_mapper's .cfg cannot carry; rename the model's file",
                    model);
        }
        return String.join("\n", lines) + "\n";
    }
}
