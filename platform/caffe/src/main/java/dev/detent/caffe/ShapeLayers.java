package dev.detent.caffe;

import dev.detent.caffe.proto.InterpParameter;
import dev.detent.caffe.proto.ReductionParameter;
import dev.detent.caffe.proto.ReshapeParameter;
import dev.detent.caffe.proto.SliceParameter;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Layers that move, cut, join or resize. */
final class ShapeLayers {

    static final Map<String, Consumer<LayerReading>> READERS = new TreeMap<>();

    static {
        READERS.put("Concat", ShapeLayers::concat);
        READERS.put("Slice", ShapeLayers::slice);
        READERS.put("Flatten", ShapeLayers::flatten);
        READERS.put("Reshape", ShapeLayers::reshape);
        READERS.put("Permute", ShapeLayers::permute);
        READERS.put("Crop", ShapeLayers::crop);
        READERS.put("Tile", ShapeLayers::tile);
        READERS.put("Reduction", ShapeLayers::reduction);
        READERS.put("Upsample", ShapeLayers::upsample);
        READERS.put("Interp", ShapeLayers::interp);
    }

    private ShapeLayers() {}

    private static Tensor longs(long... values) {
        return Tensor.ofLongs(new long[] {values.length}, values);
    }

    private static void concat(LayerReading r) {
        int axis = r.axis(
                r.layer().getConcatParam().hasConcatDim()
                        ? r.layer().getConcatParam().getConcatDim()
                        : r.layer().getConcatParam().getAxis());
        long[] out = r.shape(0);
        for (int i = 1; i < r.inputs().size(); i++) {
            out[axis] += r.shape(i)[axis];
        }
        r.top("Concat", r.inputs(), Map.of("axis", Attributes.of(axis)), out);
    }

    private static void slice(LayerReading r) {
        SliceParameter p = r.layer().getSliceParam();
        int axis = r.axis(p.hasSliceDim() ? p.getSliceDim() : p.getAxis());
        long[] in = r.shape(0);
        int tops = r.layer().getTopCount();
        long[] ends = new long[tops];
        for (int i = 0; i < tops; i++) {
            ends[i] = i == tops - 1
                    ? in[axis]
                    : p.getSlicePointCount() > 0 ? p.getSlicePoint(i) : in[axis] * (i + 1) / tops;
        }
        long[] sizes = new long[tops];
        long[][] shapes = new long[tops][];
        for (int i = 0; i < tops; i++) {
            sizes[i] = ends[i] - (i == 0 ? 0 : ends[i - 1]);
            shapes[i] = in.clone();
            shapes[i][axis] = sizes[i];
        }
        r.tops(
                "Split",
                List.of(r.input(0), r.constant("sizes", longs(sizes))),
                Map.of("axis", Attributes.of(axis)),
                shapes);
    }

    private static void flatten(LayerReading r) {
        long[] in = r.shape(0);
        int from = r.axis(r.layer().getFlattenParam().getAxis());
        int to = r.axis(r.layer().getFlattenParam().getEndAxis());
        List<Long> out = new ArrayList<>();
        for (int i = 0; i < in.length; i++) {
            if (i > from && i <= to) {
                out.set(from, out.get(from) * in[i]);
            } else {
                out.add(in[i]);
            }
        }
        long[] shape = out.stream().mapToLong(Long::longValue).toArray();
        if (from == 1 && to == in.length - 1) {
            r.top("Flatten", List.of(r.input(0)), Map.of("axis", Attributes.of(1)), shape);
        } else {
            reshaped(r, shape, from > 0);
        }
    }

    /** To a shape whose batch follows the input's where it is the same. */
    private static void reshaped(LayerReading r, long[] shape, boolean keepsBatch) {
        long[] target = shape.clone();
        if (keepsBatch) {
            target[0] = 0;
        }
        r.top("Reshape", List.of(r.input(0), r.constant("shape", longs(target))), Map.of(), shape);
    }

    private static void reshape(LayerReading r) {
        ReshapeParameter p = r.layer().getReshapeParam();
        long[] in = r.shape(0);
        int start = p.getAxis() < 0 ? p.getAxis() + in.length + 1 : p.getAxis();
        int end = p.getNumAxes() < 0 ? in.length : start + p.getNumAxes();
        List<Long> dims = p.getShape().getDimList();
        long[] out = new long[start + dims.size() + in.length - end];
        System.arraycopy(in, 0, out, 0, start);
        int free = -1;
        for (int i = 0; i < dims.size(); i++) {
            out[start + i] = dims.get(i) == 0 ? in[start + i] : dims.get(i);
            free = dims.get(i) < 0 ? start + i : free;
        }
        System.arraycopy(in, end, out, start + dims.size(), in.length - end);
        if (free >= 0) {
            out[free] = 1;
            out[free] = Tensor.count(in) / Math.max(1, Tensor.count(out));
        }
        if (Tensor.count(in) != Tensor.count(out)) {
            throw r.refused("reshapes " + Arrays.toString(in) + " to " + Arrays.toString(out)
                    + ", which has another number of elements");
        }
        boolean batch = in.length > 0 && out.length > 0 && in[0] == out[0];
        reshaped(r, out, batch);
    }

    private static void permute(LayerReading r) {
        long[] in = r.shape(0);
        List<Integer> order = new ArrayList<>(r.layer().getPermuteParam().getOrderList());
        for (int i = 0; i < in.length; i++) {
            if (!order.contains(i)) {
                order.add(i);
            }
        }
        long[] out = order.stream().mapToLong(o -> in[o]).toArray();
        r.top(
                "Transpose",
                List.of(r.input(0)),
                Map.of(
                        "perm",
                        Attributes.of(
                                order.stream().mapToLong(Integer::longValue).toArray())),
                out);
    }

    /** To the size of the second bottom, from an offset on. */
    private static void crop(LayerReading r) {
        long[] in = r.shape(0);
        long[] like = r.shape(1);
        int axis = r.axis(r.layer().getCropParam().getAxis());
        List<Integer> offsets = r.layer().getCropParam().getOffsetList();
        int cropped = in.length - axis;
        long[] starts = new long[cropped];
        long[] ends = new long[cropped];
        long[] axes = new long[cropped];
        long[] out = in.clone();
        for (int i = 0; i < cropped; i++) {
            starts[i] = offsets.isEmpty() ? 0 : offsets.get(Math.min(i, offsets.size() - 1));
            axes[i] = (long) axis + i;
            out[axis + i] = like[axis + i];
            ends[i] = starts[i] + like[axis + i];
            if (ends[i] > in[axis + i]) {
                throw r.refused("crops more than there is along axis " + axes[i]);
            }
        }
        r.top(
                "Slice",
                List.of(
                        r.input(0),
                        r.constant("starts", longs(starts)),
                        r.constant("ends", longs(ends)),
                        r.constant("axes", longs(axes))),
                Map.of(),
                out);
    }

    private static void tile(LayerReading r) {
        int axis = r.axis(r.layer().getTileParam().getAxis());
        long[] repeats = new long[r.shape(0).length];
        Arrays.fill(repeats, 1);
        repeats[axis] = r.layer().getTileParam().getTiles();
        long[] out = r.shape(0);
        out[axis] *= repeats[axis];
        r.top("Tile", List.of(r.input(0), r.constant("repeats", longs(repeats))), Map.of(), out);
    }

    private static void reduction(LayerReading r) {
        ReductionParameter p = r.layer().getReductionParam();
        String op = switch (p.getOperation()) {
            case SUM -> "ReduceSum";
            case ASUM -> "ReduceL1";
            case SUMSQ -> "ReduceSumSquare";
            case MEAN -> "ReduceMean";
        };
        long[] in = r.shape(0);
        int axis = r.axis(p.getAxis());
        long[] axes = new long[in.length - axis];
        Arrays.setAll(axes, i -> axis + i);
        long[] out = Arrays.copyOf(in, axis);
        Map<String, Attribute> attributes = new TreeMap<>(Map.of("keepdims", Attributes.of(0)));
        List<String> inputs = new ArrayList<>(List.of(r.input(0)));
        // At opset 13, ReduceSum alone takes its axes as an input.
        if (op.equals("ReduceSum")) {
            inputs.add(r.constant("axes", longs(axes)));
        } else {
            attributes.put("axes", Attributes.of(axes));
        }
        if (p.getCoeff() == 1) {
            r.top(op, inputs, attributes, out);
        } else {
            String whole = r.inner("whole", op, inputs, attributes, out);
            r.top("Mul", List.of(whole, r.constant("coeff", Tensor.scalar(p.getCoeff()))), Map.of(), out);
        }
    }

    private static void upsample(LayerReading r) {
        long scale = r.layer().getUpsampleParam().getScale();
        long[] in = r.shape(0);
        if (r.inputs().size() != 1) {
            throw r.refused("puts values back where a pooling took them from, which Detent does not read");
        }
        resize(
                r,
                new long[] {in[0], in[1], in[2] * scale, in[3] * scale},
                Map.of(
                        "mode", Attributes.of("nearest"),
                        "coordinate_transformation_mode", Attributes.of("asymmetric"),
                        "nearest_mode", Attributes.of("floor")));
    }

    private static void resize(LayerReading r, long[] out, Map<String, Attribute> attributes) {
        long[] in = r.shape(0);
        Tensor scales = Tensor.ofFloats(
                new long[] {4}, 1, 1, (float) ((double) out[2] / in[2]), (float) ((double) out[3] / in[3]));
        r.top("Resize", List.of(r.input(0), "", r.constant("scales", scales)), attributes, out);
    }

    /** Linear between the corners. */
    private static void interp(LayerReading r) {
        InterpParameter p = r.layer().getInterpParam();
        long[] in = r.shape(0);
        if (p.getPadBeg() != 0 || p.getPadEnd() != 0 || in.length != 4) {
            throw r.refused("interpolates a padded blob, which Detent does not read");
        }
        long[] out = in.clone();
        for (int i = 2; i < 4; i++) {
            long given = i == 2 ? p.getHeight() : p.getWidth();
            if (given > 0) {
                out[i] = given;
            } else if (r.inputs().size() == 2) {
                out[i] = r.shape(1)[i];
            } else {
                long shrunk = (in[i] - 1) / p.getShrinkFactor() + 1;
                out[i] = shrunk + (shrunk - 1) * (p.getZoomFactor() - 1L);
            }
        }
        resize(
                r,
                out,
                Map.of(
                        "mode", Attributes.of("linear"),
                        "coordinate_transformation_mode", Attributes.of("align_corners")));
    }
}
