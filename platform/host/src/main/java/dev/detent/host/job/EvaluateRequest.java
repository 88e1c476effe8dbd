package dev.detent.host.job;

import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.model.ModelFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What to score.
 *
 * @param model the float model that was quantized
 * @param out folder of the run, for one target or several
 * @param preprocessing null for that of the calibration
 * @param workers samples run side by side
 */
public record EvaluateRequest(
        ModelFile model,
        Path out,
        EvaluationData.Source data,
        @Nullable Preprocessing preprocessing,
        int workers) {}
