package dev.detent.host.analyze;

/**
 * Something that was tried on this model.
 *
 * @param text what it is
 * @param option to type for it
 * @param gain of the outputs in dB, measured
 * @param touched how many layers or tensors it changes
 */
public record Cure(String text, String option, double gain, int touched) {}
