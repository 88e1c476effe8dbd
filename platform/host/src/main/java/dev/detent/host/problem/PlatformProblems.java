package dev.detent.host.problem;

import dev.detent.caffe.CaffeProblems;
import dev.detent.kernel.KernelProblems;
import dev.detent.onnx.OnnxProblems;
import dev.detent.runtime.RuntimeProblems;
import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.support.problem.SupportProblems;
import java.util.List;

/** The catalogues of the platform, as far as the host sees it. */
public final class PlatformProblems {

    private PlatformProblems() {}

    /** One instance of each. */
    public static List<ProblemCatalog> all() {
        return List.of(
                new SupportProblems(),
                new KernelProblems(),
                new OnnxProblems(),
                new CaffeProblems(),
                new RuntimeProblems(),
                new DataProblems(),
                new EvaluationProblems(),
                new ExportProblems(),
                new InternalProblems(),
                new OutputProblems(),
                new PipelineProblems(),
                new PlanProblems(),
                new PluginProblems(),
                new QuantizationProblems(),
                new RegistryProblems(),
                new RuleProblems(),
                new SettingsProblems(),
                new TraceProblems(),
                new ObservationProblems(),
                new TuneProblems(),
                new VerificationProblems());
    }
}
