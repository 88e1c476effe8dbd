/** Statistics of a float network's tensors, kept in a file: merged, and quantized from without data. */
@NullMarked
package dev.detent.host.observe;

import org.jspecify.annotations.NullMarked;
