/** Backward passes as ONNX graphs: a table of operator gradients and what joins them. */
@NullMarked
package dev.detent.runtime.gradient;

import org.jspecify.annotations.NullMarked;
