package dev.detent.backends.onnxruntime;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What the lint for ONNX Runtime finds. */
@Extension
public final class OnnxRuntimeProblems implements ProblemCatalog {

    static final ProblemType SUMS_OVERFLOW = new ProblemType(
            "DT-ORT-001",
            "Products of weights overflow without VNNI",
            "x64 CPUs without VNNI add two products of 8-bit codes in 16 bits; neighbouring large weights overflow them.",
            "Nothing needs to be mended on CPUs with VNNI; elsewhere set session.x64quantprecision=1.");
}
