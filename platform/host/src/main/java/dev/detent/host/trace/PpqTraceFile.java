package dev.detent.host.trace;

import dev.detent.host.pipeline.PipelineListener;
import dev.detent.host.plan.Step;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the trace of a quantization job into a file when the model is frozen. */
public record PpqTraceFile(PpqTraceRecorder recorder, Path file) implements PipelineListener {

    @Override
    public void after(Step step, Model model) {
        recorder.after(step, model);
        if (step instanceof Step.Freeze) {
            try {
                Files.write(file, recorder.json().getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UserException("DT-OUT-006", "cannot be written: " + e.getMessage(), file.toString(), e);
            }
        }
    }
}
