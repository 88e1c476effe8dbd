package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.detent.spi.graph.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** A value of one sample between two blocks: floats, or a tensor of another type as it is. Immutable by agreement. */
final class BlockValue {

    private final float @Nullable [] floats;
    private final @Nullable OnnxTensor tensor;

    private BlockValue(float @Nullable [] floats, @Nullable OnnxTensor tensor) {
        this.floats = floats;
        this.tensor = tensor;
    }

    static BlockValue of(float[] floats) {
        return new BlockValue(floats, null);
    }

    /** A copy of a tensor that is not float. */
    static BlockValue of(OnnxTensor t) {
        ElementType type = ShapeInference.type(t.getInfo().type);
        return of(type, t.getInfo().getShape(), t.getByteBuffer());
    }

    static BlockValue of(ElementType type, long[] shape, ByteBuffer data) {
        ByteBuffer copy = ByteBuffer.allocateDirect(data.remaining()).order(ByteOrder.nativeOrder());
        copy.put(data.duplicate()).flip();
        try {
            return new BlockValue(
                    null,
                    OnnxTensor.createTensor(OrtRuntime.environment(), copy, shape, ShapeInference.javaType(type)));
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isFloat() {
        return floats != null;
    }

    float[] floats() {
        if (floats == null) {
            throw new IllegalStateException("not a float tensor");
        }
        return floats;
    }

    OnnxTensor tensor() {
        if (tensor == null) {
            throw new IllegalStateException("a float tensor");
        }
        return tensor;
    }

    void close() {
        if (tensor != null) {
            tensor.close();
        }
    }
}
