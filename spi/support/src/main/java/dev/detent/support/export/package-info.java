/**
 * What exporters are built with: the frame for a model with a side file, syntaxes of side files, encodings by tensor.
 */
@NullMarked
package dev.detent.support.export;

import org.jspecify.annotations.NullMarked;
