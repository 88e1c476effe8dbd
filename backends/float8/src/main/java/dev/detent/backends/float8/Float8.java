package dev.detent.backends.float8;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.quant.Scheme;
import dev.detent.support.number.FloatingPoint;
import dev.detent.support.operator.OperatorTable;
import dev.detent.support.operator.Trait;
import dev.detent.support.qdq.QdqExporter;
import dev.detent.support.target.DeclaredTarget;
import java.util.List;
import org.pf4j.Extension;

/**
 * 8-bit floating point on hardware that multiplies it: E4M3 or E5M2 (OCP), per-channel weights, float bias, ties to
 * even. Graphcore's scales are powers of two. Runs wherever ONNX Runtime does; PPQ's needs CUDA and rounds ties down
 * (docs/differences.md).
 */
@Extension
public final class Float8 implements Backend {

    @Override
    public List<Target> targets() {
        return List.of(
                inputs("fp8-e4m3", "FP8 E4M3: inputs of weighted operators, scale amax / 448", FloatingPoint.E4M3),
                inputs("fp8-e5m2", "FP8 E5M2: inputs of weighted operators, scale amax / 57344", FloatingPoint.E5M2),
                graphcore());
    }

    private static Target inputs(String id, String summary, FloatingPoint format) {
        Scheme scheme = format.scheme();
        return DeclaredTarget.of(id, summary)
                .quantizes(OperatorTable.types(Trait.WEIGHTED))
                .activations(scheme, "mse")
                .channelWeights(scheme, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .floatOutputs()
                .recipe(host -> host.inputsOnly().without("passive-parameters"))
                .writes(new QdqExporter("8-bit floating-point pairs, opset 19"))
                .build();
    }

    private static Target graphcore() {
        Scheme scheme = FloatingPoint.E4M3.scheme().withPowerOfTwo();
        return DeclaredTarget.of("graphcore-fp8", "Graphcore FP8: E4M3 with power-of-two scales")
                .quantizes(OperatorTable.types(
                        Trait.MOVES,
                        "Conv ConvTranspose Gemm MatMul Relu PRelu Clip LeakyRelu Sigmoid AveragePool "
                                + "GlobalAveragePool Mul Add Concat ReduceMean"))
                .moves(OperatorTable.types(Trait.MOVES))
                .activations(scheme, "mse")
                .channelWeights(scheme, "minmax", OperatorTable.types(Trait.WEIGHTED))
                .floatNetworkOutputs()
                .writes(new QdqExporter("8-bit floating-point pairs, opset 19"))
                .build();
    }
}
