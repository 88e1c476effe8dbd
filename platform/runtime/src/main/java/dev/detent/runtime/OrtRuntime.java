package dev.detent.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.detent.onnx.OnnxWriter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.InternalException;
import dev.detent.spi.problem.UserException;
import dev.detent.support.graph.TiedWeights;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The process's one ONNX Runtime environment and the sessions' common options. */
final class OrtRuntime {

    /**
     * Larger models go to ONNX Runtime through a file: an array would need as much heap once more, and cannot hold 2
     * GiB at all.
     */
    private static final long IN_MEMORY = 256L << 20;

    private static final Pattern LAST_AXIS_OF_COLOURS = Pattern.compile("index: 3 Got: \\d+ Expected: [134]\\b");

    private OrtRuntime() {}

    static OrtEnvironment environment() {
        try {
            return Holder.ENVIRONMENT;
        } catch (LinkageError e) {
            throw new UserException(
                    RuntimeProblems.NO_NATIVE_LIBRARY,
                    "ONNX Runtime's native library cannot be loaded, or not be unpacked there; make room (100 MB) or name "
                            + "another folder with DETENT_JAVA_OPTS=-Djava.io.tmpdir=DIR",
                    System.getProperty("java.io.tmpdir"),
                    e);
        }
    }

    private static final class Holder {
        /**
         * Held, or the logger and its level would be collected. What ONNX Runtime logs on the way to a failure comes as
         * our own sentence.
         */
        private static final Logger LOGGER = Logger.getLogger("ai.onnxruntime");

        private static final OrtEnvironment ENVIRONMENT;

        static {
            LOGGER.setLevel(Level.OFF);
            unpacked()
                    .ifPresent(
                            folder -> System.getProperties().putIfAbsent("onnxruntime.native.path", folder.toString()));
            ENVIRONMENT = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "detent");
        }
    }

    /**
     * This machine's native libraries beside ONNX Runtime's jar, as in the distribution; elsewhere they are in the jar.
     */
    private static Optional<Path> unpacked() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String system = os.contains("mac") ? "osx" : os.contains("win") ? "win" : "linux";
        String architecture = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x64";
        // Inside another jar, as application servers have them, it has no folder.
        return Optional.ofNullable(OrtEnvironment.class.getProtectionDomain().getCodeSource())
                .map(CodeSource::getLocation)
                .filter(jar -> jar.getProtocol().equals("file"))
                .map(jar -> Path.of(URI.create(jar.toString()))
                        .resolveSibling("native")
                        .resolve(system + "-" + architecture))
                .filter(Files::isDirectory);
    }

    /** One thread inside an operator: whole samples run side by side instead. */
    static OrtSession session(Graph graph, OrtOptimizationLevel level, String where) {
        return session(graph, level, where, true);
    }

    /**
     * @param arena the session keeps the memory that it has once taken; of a network in many segments each would keep
     *     the most that it ever needs
     */
    static OrtSession session(Graph graph, OrtOptimizationLevel level, String where, boolean arena) {
        OrtEnvironment environment = environment();
        try (OrtSession.SessionOptions options = options(RewritingCost.affordable(graph, level))) {
            options.setCPUArenaAllocator(arena);
            // Every reader was given a weight of its own, for passes to change; those that nobody changed are one here.
            Graph lean = TiedWeights.joined(graph);
            return OnnxWriter.weightBytes(lean) > IN_MEMORY || hasSubgraph(lean)
                    ? fromFile(lean, options)
                    : environment.createSession(OnnxWriter.bytes(lean), options);
        } catch (OrtException e) {
            if (level == OrtOptimizationLevel.EXACT) {
                return session(graph, OrtOptimizationLevel.NONE, where, arena);
            }
            throw refused(where, e);
        }
    }

    /**
     * ONNX Runtime (1.28) folds constants of a branch, those of the graph around it among them, only for a model that
     * lies in a file ("model_path must not be empty").
     */
    private static boolean hasSubgraph(Graph graph) {
        return graph.nodes().stream().anyMatch(Node::hasSubgraph);
    }

    private static OrtSession fromFile(Graph graph, OrtSession.SessionOptions options) throws OrtException {
        try {
            Path folder = ScratchFolder.folder("model");
            try {
                Path file = folder.resolve("model.onnx");
                OnnxWriter.write(graph, file);
                return environment().createSession(file.toString(), options);
            } finally {
                ScratchFolder.remove(folder);
            }
        } catch (IOException e) {
            throw noRoom(e);
        }
    }

    static UserException noRoom(Exception e) {
        return new UserException(
                RuntimeProblems.NO_SCRATCH_ROOM,
                "models are handed to ONNX Runtime and back in files, which cannot be written there; make room or "
                        + "name another folder with DETENT_JAVA_OPTS=-Djava.io.tmpdir=DIR",
                System.getProperty("java.io.tmpdir"),
                e);
    }

    /** Writes the graph as ONNX Runtime optimises it for this machine. */
    static void optimise(Graph graph, Path file) {
        OrtEnvironment environment = environment();
        try (OrtSession.SessionOptions options = options(RewritingCost.affordable(graph, OrtOptimizationLevel.ALL))) {
            options.setOptimizedModelFilePath(file.toString());
            Graph lean = TiedWeights.joined(graph);
            OrtSession session = hasSubgraph(lean)
                    ? fromFile(lean, options)
                    : environment.createSession(OnnxWriter.bytes(lean), options);
            session.close();
        } catch (OrtException e) {
            // A graph from memory is no damaged file: this is said when the optimised one does not fit.
            throw e.getCode() == OrtException.OrtErrorCode.ORT_INVALID_PROTOBUF
                    ? noRoom(e)
                    : refused(
                            graph.outputs().isEmpty()
                                    ? ""
                                    : graph.outputs().get(0).name(),
                            e);
        }
    }

    static OrtSession session(Path file, OrtOptimizationLevel level) {
        OrtEnvironment environment = environment();
        try (OrtSession.SessionOptions options = options(level)) {
            return environment.createSession(file.toString(), options);
        } catch (OrtException e) {
            if (level == OrtOptimizationLevel.EXACT) {
                return session(file, OrtOptimizationLevel.NONE);
            }
            throw refused(file.toString(), e);
        }
    }

    /** A session that cannot be closed is Detent's fault. */
    static void close(OrtSession session) {
        try {
            session.close();
        } catch (OrtException e) {
            throw new InternalException(RuntimeProblems.SESSION_NOT_CLOSED, "a session could not be closed", "", e);
        }
    }

    /** Notes how long each operator takes, in a file whose name begins with {@code prefix}. */
    static OrtSession profiled(Path file, OrtOptimizationLevel level, Path prefix) {
        OrtEnvironment environment = environment();
        try (OrtSession.SessionOptions options = options(level)) {
            options.enableProfiling(prefix.toString());
            return environment.createSession(file.toString(), options);
        } catch (OrtException e) {
            throw refused(file.toString(), e);
        }
    }

    private static OrtSession.SessionOptions options(OrtOptimizationLevel level) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setOptimizationLevel(
                level == OrtOptimizationLevel.ALL || level == OrtOptimizationLevel.EXACT
                        ? OrtSession.SessionOptions.OptLevel.ALL_OPT
                        : OrtSession.SessionOptions.OptLevel.NO_OPT);
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        if (level == OrtOptimizationLevel.NONE || level == OrtOptimizationLevel.ASIS) {
            // Else each reader of a DequantizeLinear is given one of its own even where nothing is rewritten, in time
            // quadratic in the readers.
            options.addConfigEntry("session.disable_quant_qdq", "1");
        }
        if (level == OrtOptimizationLevel.NONE) {
            // A packed weight is multiplied in another order than the same weight behind a DequantizeLinear; the oracle
            // must not tell them apart.
            options.addConfigEntry("session.disable_prepacking", "1");
        }
        if (level == OrtOptimizationLevel.EXACT) {
            options.addConfigEntry("session.x64quantprecision", "1");
        }
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        CustomOperators.register(options);
        return options;
    }

    static UserException refused(String where, OrtException e) {
        return new UserException(
                RuntimeProblems.MODEL_REFUSED, "ONNX Runtime cannot run this model: " + firstLine(e), where, e);
    }

    static String firstLine(OrtException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("is not a registered function/op")) {
            return message.lines().findFirst().orElse(message)
                    + " (a library with its kernel is given with --ort-extension FILE)";
        }
        if (!message.contains("Got invalid dimensions")) {
            return message.lines().findFirst().orElse(message);
        }
        // What it got and what it wants stands on the lines behind the first.
        String all = message.lines().map(String::strip).collect(Collectors.joining(" "));
        return LAST_AXIS_OF_COLOURS.matcher(all).find()
                ? all + " (pictures for a model with channels last: --preprocess layout=nhwc)"
                : all;
    }
}
