package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A NumPy {@code .npz} archive: one array per model input, unpacked into memory. */
final class NpzFile {

    private static final String ENDING = ".npy";

    /** Finds the model's input of a name, or refuses {@code where} for naming one that does not exist. */
    interface Inputs {
        InputConverter named(String name, String where);
    }

    /** Looks at an array's header, and refuses it, before the array is unpacked. */
    interface Check {
        void array(String name, NpyHeader header, String where);
    }

    private NpzFile() {}

    /** Every array's rows are samples of the input it is named after. */
    static Map<String, InputSource> rows(Path file, Function<String, InputConverter> inputs) {
        Map<String, InputSource> sources = new LinkedHashMap<>();
        read(
                        file,
                        (name, header, where) ->
                                inputs.apply(name).requireShape(NpySource.rowShape(header.shape(), where), where))
                .forEach((name, array) ->
                        sources.put(name, NpySource.rows(file + ":" + name, array, inputs.apply(name))));
        return sources;
    }

    /** All arrays by name, in the archive's order. */
    static Map<String, NpyArray> read(Path file, Check check) {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        DataFile.regular(file);
        long budget = Runtime.getRuntime().maxMemory() / 2;
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
                ZipEntry entry = e.nextElement();
                if (!entry.getName().endsWith(ENDING)) {
                    continue;
                }
                String name = entry.getName().substring(0, entry.getName().length() - ENDING.length());
                String where = file + ":" + entry.getName();
                try (DataInputStream in = new DataInputStream(zip.getInputStream(entry))) {
                    NpyHeader header = header(in, where);
                    check.array(name, header, where);
                    budget -= header.bytes();
                    if (budget < 0) {
                        throw tooLarge(header, where);
                    }
                    if (entry.getSize() >= 0) {
                        header.requireData(entry.getSize() - header.offset(), where);
                    }
                    arrays.put(name, NpyArray.of(header, data(in, header, where)));
                }
            }
        } catch (IOException e) {
            throw new UserException(DataProblems.NO_NPZ, "is no .npz file: " + e.getMessage(), file.toString(), e);
        }
        return arrays;
    }

    private static NpyHeader header(DataInputStream in, String where) throws IOException {
        byte[] prefix = in.readNBytes(NpyHeader.PREFIX);
        int length = NpyHeader.length(ByteBuffer.wrap(prefix), where);
        byte[] header = Arrays.copyOf(prefix, length);
        try {
            in.readFully(header, prefix.length, length - prefix.length);
        } catch (EOFException e) {
            throw new UserException(DataProblems.NO_NPY, "is no .npy file", where, e);
        }
        return NpyHeader.parse(ByteBuffer.wrap(header), where);
    }

    private static ByteBuffer data(InputStream in, NpyHeader header, String where) throws IOException {
        ByteBuffer data = LittleEndian.allocate(header.bytes(), where);
        ReadableByteChannel channel = Channels.newChannel(in);
        while (data.hasRemaining() && channel.read(data) >= 0) {
            // Until it is full or the entry ends.
        }
        header.requireData(data.position() + (in.read() >= 0 ? 1L : 0L), where);
        return data.flip();
    }

    private static UserException tooLarge(NpyHeader header, String where) {
        return new UserException(
                DataProblems.NPZ_TOO_LARGE,
                "unpacks to " + (header.bytes() >> 20)
                        + " MB, and all arrays of an .npz may take half of Java's memory, "
                        + (Runtime.getRuntime().maxMemory() >> 21)
                        + " MB; save it as .npy, which is read piece by piece",
                where);
    }
}
