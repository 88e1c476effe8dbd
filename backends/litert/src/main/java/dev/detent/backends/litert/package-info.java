/** LiteRT, formerly TensorFlow Lite: rules of its int8 specification, and the {@code .tflite} file itself. */
@NullMarked
package dev.detent.backends.litert;

import org.jspecify.annotations.NullMarked;
