package dev.detent.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/** The numbers of ONNX Runtime's tensors, whatever their type, as floats that can be compared. */
final class TensorFloats {

    private TensorFloats() {}

    /** In C order; the array may be the tensor's own. */
    static float[] of(OnnxTensor t) {
        return switch (t.getInfo().type) {
            case FLOAT, FLOAT16, BFLOAT16 -> {
                // A copy on the heap already.
                FloatBuffer b = t.getFloatBuffer();
                if (b.hasArray() && b.arrayOffset() == 0 && b.array().length == b.remaining()) {
                    yield b.array();
                }
                float[] f = new float[b.remaining()];
                b.get(f);
                yield f;
            }
            case INT64 -> {
                LongBuffer b = t.getLongBuffer();
                float[] f = new float[b.remaining()];
                for (int i = 0; i < f.length; i++) {
                    f[i] = b.get(i);
                }
                yield f;
            }
            case INT32 -> {
                IntBuffer b = t.getIntBuffer();
                float[] f = new float[b.remaining()];
                for (int i = 0; i < f.length; i++) {
                    f[i] = b.get(i);
                }
                yield f;
            }
            default -> {
                ByteBuffer b = t.getByteBuffer();
                float[] f = new float[b.remaining()];
                for (int i = 0; i < f.length; i++) {
                    f[i] = t.getInfo().type == OnnxJavaType.INT8 ? b.get(i) : b.get(i) & 0xff;
                }
                yield f;
            }
        };
    }
}
