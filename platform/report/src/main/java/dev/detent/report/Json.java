package dev.detent.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.math.BigDecimal;
import java.math.MathContext;

/** JSON with stable bytes: insertion order, and numbers that do not depend on the JDK's own float printing. */
public final class Json {

    private static final Gson PRETTY = builder().setPrettyPrinting().create();
    private static final Gson COMPACT = builder().create();

    private Json() {}

    private static GsonBuilder builder() {
        return new GsonBuilder().disableHtmlEscaping().serializeNulls()
                .registerTypeAdapter(Float.class, (JsonSerializer<Float>) (v, t, c) -> new JsonPrimitive(number(v)))
                .registerTypeAdapter(Double.class, (JsonSerializer<Double>) (v, t, c) -> new JsonPrimitive(number(v)));
    }

    /** Indented, with a final newline. */
    public static String pretty(Object value) {
        return PRETTY.toJson(value) + "\n";
    }

    /** On one line, without a newline. */
    public static String compact(Object value) {
        return COMPACT.toJson(value);
    }

    /** The shortest decimal that gives the same float32 back. */
    public static BigDecimal number(float value) {
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; digits < 9; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.floatValue() == value) {
                return plain(rounded);
            }
        }
        return plain(exact.round(new MathContext(9)));
    }

    /** The shortest decimal that gives the same float64 back. */
    public static BigDecimal number(double value) {
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; digits < 17; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.doubleValue() == value) {
                return plain(rounded);
            }
        }
        return plain(exact.round(new MathContext(17)));
    }

    private static BigDecimal plain(BigDecimal d) {
        BigDecimal stripped = d.stripTrailingZeros();
        return stripped.scale() < 0 && stripped.scale() > -7 ? stripped.setScale(0) : stripped;
    }
}
