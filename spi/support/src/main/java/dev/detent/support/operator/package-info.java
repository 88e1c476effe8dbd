/** What is known of ONNX operators. */
@NullMarked
package dev.detent.support.operator;

import org.jspecify.annotations.NullMarked;
