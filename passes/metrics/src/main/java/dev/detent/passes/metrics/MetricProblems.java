package dev.detent.passes.metrics;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;
import org.pf4j.Extension;

/** What metrics cannot judge. */
@Extension
public final class MetricProblems implements ProblemCatalog {

    static final ProblemType NO_BOXES = new ProblemType(
            "DT-MET-001",
            "Outputs that do not look like boxes",
            "A metric for detectors reads boxes in one of the layouts it knows; the outputs have the shape of none.",
            "Say the layout with --set METRIC.layout=..., or take another metric; 'detent metrics' lists them.");
}
