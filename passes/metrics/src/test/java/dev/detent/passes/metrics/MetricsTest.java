package dev.detent.passes.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.detent.spi.evaluate.Metric;
import dev.detent.spi.evaluate.OutputTensor;
import dev.detent.spi.option.Options;
import dev.detent.spi.problem.UserException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsTest {

    private static final Options NONE = new Options(Map.of());

    /** Two boxes far apart, and a double of the first. */
    private static final OutputTensor TWO =
            rows(new float[] {10, 10, 8, 8, 0.9f, 1, 0}, new float[] {11, 10, 8, 8, 0.8f, 1, 0}, new float[] {
                50, 50, 10, 20, 0.7f, 0, 1
            });

    @Test
    void sameBoxesAreOne() {
        assertEquals(1, score(new BoxF1(), TWO, TWO));
        assertEquals(1, score(new BoxPrecision(), TWO, TWO));
    }

    /** One of two found, nothing false: precision 1, recall 1/2. */
    @Test
    void aLostBoxCosts() {
        OutputTensor one = rows(new float[] {10, 10, 8, 8, 0.9f, 1, 0}, new float[] {0, 0, 1, 1, 0, 0, 0}, new float[] {
            50, 50, 10, 20, 0.02f, 0, 1
        });
        assertEquals(2.0 / 3, score(new BoxF1(), TWO, one), 1e-12);
        assertEquals(0.5, score(new BoxPrecision(), TWO, one), 1e-12);
    }

    /** Another kind, or a place with less than half in common, is no hit. */
    @Test
    void kindAndPlaceMustFit() {
        OutputTensor other =
                rows(new float[] {10, 10, 8, 8, 0.9f, 0, 1}, new float[] {0, 0, 1, 1, 0, 0, 0}, new float[] {
                    56, 50, 10, 20, 0.7f, 0, 1
                });
        assertEquals(0, score(new BoxF1(), TWO, other));
    }

    @Test
    void withoutBoxesAllIsWell() {
        OutputTensor none = rows(new float[] {0, 0, 1, 1, 0, 0, 0});
        assertEquals(1, score(new BoxF1(), none, none));
        assertEquals(0, score(new BoxF1(), TWO, none));
        assertEquals(0, score(new BoxPrecision(), none, TWO));
    }

    /** YOLOX: the second cell of a 32-pixel input's grid of stride 8, centre and size in cells. */
    @Test
    void cellsOfYoloxBecomePixels() {
        float[] values = new float[21 * 7];
        System.arraycopy(new float[] {0.5f, 0.25f, 0, (float) Math.log(2), 0.8f, 0.1f, 0.9f}, 0, values, 7, 7);
        List<Box> boxes =
                BoxLayout.YOLOX.read(List.of(new OutputTensor("out", values, new long[] {1, 21, 7})), 0.3, "box-f1");
        assertEquals(List.of(new Box(8, -6, 16, 10, 1, 0.8f * 0.9f)), boxes);
    }

    /** YOLOv8 lies the other way round, and has no score of the box itself. */
    @Test
    void columnsOfYolov8AreBoxes() {
        float[] values = new float[6 * 7];
        float[] box = {20, 30, 4, 6, 0.2f, 0.6f};
        for (int i = 0; i < 6; i++) {
            values[i * 7 + 3] = box[i];
        }
        OutputTensor o = new OutputTensor("out", values, new long[] {1, 6, 7});
        assertEquals(BoxLayout.YOLOV8, BoxLayout.of("auto", List.of(o), "box-f1"));
        assertEquals(List.of(new Box(18, 27, 22, 33, 1, 0.6f)), BoxLayout.YOLOV8.read(List.of(o), 0.3, "box-f1"));
    }

    @Test
    void whatIsNoBoxesIsSaidSo() {
        OutputTensor logits = new OutputTensor("logits", new float[10], new long[] {1, 10});
        UserException e = assertThrows(UserException.class, () -> score(new BoxF1(), logits, logits));
        assertEquals("DT-MET-001", e.problems().get(0).id());
    }

    /** Rows without kinds would be read past their end. */
    @Test
    void aLayoutThatTheOutputsDoNotHaveIsSaidSo() {
        OutputTensor narrow = new OutputTensor("boxes", new float[8 * 5], new long[] {1, 8, 5});
        for (String layout : List.of("yolox", "yolov5", "yolov8", "corners")) {
            Options asked = new Options(Map.of("layout", layout));
            OutputTensor o =
                    layout.equals("yolov8") ? new OutputTensor("b", new float[32], new long[] {1, 4, 8}) : narrow;
            UserException e = assertThrows(
                    UserException.class, () -> new BoxPrecision().sample(List.of(o), List.of(o), asked), layout);
            assertEquals("DT-MET-001", e.problems().get(0).id());
            assertEquals("box-map", e.problems().get(0).where());
        }
    }

    @Test
    void cosineOfAQuarterTurnIsZero() {
        OutputTensor a = new OutputTensor("a", new float[] {1, 0}, new long[] {1, 2});
        OutputTensor b = new OutputTensor("a", new float[] {0, 3}, new long[] {1, 2});
        assertEquals(0, score(new Cosine(), a, b));
        assertEquals(1, score(new Cosine(), a, a));
    }

    /** Spearman goes by order alone; equal values share a rank. */
    @Test
    void ranks() {
        OutputTensor a = new OutputTensor("a", new float[] {1, 2, 3, 4}, new long[] {4});
        assertEquals(1, score(new RankCorrelation(), a, new OutputTensor("a", new float[] {1, 10, 11, 99}, new long[] {4
        })));
        assertEquals(-1, score(new RankCorrelation(), a, new OutputTensor("a", new float[] {9, 8, 7, 6}, new long[] {4
        })));
        assertEquals(
                Math.sqrt(0.8),
                score(new RankCorrelation(), a, new OutputTensor("a", new float[] {1, 1, 2, 2}, new long[] {4})),
                1e-12);
    }

    private static double score(Metric metric, OutputTensor reference, OutputTensor quantized) {
        return metric.value(List.of(metric.sample(List.of(reference), List.of(quantized), NONE)), NONE);
    }

    /** Seven values a row: more rows than columns, so that it is no YOLOv8. */
    private static OutputTensor rows(float[]... rows) {
        float[] values = new float[Math.max(8, rows.length) * 7];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, values, i * 7, 7);
        }
        return new OutputTensor("boxes", values, new long[] {1, values.length / 7, 7});
    }
}
