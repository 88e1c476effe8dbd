package dev.detent.host.data;

import dev.detent.runtime.Sample;

/** The tensors of one model input, sample by sample; read by several threads at once. */
interface InputSource {

    int size();

    /** Reads the tensor of sample {@code index}. */
    Sample.Input get(int index);

    /** What a person calls the sample: a file name, a row of a file. */
    String describe(int index);
}
