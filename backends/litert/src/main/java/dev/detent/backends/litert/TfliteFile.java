package dev.detent.backends.litert;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model in LiteRT's FlatBuffer, version 3: one subgraph, one signature. Numbers of fields are their ids in
 * tensorflow/lite/schema/schema.fbs; only those written here are named.
 */
final class TfliteFile {

    private static final String IDENTIFIER = "TFL3";
    private static final int SCHEMA_VERSION = 3;
    /** Names in builtin_code's older field of a byte stop here. */
    private static final int LAST_OLD_CODE = 127;
    /** Buffers are mapped and read by vector instructions (force_align in the schema). */
    private static final int ALIGNMENT = 16;

    /** Version of DEQUANTIZE with a scale per channel. */
    private static final int DEQUANTIZE_CHANNELS = 5;

    private record Operator(int opcode, BuiltinOperator op, BuiltinOptions options, int[] inputs, int[] outputs) {}

    private record Opcode(BuiltinOperator op, int version) {}

    private final List<FileTensor> tensors = new ArrayList<>();
    private final List<Operator> operators = new ArrayList<>();
    private final Map<Opcode, Integer> opcodes = new LinkedHashMap<>();
    private final Map<String, Integer> inputs = new LinkedHashMap<>();
    private final Map<String, Integer> outputs = new LinkedHashMap<>();

    /** Adds a tensor and gives its number. */
    int tensor(FileTensor tensor) {
        tensors.add(tensor);
        return tensors.size() - 1;
    }

    FileTensor tensor(int number) {
        return tensors.get(number);
    }

    /** Appends an operator; its version follows from the type of its data. */
    void operator(BuiltinOperator op, BuiltinOptions options, ElementType data, int[] in, int... out) {
        boolean channels = op == BuiltinOperator.DEQUANTIZE
                && tensors.get(in[0])
                        .encoding()
                        .filter(e -> e.parameters().channels() > 1)
                        .isPresent();
        Opcode opcode = new Opcode(op, channels ? DEQUANTIZE_CHANNELS : op.version(data));
        int number = opcodes.computeIfAbsent(opcode, o -> opcodes.size());
        operators.add(new Operator(number, op, options, in, out));
    }

    /** A tensor that is fed, under its name in the signature. */
    void input(String name, int tensor) {
        inputs.put(name, tensor);
    }

    /** A tensor that is a result. */
    void output(String name, int tensor) {
        outputs.put(name, tensor);
    }

    /**
     * The file.
     *
     * @throws UserException when it would be larger than FlatBuffers can be
     */
    byte[] bytes(String name) {
        long data = tensors.stream()
                .flatMap(t -> t.data().stream())
                .mapToLong(ByteBuffer::remaining)
                .sum();
        UserException large = new UserException(
                LitertProblems.TOO_LARGE,
                "has " + data + " bytes of weights; a .tflite file holds less than 2^31",
                name);
        if (data > Integer.MAX_VALUE - (1 << 26)) {
            throw large;
        }
        try {
            FlatBufferBuilder b = new FlatBufferBuilder((int) (data + (data >> 6) + (1 << 16)));
            b.finish(model(b, name), IDENTIFIER);
            return b.sizedByteArray();
        } catch (AssertionError e) {
            // FlatBufferBuilder says so where it cannot grow.
            throw large;
        }
    }

    private int model(FlatBufferBuilder b, String name) {
        List<Integer> buffers = new ArrayList<>();
        // Buffer 0 is the empty one, of tensors that are no constants.
        buffers.add(buffer(b, ByteBuffer.allocate(0)));
        int[] places = new int[tensors.size()];
        for (int i = 0; i < places.length; i++) {
            FileTensor t = tensors.get(i);
            int buffer = t.data().isPresent() ? buffers.size() : 0;
            t.data().ifPresent(d -> buffers.add(buffer(b, d)));
            places[i] = tensor(b, t, buffer);
        }
        int tensorVector = b.createVectorOfTables(places);
        int operatorVector = b.createVectorOfTables(
                operators.stream().mapToInt(o -> operator(b, o)).toArray());
        int in = ints(b, inputs.values().stream().mapToInt(i -> i).toArray());
        int out = ints(b, outputs.values().stream().mapToInt(i -> i).toArray());
        int graphName = b.createString("main");
        b.startTable(5);
        b.addOffset(0, tensorVector, 0);
        b.addOffset(1, in, 0);
        b.addOffset(2, out, 0);
        b.addOffset(3, operatorVector, 0);
        b.addOffset(4, graphName, 0);
        int subgraphs = b.createVectorOfTables(new int[] {b.endTable()});
        int codes = b.createVectorOfTables(
                opcodes.keySet().stream().mapToInt(o -> opcode(b, o)).toArray());
        int bufferVector =
                b.createVectorOfTables(buffers.stream().mapToInt(i -> i).toArray());
        int signatures = b.createVectorOfTables(new int[] {signature(b)});
        int description = b.createString(name);
        b.startTable(8);
        b.addInt(0, SCHEMA_VERSION, 0);
        b.addOffset(1, codes, 0);
        b.addOffset(2, subgraphs, 0);
        b.addOffset(3, description, 0);
        b.addOffset(4, bufferVector, 0);
        b.addOffset(7, signatures, 0);
        return b.endTable();
    }

    private static int buffer(FlatBufferBuilder b, ByteBuffer data) {
        int vector = 0;
        if (data.hasRemaining()) {
            b.createUnintializedVector(1, data.remaining(), ALIGNMENT).put(data.duplicate());
            vector = b.endVector();
        }
        b.startTable(1);
        b.addOffset(0, vector, 0);
        return b.endTable();
    }

    private static int tensor(FlatBufferBuilder b, FileTensor t, int buffer) {
        int shapeVector = ints(b, NodeConversion.ints(t.shape()));
        int name = b.createString(t.name());
        int quantization = t.encoding().map(e -> encoding(b, e)).orElse(0);
        b.startTable(9);
        b.addOffset(0, shapeVector, 0);
        b.addByte(1, (byte) t.typeCode(), 0);
        b.addInt(2, buffer, 0);
        b.addOffset(3, name, 0);
        b.addOffset(4, quantization, 0);
        b.addBoolean(8, true, false);
        return b.endTable();
    }

    private static int encoding(FlatBufferBuilder b, Encoding e) {
        QuantizationParameters p = e.parameters();
        b.startVector(4, p.channels(), 4);
        for (int i = p.channels() - 1; i >= 0; i--) {
            b.addFloat(p.scale(i));
        }
        int scales = b.endVector();
        b.startVector(8, p.channels(), 8);
        for (int i = p.channels() - 1; i >= 0; i--) {
            b.addLong((long) p.zeroPoint(i));
        }
        int zeroPoints = b.endVector();
        b.startTable(7);
        b.addOffset(2, scales, 0);
        b.addOffset(3, zeroPoints, 0);
        b.addInt(6, e.axis(), 0);
        return b.endTable();
    }

    private static int operator(FlatBufferBuilder b, Operator o) {
        int in = ints(b, o.inputs());
        int out = ints(b, o.outputs());
        int options = o.op().optionsType() == 0 ? 0 : o.options().write(b);
        b.startTable(5);
        b.addInt(0, o.opcode(), 0);
        b.addOffset(1, in, 0);
        b.addOffset(2, out, 0);
        b.addByte(3, (byte) o.op().optionsType(), 0);
        b.addOffset(4, options, 0);
        return b.endTable();
    }

    private static int opcode(FlatBufferBuilder b, Opcode o) {
        b.startTable(4);
        b.addByte(0, (byte) Math.min(o.op().code(), LAST_OLD_CODE), 0);
        b.addInt(2, o.version(), 1);
        b.addInt(3, o.op().code(), 0);
        return b.endTable();
    }

    private int signature(FlatBufferBuilder b) {
        int in = names(b, inputs);
        int out = names(b, outputs);
        int key = b.createString("serving_default");
        b.startTable(5);
        b.addOffset(0, in, 0);
        b.addOffset(1, out, 0);
        b.addOffset(2, key, 0);
        return b.endTable();
    }

    private static int names(FlatBufferBuilder b, Map<String, Integer> ends) {
        List<Integer> maps = new ArrayList<>();
        ends.forEach((name, tensor) -> {
            int text = b.createString(name);
            b.startTable(2);
            b.addOffset(0, text, 0);
            b.addInt(1, tensor, 0);
            maps.add(b.endTable());
        });
        return b.createVectorOfTables(maps.stream().mapToInt(i -> i).toArray());
    }

    private static int ints(FlatBufferBuilder b, int[] values) {
        b.startVector(4, values.length, 4);
        for (int i = values.length - 1; i >= 0; i--) {
            b.addInt(values[i]);
        }
        return b.endVector();
    }
}
