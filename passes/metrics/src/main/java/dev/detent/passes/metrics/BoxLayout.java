package dev.detent.passes.metrics;

import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Option;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.List;

/** How detectors write boxes into their outputs, and how they are read from there. */
enum BoxLayout {

    /** {@code [1, N, 5 + kinds]}: YOLOX as exported, offsets within the cells of grids of strides 8, 16 and 32. */
    YOLOX,
    /** {@code [1, N, 5 + kinds]}: centre and size in pixels, how sure a box is, kinds. */
    YOLOV5,
    /** {@code [1, 4 + kinds, N]}: centre and size in pixels, kinds. */
    YOLOV8,
    /** Three outputs: corners {@code [N, 4]} in pixels, and of each box its score and its kind. */
    CORNERS;

    static final Option<String> OPTION = Option.choice(
            "layout",
            "auto",
            List.of("auto", "yolox", "yolov5", "yolov8", "corners"),
            "how the model writes boxes: yolox [1,N,5+kinds] in grid cells, yolov5 [1,N,5+kinds], yolov8 [1,4+kinds,N], corners (boxes, scores, labels)");

    /** Strides of YOLOX's grids (Ge et al., YOLOX, 2021, and its export script). */
    private static final int[] STRIDES = {8, 16, 32};

    static BoxLayout of(String name, List<OutputTensor> outputs, String metric) {
        return switch (name) {
            case "yolox" -> YOLOX;
            case "yolov5" -> YOLOV5;
            case "yolov8" -> YOLOV8;
            case "corners" -> CORNERS;
            default -> guess(outputs, metric);
        };
    }

    private static BoxLayout guess(List<OutputTensor> outputs, String metric) {
        if (outputs.size() >= 3 && named(outputs, "box") && named(outputs, "score")) {
            return CORNERS;
        }
        long[] shape = outputs.get(0).shape();
        if (shape.length != 3 || shape[0] != 1 || Math.min(shape[1], shape[2]) < 5) {
            throw unknown(outputs, metric);
        }
        if (shape[1] < shape[2]) {
            return YOLOV8;
        }
        return side((int) shape[1]) > 0 ? YOLOX : YOLOV5;
    }

    /** Side of the square input whose grids have so many cells together; 0 if there is none. */
    private static int side(int cells) {
        int side = (int) Math.round(Math.sqrt(cells * 1024.0 / 21));
        return side % 32 == 0 && side / 8 * (side / 8) + side / 16 * (side / 16) + side / 32 * (side / 32) == cells
                ? side
                : 0;
    }

    private static boolean named(List<OutputTensor> outputs, String part) {
        return outputs.stream().anyMatch(o -> o.name().contains(part));
    }

    private static UserException unknown(List<OutputTensor> outputs, String metric) {
        return new UserException(
                MetricProblems.NO_BOXES,
                "does not look like boxes: outputs are " + outputs + "; say --set " + metric
                        + ".layout=..., or use another metric",
                metric);
    }

    /**
     * The boxes with a score of at least {@code least}, in the order of the output.
     *
     * @param metric that asks, for the sentence
     * @throws UserException when the outputs are not laid out so
     */
    List<Box> read(List<OutputTensor> outputs, double least, String metric) {
        if (!fits(outputs)) {
            throw unknown(outputs, metric);
        }
        return switch (this) {
            case YOLOX -> yolox(outputs.get(0), least);
            case YOLOV5 -> yolov5(outputs.get(0), least);
            case YOLOV8 -> yolov8(outputs.get(0), least);
            case CORNERS -> corners(outputs, least);
        };
    }

    private boolean fits(List<OutputTensor> outputs) {
        long[] shape = outputs.get(0).shape();
        boolean table = shape.length == 3 && shape[0] == 1;
        return switch (this) {
            case YOLOX -> table && shape[2] >= 6 && side((int) shape[1]) > 0;
            case YOLOV5 -> table && shape[2] >= 6;
            case YOLOV8 -> table && shape[1] >= 5;
            case CORNERS -> named(outputs, "box") && named(outputs, "score");
        };
    }

    private static List<Box> yolox(OutputTensor o, double least) {
        int width = (int) o.shape()[2];
        int side = side((int) o.shape()[1]);
        float[] v = o.values();
        List<Box> boxes = new ArrayList<>();
        int row = 0;
        for (int stride : STRIDES) {
            int cells = side / stride;
            for (int i = 0; i < cells * cells; i++, row++) {
                int at = row * width;
                Surest surest = Surest.of(v, at + 5, 1, width - 5, v[at + 4]);
                int line = i / cells;
                if (surest.score() >= least) {
                    boxes.add(surest.centred(
                            (v[at] + i % cells) * stride,
                            (v[at + 1] + line) * stride,
                            (float) Math.exp(v[at + 2]) * stride,
                            (float) Math.exp(v[at + 3]) * stride));
                }
            }
        }
        return boxes;
    }

    private static List<Box> yolov5(OutputTensor o, double least) {
        int width = (int) o.shape()[2];
        float[] v = o.values();
        List<Box> boxes = new ArrayList<>();
        for (int at = 0; at + width <= v.length; at += width) {
            Surest surest = Surest.of(v, at + 5, 1, width - 5, v[at + 4]);
            if (surest.score() >= least) {
                boxes.add(surest.centred(v[at], v[at + 1], v[at + 2], v[at + 3]));
            }
        }
        return boxes;
    }

    private static List<Box> yolov8(OutputTensor o, double least) {
        int rows = (int) o.shape()[1];
        int count = (int) o.shape()[2];
        float[] v = o.values();
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Surest surest = Surest.of(v, 4 * count + i, count, rows - 4, 1);
            if (surest.score() >= least) {
                boxes.add(surest.centred(v[i], v[count + i], v[2 * count + i], v[3 * count + i]));
            }
        }
        return boxes;
    }

    private static List<Box> corners(List<OutputTensor> outputs, double least) {
        float[] corners = find(outputs, "box").values();
        float[] scores = find(outputs, "score").values();
        float[] kinds = outputs.stream()
                .filter(o -> o.name().contains("label") || o.name().contains("class"))
                .findFirst()
                .map(OutputTensor::values)
                .orElseGet(() -> new float[scores.length]);
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < scores.length && 4 * i + 3 < corners.length; i++) {
            if (scores[i] >= least) {
                int kind = i < kinds.length ? (int) kinds[i] : 0;
                boxes.add(new Box(
                        corners[4 * i], corners[4 * i + 1], corners[4 * i + 2], corners[4 * i + 3], kind, scores[i]));
            }
        }
        return boxes;
    }

    private static OutputTensor find(List<OutputTensor> outputs, String part) {
        return outputs.stream().filter(o -> o.name().contains(part)).findFirst().orElseThrow();
    }

    /** The kind a box most likely is. */
    private record Surest(int kind, float score) {

        /** @param sure factor of every kind's score */
        static Surest of(float[] values, int from, int step, int kinds, float sure) {
            int best = 0;
            for (int k = 1; k < kinds; k++) {
                if (values[from + k * step] > values[from + best * step]) {
                    best = k;
                }
            }
            return new Surest(best, sure * values[from + best * step]);
        }

        Box centred(float x, float y, float width, float height) {
            return new Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2, kind, score);
        }
    }
}
