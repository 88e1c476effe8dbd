package dev.detent.host.job;

import java.nio.file.Path;

/**
 * A look at data part by part, which goes on where it was ended.
 *
 * @param run as of {@link ObserveRequest}
 * @param parts how many, at least 1 and at most as many as there are samples
 * @param written the file that the statistics will be written to; parts are kept beside it
 */
public record ObserveInParts(QuantizeRequest run, int parts, Path written) {}
