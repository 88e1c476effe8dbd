package dev.detent.spi.evaluate;

import dev.detent.spi.Experimental;
import java.util.Arrays;

/**
 * An output of a model for one sample.
 *
 * @param name the output's name in the model
 * @param values row-major; belongs to the host, which may use it again: only read, and only during the call
 * @param shape with the batch as it was fed, usually 1
 */
@Experimental(since = "1.0")
public record OutputTensor(String name, float[] values, long[] shape) {

    @Override
    public boolean equals(Object other) {
        return other instanceof OutputTensor o
                && name.equals(o.name)
                && Arrays.equals(values, o.values)
                && Arrays.equals(shape, o.shape);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(new int[] {name.hashCode(), Arrays.hashCode(values), Arrays.hashCode(shape)});
    }

    @Override
    public String toString() {
        return name + Arrays.toString(shape);
    }
}
