/** ONNX Runtime on CPUs: QDQ, QOperator, dynamic and block-wise files, and lints for what its kernels overflow. */
@NullMarked
package dev.detent.backends.onnxruntime;

import org.jspecify.annotations.NullMarked;
