/** MetaX accelerators: rules and widths; what they read is an ONNX file with QDQ nodes. */
@NullMarked
package dev.detent.backends.metax;

import org.jspecify.annotations.NullMarked;
