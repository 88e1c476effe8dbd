/** NVIDIA TensorRT: its rules, the residual connections it fuses and the range file it reads. */
@NullMarked
package dev.detent.backends.tensorrt;

import org.jspecify.annotations.NullMarked;
