package dev.detent.backends.onnxruntime;

import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.quant.Granularity;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.spi.quant.Scheme;
import dev.detent.spi.quant.TensorQuantization;
import dev.detent.support.export.ArtifactGraph;
import dev.detent.support.export.ReadBackParameters;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Codes of 4 or 8 bits in blocks, as MatMulNBits and GatherBlockQuantized (domain com.microsoft) take them: unsigned
 * around 2^(bits - 1), low half first, each channel from a byte on.
 */
final class BlockCodes {

    private BlockCodes() {}

    /** uint8 [channels, blocks, block bits / 8]; a short last block is filled up with zeros. */
    static Tensor packed(Tensor weight, TensorQuantization c) {
        Scheme scheme = c.scheme();
        QuantizationParameters p = c.qparams().orElseThrow();
        Granularity.PerBlock granularity = (Granularity.PerBlock) scheme.granularity();
        boolean rows = granularity.channelAxis() == 0;
        int outputs = (int) weight.dim(rows ? 0 : 1);
        int inputs = (int) weight.dim(rows ? 1 : 0);
        int block = granularity.size();
        int blocks = granularity.blocks(weight.dims());
        long offset = -scheme.quantMin();
        float[] values = weight.floats();
        byte[] packed = new byte[outputs * blocks * block * scheme.bits() / 8];
        for (int o = 0; o < outputs; o++) {
            for (int k = 0; k < blocks * block; k++) {
                int group = o * blocks + k / block;
                float value = k < inputs ? values[rows ? o * inputs + k : k * outputs + o] : 0;
                long code = scheme.system().code(value, p.scale(group), p.zeroPoint(group), scheme) + offset;
                put(packed, o * blocks * block + k, (int) code, scheme.bits());
            }
        }
        return Tensor.of(
                ElementType.UINT8,
                new long[] {outputs, blocks, (long) block * scheme.bits() / 8},
                outsideTheHeap(packed));
    }

    /** The codes of all layers are there together until the file is written: an eighth of a model that is larger. */
    private static ByteBuffer outsideTheHeap(byte[] codes) {
        return ByteBuffer.allocateDirect(codes.length).put(codes).flip();
    }

    /** As many to a byte as fit, each channel's from a byte on. */
    static Tensor zeroPoints(TensorQuantization c, int outputs, int blocks) {
        QuantizationParameters p = c.qparams().orElseThrow();
        int bits = c.scheme().bits();
        int rowBytes = rowBytes(blocks, bits);
        byte[] packed = new byte[outputs * rowBytes];
        for (int o = 0; o < outputs; o++) {
            for (int b = 0; b < blocks; b++) {
                put(packed, o * rowBytes * 8 / bits + b, (int) p.zeroPoint(o * blocks + b), bits);
            }
        }
        return Tensor.of(ElementType.UINT8, new long[] {packed.length}, ByteBuffer.wrap(packed));
    }

    /**
     * Scales and zero points as they stand in a file: input 2 of the node holds the scales, and input 3, if there is
     * one, the zero points.
     */
    static QuantizationParameters parameters(ArtifactGraph file, Node n, int channels) {
        float[] scales = file.floats(n, 2);
        if (!n.hasInput(3)) {
            return ReadBackParameters.parameters(n.name(), scales);
        }
        int[] zeroPoints = zeroPoints(file, n, scales.length, channels);
        float[] values = new float[scales.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = zeroPoints[i];
        }
        return ReadBackParameters.parameters(n.name(), scales, values);
    }

    /** One for each of {@code count} blocks in a file; those of symmetric codes are in the middle. */
    static int[] zeroPoints(ArtifactGraph file, Node n, int count, int channels) {
        int bits = (int) n.intAttribute("bits", 4);
        int[] all = new int[count];
        if (!n.hasInput(3)) {
            Arrays.fill(all, 1 << bits - 1);
            return all;
        }
        int blocks = channels > 0 ? count / channels : 0;
        int[] packed = file.codes(n, 3);
        int rowBytes = rowBytes(blocks, bits);
        if (bits != 4 && bits != 8 || packed.length != channels * rowBytes) {
            throw file.damaged(n, "has zero points that do not fit its attributes");
        }
        Arrays.setAll(all, i -> get(packed, i / blocks * rowBytes * 8 / bits + i % blocks, bits));
        return all;
    }

    /** Bytes that the zero points of one channel take. */
    static int rowBytes(int blocks, int bits) {
        return (blocks * bits + 7) / 8;
    }

    private static void put(byte[] packed, int at, int code, int bits) {
        int perByte = 8 / bits;
        packed[at / perByte] = (byte) (packed[at / perByte] | code << at % perByte * bits);
    }

    /** The code at a position, of bytes read as integers. */
    static int get(int[] packed, int at, int bits) {
        int perByte = 8 / bits;
        return packed[at / perByte] >> at % perByte * bits & (1 << bits) - 1;
    }
}
