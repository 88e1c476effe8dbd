/** Intel OpenVINO: its rules and ONNX files with FakeQuantize nodes. */
@NullMarked
package dev.detent.backends.openvino;

import org.jspecify.annotations.NullMarked;
