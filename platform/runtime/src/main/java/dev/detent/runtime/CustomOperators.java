package dev.detent.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.detent.spi.problem.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Libraries with the kernels of operators that ONNX Runtime does not bring, which every session of this process loads;
 * they belong to the process as its one ONNX Runtime environment does. Each exports {@code RegisterCustomOps}.
 */
public final class CustomOperators {

    private static volatile List<Path> libraries = List.of();

    private CustomOperators() {}

    /**
     * From now on; whoever runs models calls it before the first one is loaded.
     *
     * @throws UserException one of them is no file
     */
    public static void use(List<Path> files) {
        for (Path f : files) {
            if (!Files.isRegularFile(f)) {
                throw new UserException(
                        RuntimeProblems.NO_OPERATOR_LIBRARY,
                        "there is no such file; give a library that exports RegisterCustomOps",
                        f.toString());
            }
        }
        libraries = files.stream().map(Path::toAbsolutePath).toList();
    }

    static void register(OrtSession.SessionOptions options) {
        for (Path library : libraries) {
            try {
                // ONNX Runtime (1.28) unloads it with the options, before the sessions made with them end, which
                // crashes.
                System.load(library.toString());
                options.registerCustomOpLibrary(library.toString());
            } catch (OrtException | UnsatisfiedLinkError e) {
                throw new UserException(
                        RuntimeProblems.NO_OPERATOR_LIBRARY,
                        "it cannot be loaded as a library of operators: " + e.getMessage(),
                        library.toString(),
                        e);
            }
        }
    }
}
