/** ONNX files to graphs and back, losslessly. The only room, beside the runtime, that knows protobuf. */
@NullMarked
package dev.detent.onnx;

import org.jspecify.annotations.NullMarked;
