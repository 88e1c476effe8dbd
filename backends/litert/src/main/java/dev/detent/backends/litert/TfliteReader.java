package dev.detent.backends.litert;

import com.google.flatbuffers.Table;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.problem.UserException;
import dev.detent.spi.quant.QuantizationParameters;
import dev.detent.support.export.ReadBackParameters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Reads what {@link TfliteFile} wrote: the scales of every tensor, and a listing for people and tests. */
public final class TfliteReader {

    /** A table of the schema, read by its field ids. */
    private static final class Fields extends Table {

        Fields(ByteBuffer buffer, int place) {
            __reset(place, buffer);
        }

        private int offset(int id) {
            return __offset(4 + 2 * id);
        }

        int integer(int id) {
            int o = offset(id);
            return o == 0 ? 0 : bb.getInt(bb_pos + o);
        }

        byte oneByte(int id) {
            int o = offset(id);
            return o == 0 ? 0 : bb.get(bb_pos + o);
        }

        String text(int id) {
            int o = offset(id);
            return o == 0 ? "" : __string(bb_pos + o);
        }

        int length(int id) {
            int o = offset(id);
            return o == 0 ? 0 : __vector_len(o);
        }

        /** Where element {@code index} of a vector lies. */
        int element(int id, int index, int size) {
            return __vector(offset(id)) + index * size;
        }

        List<Fields> tables(int id) {
            List<Fields> tables = new ArrayList<>();
            int n = bounded(length(id));
            for (int i = 0; i < n; i++) {
                tables.add(new Fields(bb, __indirect(element(id, i, 4))));
            }
            return tables;
        }

        int[] integers(int id) {
            int[] values = new int[bounded(length(id))];
            for (int i = 0; i < values.length; i++) {
                values[i] = bb.getInt(element(id, i, 4));
            }
            return values;
        }

        float[] floats(int id) {
            float[] values = new float[bounded(length(id))];
            for (int i = 0; i < values.length; i++) {
                values[i] = bb.getFloat(element(id, i, 4));
            }
            return values;
        }

        float[] longs(int id) {
            float[] values = new float[bounded(length(id))];
            for (int i = 0; i < values.length; i++) {
                values[i] = bb.getLong(element(id, i, 8));
            }
            return values;
        }

        List<Fields> table(int id) {
            int o = offset(id);
            return o == 0 ? List.of() : List.of(new Fields(bb, __indirect(bb_pos + o)));
        }

        /** A vector of bytes; it ends within the file. */
        ByteBuffer octets(int id) {
            byte[] octets = new byte[bounded(length(id))];
            ByteBuffer from = bb.duplicate();
            from.position(element(id, 0, 1));
            if (from.remaining() < octets.length) {
                throw new IndexOutOfBoundsException("a vector of " + octets.length);
            }
            from.get(octets);
            return ByteBuffer.wrap(octets);
        }

        byte at(int place) {
            return bb.get(place);
        }

        /** A vector has no more elements than the file has bytes. */
        private int bounded(int length) {
            if (length < 0 || length > bb.capacity()) {
                throw new IndexOutOfBoundsException("a vector of " + length);
            }
            return length;
        }
    }

    private final String file;
    private final ByteBuffer buffer;

    /** @param file what messages call it */
    public TfliteReader(String file, byte[] bytes) {
        this.file = file;
        this.buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Scales and zero points by tensor; of a name that occurs again, the first. */
    ReadBackParameters parameters() {
        return read(() -> {
            ReadBackParameters found = new ReadBackParameters();
            Set<String> met = new HashSet<>();
            for (Fields t : graph().tables(0)) {
                String name = t.text(3);
                for (Fields q : t.table(4)) {
                    if (q.length(2) > 0 && met.add(name)) {
                        found.put(name, q.floats(2), q.longs(3));
                    }
                }
            }
            return found;
        });
    }

    /** Quantized constants by tensor, their axes in the file's order; of a name that occurs again, the first. */
    Map<String, Constant> constants() {
        return read(() -> {
            Map<String, Constant> found = new HashMap<>();
            List<Fields> buffers = model().tables(4);
            for (Fields t : graph().tables(0)) {
                ElementType type = FileTensor.typeOf(t.oneByte(1));
                Fields data = buffers.get(t.integer(2));
                for (Fields q : t.table(4)) {
                    if (data.length(0) > 0 && type.isInteger() && q.length(2) > 0) {
                        String name = t.text(3);
                        QuantizationParameters p = ReadBackParameters.parameters(name, q.floats(2), q.longs(3));
                        long[] dims =
                                Arrays.stream(t.integers(0)).asLongStream().toArray();
                        Tensor values = Tensor.of(type, dims, data.octets(0));
                        found.putIfAbsent(
                                name, new Constant(name, values, Optional.of(new Encoding(type, p, q.integer(6)))));
                    }
                }
            }
            return found;
        });
    }

    /** A line for each tensor with type, shape, scales and first bytes, and one for each operator. */
    public List<String> listing() {
        return read(() -> {
            List<String> lines = new ArrayList<>();
            Fields graph = graph();
            List<Fields> tensors = graph.tables(0);
            List<Fields> buffers = model().tables(4);
            for (int i = 0; i < tensors.size(); i++) {
                lines.add(i + ": " + line(tensors.get(i), buffers));
            }
            List<Fields> codes = model().tables(1);
            for (Fields o : graph.tables(3)) {
                Fields code = codes.get(o.integer(0));
                lines.add(operation(code.integer(3)) + " " + Arrays.toString(o.integers(1)) + " -> "
                        + Arrays.toString(o.integers(2)));
            }
            lines.add("inputs " + Arrays.toString(graph.integers(1)));
            lines.add("outputs " + Arrays.toString(graph.integers(2)));
            return lines;
        });
    }

    private static String operation(int code) {
        return Arrays.stream(BuiltinOperator.values())
                .filter(o -> o.code() == code)
                .map(BuiltinOperator::name)
                .findFirst()
                .orElse("operator " + code);
    }

    private static String line(Fields tensor, List<Fields> buffers) {
        StringBuilder line = new StringBuilder(tensor.text(3))
                .append(' ')
                .append(FileTensor.typeOf(tensor.oneByte(1)))
                .append(' ')
                .append(Arrays.toString(tensor.integers(0)));
        for (Fields q : tensor.table(4)) {
            line.append(" scale ").append(start(q.floats(2)));
            line.append(" zero point ").append(start(q.longs(3)));
        }
        Fields data = buffers.get(tensor.integer(2));
        if (data.length(0) > 0) {
            byte[] first = new byte[Math.min(8, data.length(0))];
            for (int i = 0; i < first.length; i++) {
                first[i] = data.at(data.element(0, i, 1));
            }
            line.append(' ').append(Arrays.toString(first));
        }
        return line.toString();
    }

    private static String start(float[] values) {
        return Arrays.toString(Arrays.copyOf(values, Math.min(4, values.length)));
    }

    private Fields model() {
        return new Fields(buffer, buffer.getInt(0));
    }

    private Fields graph() {
        return model().tables(2).get(0);
    }

    private <T> T read(Supplier<T> what) {
        try {
            return what.get();
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new UserException(LitertProblems.DAMAGED, "is damaged, or no .tflite model", file, e);
        }
    }
}
