package dev.detent.host.data;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Finds samples in files: a folder of PNG/JPEG, a {@code .npy} whose first axis counts samples, an {@code .npz} with
 * one array per input, raw little-endian {@code .bin}, or a folder of such files with one sample each. Several inputs:
 * {@code name=path,name=path}.
 */
public final class SampleLoader {

    private final Graph graph;
    private final Preprocessing preprocessing;
    /** So many the model takes at once. */
    private final int rows;

    private SampleLoader(Graph graph, Preprocessing preprocessing) {
        this.graph = graph;
        this.preprocessing = preprocessing;
        this.rows = BatchedSamples.rows(graph);
    }

    /**
     * @param specification path, or {@code input=path} joined by commas
     * @param limit at most so many samples; 0 for all. Where the model's batch is fixed a sample is as many rows or
     *     images as it takes
     */
    public static Samples open(Graph graph, String specification, Preprocessing preprocessing, int limit) {
        SampleLoader files = new SampleLoader(graph, preprocessing);
        Samples all = specification.contains("=") && !Files.exists(Path.of(specification))
                ? files.named(specification)
                : files.single(Path.of(specification));
        if (all.size() == 0) {
            throw new UserException("DT-DAT-002", "holds no samples", specification);
        }
        Samples samples = BatchedSamples.of(graph, all, specification);
        return limit > 0 ? samples.first(limit) : samples;
    }

    private Samples named(String specification) {
        Map<String, Source> sources = new LinkedHashMap<>();
        for (String part : specification.split(",")) {
            String[] pair = part.split("=", 2);
            if (pair.length != 2) {
                throw new UserException("DT-DAT-003", "give every input as name=path", specification);
            }
            sources.put(pair[0].trim(), source(Path.of(pair[1].trim()), input(pair[0].trim(), specification)));
        }
        return join(sources, specification);
    }

    private Samples single(Path path) {
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".npz")) {
            Map<String, Source> sources = new LinkedHashMap<>();
            npz(path)
                    .forEach((key, array) ->
                            sources.put(key, new Rows(path + ":" + key, array, input(key, path.toString()))));
            return join(sources, path.toString());
        }
        if (Files.isDirectory(path)) {
            return folder(path);
        }
        if (graph.inputs().size() != 1) {
            throw new UserException(
                    "DT-DAT-004",
                    "feeds one input, the model has "
                            + graph.inputs().stream().map(ValueInfo::name).toList()
                            + "; use an .npz or name=path for each",
                    path.toString());
        }
        ValueInfo input = graph.inputs().get(0);
        return join(Map.of(input.name(), source(path, input)), path.toString());
    }

    private Samples folder(Path path) {
        boolean one = graph.inputs().size() == 1;
        Optional<Source> files = one ? files(path, graph.inputs().get(0)) : Optional.empty();
        if (files.isPresent()) {
            return join(Map.of(graph.inputs().get(0).name(), files.get()), path.toString());
        }
        List<Path> archives = list(path, ".npz");
        if (archives.isEmpty()) {
            throw one
                    ? noSamples(path)
                    : new UserException(
                            "DT-DAT-002", "holds no samples (.npz with one array per input)", path.toString());
        }
        return new ArchiveFolder(archives);
    }

    private static UserException noSamples(Path folder) {
        boolean nested;
        try (Stream<Path> in = Files.list(folder)) {
            nested = in.anyMatch(Files::isDirectory);
        } catch (IOException e) {
            nested = false;
        }
        return new UserException(
                "DT-DAT-002",
                "holds no samples (.png, .jpg, .npy, .npz or .bin)"
                        + (nested
                                ? "; what lies in its subfolders is not looked at: give one of them, or put some of each into one folder"
                                : ""),
                folder.toString());
    }

    private ValueInfo input(String name, String where) {
        return graph.inputs().stream()
                .filter(i -> i.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new UserException(
                        "DT-DAT-005",
                        "names the input '" + name + "', which the model does not have; it has "
                                + graph.inputs().stream().map(ValueInfo::name).toList(),
                        where));
    }

    /** One input's tensors. */
    private interface Source {
        int size();

        Sample.Input get(int index);

        String describe(int index);
    }

    private Samples join(Map<String, Source> sources, String where) {
        for (ValueInfo i : graph.inputs()) {
            if (!sources.containsKey(i.name())) {
                throw new UserException("DT-DAT-001", "lacks the model's input '" + i.name() + "'", where);
            }
        }
        int size = sources.values().iterator().next().size();
        sources.forEach((name, s) -> {
            if (s.size() != size) {
                throw new UserException(
                        "DT-DAT-006",
                        "has " + s.size() + " samples for '" + name + "' and " + size + " for another input",
                        where);
            }
        });
        return new Samples() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Sample get(int index) {
                Map<String, Sample.Input> values = new LinkedHashMap<>();
                sources.forEach((name, s) -> values.put(name, s.get(index)));
                return new Sample(values);
            }

            @Override
            public String describe(int index) {
                return sources.values().iterator().next().describe(index);
            }
        };
    }

    private Source source(Path path, ValueInfo input) {
        if (!Files.exists(path)) {
            throw new UserException("DT-DAT-007", "does not exist", path.toString());
        }
        if (Files.isDirectory(path)) {
            return files(path, input).orElseThrow(() -> noSamples(path));
        }
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".npy")) {
            return new Rows(path.toString(), NpyArray.map(path), input);
        }
        if (name.endsWith(".bin")) {
            return new RawFiles(List.of(path), input);
        }
        if (name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg")) {
            return new Pictures(List.of(path), input);
        }
        throw new UserException(
                "DT-DAT-008", "is neither a folder nor .npy, .npz, .bin, .png or .jpg", path.toString());
    }

    /** The files of a folder that hold one input's tensor each: of several kinds the first. */
    private Optional<Source> files(Path folder, ValueInfo input) {
        List<Path> images = list(folder, ".png", ".jpg", ".jpeg");
        if (!images.isEmpty()) {
            return Optional.of(new Pictures(images, input));
        }
        List<Path> arrays = list(folder, ".npy");
        if (!arrays.isEmpty()) {
            return Optional.of(new ArrayFiles(arrays, input));
        }
        List<Path> raw = list(folder, ".bin");
        return raw.isEmpty() ? Optional.empty() : Optional.of(new RawFiles(raw, input));
    }

    private static List<Path> list(Path folder, String... endings) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> Arrays.stream(endings)
                            .anyMatch(f.getFileName().toString().toLowerCase(Locale.ROOT)::endsWith))
                    .filter(f -> !f.getFileName().toString().startsWith("."))
                    .sorted(Comparator.comparing(f -> f.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new UserException("DT-DAT-009", "cannot be listed: " + e.getMessage(), folder.toString(), e);
        }
    }

    private static Map<String, NpyArray> npz(Path file) {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
                ZipEntry entry = e.nextElement();
                if (entry.getName().endsWith(".npy")) {
                    byte[] bytes = zip.getInputStream(entry).readAllBytes();
                    arrays.put(
                            entry.getName().substring(0, entry.getName().length() - 4),
                            NpyArray.parse(direct(bytes.length).put(bytes).flip(), file + ":" + entry.getName()));
                }
            }
        } catch (IOException e) {
            throw new UserException("DT-DAT-024", "is no .npz file: " + e.getMessage(), file.toString(), e);
        }
        return arrays;
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Checks shape and converts to the input's type; uint8 images go through the preprocessing. */
    private Sample.Input convert(NpyArray array, ValueInfo input, String where) {
        List<ValueInfo.Dimension> declared = input.shape().orElse(List.of());
        long[] shape = array.shape();
        if (input.shape().isPresent() && shape.length == declared.size() - 1) {
            shape = prepend(shape);
        } else if (input.shape().isPresent() && shape.length == declared.size() + 1 && shape[0] == 1) {
            // The input's first axis is no batch (a recurrent state, a single number): a row of the file is all of it.
            shape = Arrays.copyOfRange(shape, 1, shape.length);
        }
        if (input.shape().isPresent()) {
            boolean fits = shape.length == declared.size();
            for (int d = 0; fits && d < shape.length; d++) {
                fits = !declared.get(d).isKnown()
                        || declared.get(d).size() == shape[d]
                        || d == 0 && shape[0] == 1 && rows > 1;
            }
            if (!fits) {
                throw new UserException(
                        "DT-DAT-040",
                        "has shape " + Arrays.toString(shape) + ", the model's input '" + input.name() + "' takes "
                                + dims(declared),
                        where);
            }
        }
        if (input.type() == ElementType.FLOAT) {
            return floats(array, shape, where);
        }
        boolean sameType = array.type() == input.type();
        if (!sameType && !(array.type().isInteger() && input.type().isInteger())) {
            throw new UserException(
                    "DT-DAT-041",
                    "holds " + array.type() + ", the model's input '" + input.name() + "' takes " + input.type(),
                    where);
        }
        ByteBuffer data = direct((int) input.type().bytes(array.elements()));
        if (sameType) {
            data.put(array.data().duplicate()).flip();
        } else {
            for (int i = 0; i < array.elements(); i++) {
                long v = (long) array.value(i);
                switch (input.type().bits()) {
                    case 64 -> data.putLong(v);
                    case 32 -> data.putInt((int) v);
                    case 16 -> data.putShort((short) v);
                    default -> data.put((byte) v);
                }
            }
            data.flip();
        }
        return new Sample.Input(input.type(), shape, data);
    }

    private Sample.Input floats(NpyArray array, long[] shape, String where) {
        int n = array.elements();
        ByteBuffer data = direct(4 * n);
        boolean image = array.type() == ElementType.UINT8 && shape.length == 4 && !preprocessing.isIdentity();
        boolean channelsLast = preprocessing.layout().equals("nhwc");
        int channels = image ? (int) (channelsLast ? shape[3] : shape[1]) : 1;
        int plane = image && !channelsLast ? (int) (shape[2] * shape[3]) : 1;
        if (image) {
            for (int i = 0; i < n; i++) {
                int c = i / plane % channels;
                data.putFloat(((array.data().get(i) & 0xff) * preprocessing.scale() - preprocessing.mean(c))
                        / preprocessing.std(c));
            }
        } else {
            for (int i = 0; i < n; i++) {
                float v = (float) array.value(i);
                if (!Float.isFinite(v)) {
                    throw new UserException(
                            "DT-DAT-042",
                            "holds " + v + " at element " + i + "; calibration data must be finite",
                            where);
                }
                data.putFloat(v);
            }
        }
        return new Sample.Input(ElementType.FLOAT, shape, data.flip());
    }

    private static long[] prepend(long[] shape) {
        long[] longer = new long[shape.length + 1];
        longer[0] = 1;
        System.arraycopy(shape, 0, longer, 1, shape.length);
        return longer;
    }

    private static String dims(List<ValueInfo.Dimension> dims) {
        return dims.stream()
                .map(d -> d.isKnown() ? Long.toString(d.size()) : d.symbol().isEmpty() ? "?" : d.symbol())
                .toList()
                .toString();
    }

    /** Rows of one array. */
    private final class Rows implements Source {
        private final String where;
        private final NpyArray array;
        private final ValueInfo input;

        Rows(String where, NpyArray array, ValueInfo input) {
            if (array.shape().length == 0) {
                throw new UserException("DT-DAT-043", "is a single number; its first axis must count samples", where);
            }
            this.where = where;
            this.array = array;
            this.input = input;
        }

        @Override
        public int size() {
            return (int) array.shape()[0];
        }

        @Override
        public Sample.Input get(int index) {
            return convert(array.row(index), input, describe(index));
        }

        @Override
        public String describe(int index) {
            return where + "[" + index + "]";
        }
    }

    /** One array per file. */
    private final class ArrayFiles implements Source {
        private final List<Path> files;
        private final ValueInfo input;

        ArrayFiles(List<Path> files, ValueInfo input) {
            this.files = files;
            this.input = input;
        }

        @Override
        public int size() {
            return files.size();
        }

        @Override
        public Sample.Input get(int index) {
            return convert(NpyArray.map(files.get(index)), input, describe(index));
        }

        @Override
        public String describe(int index) {
            return files.get(index).toString();
        }
    }

    /** Raw little-endian tensors of the input's own type; a file may hold several samples. */
    private final class RawFiles implements Source {
        private final List<Path> files;
        private final ValueInfo input;
        private final long[] shape;
        private final int bytes;
        private final List<int[]> places = new ArrayList<>();

        RawFiles(List<Path> files, ValueInfo input) {
            this.files = files;
            this.input = input;
            this.shape = input.shape()
                    .map(s -> s.stream()
                            .mapToLong(d -> d.isKnown() ? d.size() : -1)
                            .toArray())
                    .orElseGet(() -> new long[0]);
            if (shape.length > 0 && shape[0] < 0) {
                shape[0] = 1;
            }
            if (Arrays.stream(shape).anyMatch(d -> d < 0)) {
                throw new UserException(
                        "DT-DAT-044",
                        "is raw data, and the model's input '" + input.name() + "' has no fixed shape "
                                + dims(input.shape().orElse(List.of())) + "; use .npy",
                        files.get(0).toString());
            }
            bytes = (int) input.type().bytes(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
            for (int f = 0; f < files.size(); f++) {
                long size;
                try {
                    size = Files.size(files.get(f));
                } catch (IOException e) {
                    throw new UserException(
                            "DT-DAT-020",
                            "cannot be read: " + e.getMessage(),
                            files.get(f).toString(),
                            e);
                }
                if (size == 0 || size % bytes != 0) {
                    throw new UserException(
                            "DT-DAT-045",
                            "has " + size + " bytes, no multiple of the " + bytes + " that input '" + input.name()
                                    + "' takes",
                            files.get(f).toString());
                }
                for (int s = 0; s < size / bytes; s++) {
                    places.add(new int[] {f, s});
                }
            }
        }

        @Override
        public int size() {
            return places.size();
        }

        @Override
        public Sample.Input get(int index) {
            int[] place = places.get(index);
            try (FileChannel channel = FileChannel.open(files.get(place[0]), StandardOpenOption.READ)) {
                ByteBuffer data = channel.map(FileChannel.MapMode.READ_ONLY, (long) place[1] * bytes, bytes)
                        .order(ByteOrder.LITTLE_ENDIAN);
                return convert(new NpyArray(input.type(), shape, data), input, describe(index));
            } catch (IOException e) {
                throw new UserException("DT-DAT-020", "cannot be read: " + e.getMessage(), describe(index), e);
            }
        }

        @Override
        public String describe(int index) {
            return files.get(places.get(index)[0]) + (places.get(index)[1] > 0 ? "[" + places.get(index)[1] + "]" : "");
        }
    }

    /** PNG and JPEG files. */
    private final class Pictures implements Source {
        private final List<Path> files;
        private final ValueInfo input;

        Pictures(List<Path> files, ValueInfo input) {
            this.files = files;
            this.input = input;
            if (input.type() != ElementType.FLOAT && input.type() != ElementType.UINT8
                    || input.shape().map(List::size).orElse(4) != 4) {
                throw new UserException(
                        "DT-DAT-046",
                        "holds images, and the model's input '" + input.name() + "' is no image tensor",
                        files.get(0).toString());
            }
        }

        @Override
        public int size() {
            return files.size();
        }

        @Override
        public Sample.Input get(int index) {
            Image image = Image.read(files.get(index));
            boolean first = preprocessing.layout().equals("nchw");
            List<ValueInfo.Dimension> dims = input.shape().orElse(List.of());
            int height = size(dims, first ? 2 : 1);
            int width = size(dims, first ? 3 : 2);
            if (preprocessing.resize() > 0
                    && Math.min(image.width(), image.height()) != preprocessing.resize()
                    && !(image.width() == width && image.height() == height)) {
                double ratio = (double) preprocessing.resize() / Math.min(image.width(), image.height());
                image = image.resize((int) Math.round(image.width() * ratio), (int) Math.round(image.height() * ratio));
            }
            if (preprocessing.crop() > 0) {
                image = image.crop(preprocessing.crop(), preprocessing.crop());
            }
            if (width > 0 && height > 0) {
                image = image.resize(width, height);
            }
            int channels = dims.isEmpty() ? 3 : size(dims, first ? 1 : 3) == 1 ? 1 : 3;
            return tensor(image, channels, first);
        }

        private int size(List<ValueInfo.Dimension> dims, int axis) {
            return dims.isEmpty() ? -1 : (int) dims.get(axis).size();
        }

        private Sample.Input tensor(Image image, int channels, boolean first) {
            int plane = image.width() * image.height();
            float[] values = new float[channels * plane];
            for (int c = 0; c < channels; c++) {
                float[] from = channels == 1
                        ? grey(image)
                        : image.planes()[preprocessing.order().equals("rgb") ? c : 2 - c];
                place(from, c, values, first ? c * plane : c, first ? 1 : channels);
            }
            long[] shape = first
                    ? new long[] {1, channels, image.height(), image.width()}
                    : new long[] {1, image.height(), image.width(), channels};
            ByteBuffer data;
            if (input.type() == ElementType.UINT8) {
                data = direct(values.length);
                for (int i = 0; i < values.length; i++) {
                    data.put(i, (byte) values[i]);
                }
            } else {
                data = direct(4 * values.length);
                data.asFloatBuffer().put(values);
            }
            return new Sample.Input(input.type(), shape, data);
        }

        /**
         * One channel, every {@code step}th element from {@code at} on; pixels for an integer input stay as they are.
         */
        private void place(float[] from, int channel, float[] to, int at, int step) {
            boolean raw = input.type() == ElementType.UINT8;
            float scale = raw ? 1 : preprocessing.scale();
            float mean = raw ? 0 : preprocessing.mean(channel);
            float std = raw ? 1 : preprocessing.std(channel);
            for (int i = 0; i < from.length; i++) {
                to[at + i * step] = (from[i] * scale - mean) / std;
            }
        }

        /** ITU-R BT.601 luma. */
        private float[] grey(Image image) {
            float[] grey = new float[image.width() * image.height()];
            for (int i = 0; i < grey.length; i++) {
                grey[i] = .299f * image.planes()[0][i] + .587f * image.planes()[1][i] + .114f * image.planes()[2][i];
            }
            return grey;
        }

        @Override
        public String describe(int index) {
            return files.get(index).toString();
        }
    }

    /** One .npz per sample. */
    private final class ArchiveFolder implements Samples {
        private final List<Path> files;

        ArchiveFolder(List<Path> files) {
            this.files = files;
        }

        @Override
        public int size() {
            return files.size();
        }

        @Override
        public Sample get(int index) {
            Map<String, Sample.Input> values = new LinkedHashMap<>();
            npz(files.get(index))
                    .forEach((name, array) -> values.put(
                            name,
                            convert(
                                    array,
                                    input(name, files.get(index).toString()),
                                    files.get(index).toString())));
            return new Sample(values);
        }

        @Override
        public String describe(int index) {
            return files.get(index).toString();
        }
    }
}
