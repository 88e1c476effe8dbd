package dev.detent.host.record;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.detent.host.data.DataFile;
import dev.detent.host.problem.EvaluationProblems;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A JSON file in the folder of a finished run. Somebody may have edited or damaged it since; who looks into it through
 * {@link #get} need not mind.
 */
public record JsonFile(Path path, JsonElement content) {

    /** @throws UserException when there is no such file, or it is not JSON */
    public static JsonFile read(Path path) {
        try (Reader text = Files.newBufferedReader(DataFile.regular(path))) {
            return new JsonFile(path, JsonParser.parseReader(text));
        } catch (IOException | JsonParseException e) {
            throw new UserException(
                    EvaluationProblems.RECORD_UNREADABLE,
                    "cannot be read; give the output folder of 'detent quantize'",
                    path.toString(),
                    e);
        }
    }

    /**
     * What {@code part} makes of the content.
     *
     * @throws UserException when something is missing there or is something else than a run writes
     */
    public <T> T get(Function<JsonElement, T> part) {
        try {
            return part.apply(content);
        } catch (IllegalStateException
                | IllegalArgumentException
                | ClassCastException
                | NullPointerException
                | UnsupportedOperationException
                | IndexOutOfBoundsException e) {
            // All that Gson's tree throws for a member that is absent or of another type.
            throw new UserException(
                    EvaluationProblems.RECORD_INCOMPLETE,
                    "does not hold what 'detent quantize' writes there; run it again",
                    path.toString(),
                    e);
        }
    }
}
