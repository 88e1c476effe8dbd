package dev.detent.cli;

import dev.detent.host.settings.Effort;
import dev.detent.spi.problem.UserException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How much time a person gives. */
final class EffortConverter implements ITypeConverter<Effort> {

    @Override
    public Effort convert(String text) {
        return Effort.of(text).orElseThrow(() -> new TypeConversionException(refusal(text)));
    }

    /** From a settings file. */
    static Effort parse(String text) {
        return Effort.of(text)
                .orElseThrow(() -> new UserException(CliProblems.USAGE, "'effort': " + refusal(text), "--config"));
    }

    private static String refusal(String text) {
        return "'" + text + "' is none of fast, balanced, thorough";
    }
}
