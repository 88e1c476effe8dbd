/** Caffe's two files, prototxt and caffemodel, as a graph and back. */
@NullMarked
package dev.detent.caffe;

import org.jspecify.annotations.NullMarked;
