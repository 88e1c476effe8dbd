/** ONNX files to graphs and back, losslessly. Graphs themselves know nothing of protobuf. */
@NullMarked
package dev.detent.onnx;

import org.jspecify.annotations.NullMarked;
