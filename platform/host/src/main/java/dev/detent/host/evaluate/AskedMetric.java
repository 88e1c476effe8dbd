package dev.detent.host.evaluate;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.option.Options;

/** A metric with the options a person set for it. */
public record AskedMetric(Metric metric, Options options) {}
