package dev.detent.host.trace;

import dev.detent.spi.quant.Rounding;
import dev.detent.spi.quant.Scheme;
import java.util.Map;
import java.util.Objects;

/** PPQ's words for ours. */
final class PpqNames {

    /** Pass id to PPQ's class. */
    static final Map<String, String> CLASSES = Map.ofEntries(
            Map.entry("refine", "QuantizeRefinePass"), Map.entry("fusion", "QuantizeFusionPass"),
            Map.entry("simplify", "QuantizeSimplifyPass"), Map.entry("parameter-quantization", "ParameterQuantizePass"),
            Map.entry("calibration", "RuntimeCalibrationPass"), Map.entry("alignment", "QuantAlignmentPass"),
            Map.entry("passive-parameters", "PassiveParameterQuantizePass"), Map.entry("baking", "ParameterBakingPass"),
            Map.entry("bias-correction", "BiasCorrectionPass"), Map.entry("equalization", "LayerwiseEqualizationPass"),
            Map.entry("nxp-input-rounding", "NxpInputRoundingRefinePass"),
                    Map.entry("nxp-resize-mode", "NXPResizeModeChangePass"),
            Map.entry("ncnn-format-gemm", "NCNNFormatGemmPass"), Map.entry("metax-gemm-split", "MetaxGemmSplitPass"));

    /**
     * A pass of PPQ that moves no config and changes no parameter; a trace lists it all the same. It notes ranges for
     * one exporter.
     */
    static final Map<String, String> CLOSING = Map.of("ppq:PPL_DSP_TI_INT8", "PPLDSPTIReCalibrationPass");

    private static final Map<Rounding, String> ROUNDINGS = Map.of(
            Rounding.HALF_EVEN,
            "ROUND_HALF_EVEN",
            Rounding.HALF_UP,
            "ROUND_HALF_UP",
            Rounding.HALF_DOWN,
            "ROUND_HALF_DOWN",
            Rounding.HALF_TOWARDS_ZERO,
            "ROUND_HALF_TOWARDS_ZERO",
            Rounding.HALF_AWAY_FROM_ZERO,
            "ROUND_HALF_FAR_FORM_ZERO",
            Rounding.UP,
            "ROUND_UP",
            Rounding.DOWN,
            "ROUND_DOWN");

    private PpqNames() {}

    static String rounding(Rounding rounding) {
        return Objects.requireNonNull(ROUNDINGS.get(rounding));
    }

    static String policy(Scheme s) {
        return (s.isPerChannel() ? "PER_CHANNEL" : "PER_TENSOR") + "|LINEAR|"
                + (s.symmetric() ? "SYMMETRICAL" : "ASYMMETRICAL") + (s.powerOfTwo() ? "|POWER_OF_2" : "");
    }

    /** Target id without its backend's prefix. */
    static String platform(String target) {
        return target.startsWith("ppq:") ? target.substring(4) : target;
    }
}
