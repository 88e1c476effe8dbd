package dev.detent.caffe;

import dev.detent.spi.export.CaffeNames;

/**
 * A network in Caffe's form.
 *
 * @param prototxt its layers, as text
 * @param caffemodel its weights; the array is the caller's
 */
public record CaffeNet(String prototxt, byte[] caffemodel, CaffeNames names) {}
