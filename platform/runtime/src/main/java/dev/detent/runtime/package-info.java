/**
 * Running models on ONNX Runtime: plain sessions, and the segmented run that serves observation, simulation and
 * toggling. The one place that knows ONNX Runtime.
 */
@NullMarked
package dev.detent.runtime;

import org.jspecify.annotations.NullMarked;
