package dev.detent.host.artifact;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import dev.detent.host.problem.VerificationProblems;
import dev.detent.onnx.OnnxReader;
import dev.detent.spi.export.Artifact;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of a finished run in its folder. */
public record DirectoryArtifact(String name, Path folder) implements Artifact {

    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.DOUBLE).create();

    @Override
    public Set<String> files() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new UserException(
                    VerificationProblems.FOLDER_UNREADABLE,
                    "cannot be listed: " + e.getMessage(),
                    folder.toString(),
                    e);
        }
    }

    @Override
    public String text(String fileName) {
        return new String(bytes(fileName), StandardCharsets.UTF_8);
    }

    @Override
    public byte[] bytes(String fileName) {
        if (Files.exists(folder.resolve(fileName)) && !Files.isRegularFile(folder.resolve(fileName))) {
            throw new UserException(
                    VerificationProblems.FILE_UNREADABLE,
                    "is no regular file, which it was when it was written",
                    folder.resolve(fileName).toString());
        }
        try {
            return Files.readAllBytes(folder.resolve(fileName));
        } catch (IOException e) {
            throw new UserException(
                    VerificationProblems.FILE_UNREADABLE,
                    Files.exists(folder.resolve(fileName)) ? "cannot be read: " + e.getMessage() : "is missing",
                    folder.resolve(fileName).toString(),
                    e);
        }
    }

    @Override
    public Graph onnx(String fileName) {
        return OnnxReader.read(folder.resolve(fileName));
    }

    @Override
    public Map<String, Object> json(String fileName) {
        try {
            Map<String, Object> json = GSON.fromJson(text(fileName), new TypeToken<Map<String, Object>>() {});
            if (json == null) {
                throw new JsonParseException("it is empty");
            }
            return json;
        } catch (JsonParseException e) {
            throw new UserException(
                    VerificationProblems.NO_JSON,
                    "is no JSON object: " + e.getMessage(),
                    folder.resolve(fileName).toString(),
                    e);
        }
    }
}
