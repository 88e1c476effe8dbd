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

    /** The shortest decimal that gives the same float32 back; before Java 19 Float.toString was now and then longer. */
    public static BigDecimal number(float value) {
        BigDecimal shortest = new BigDecimal(Float.toString(value));
        for (int digits = shortest.precision() - 1; digits > 0; digits--) {
            BigDecimal rounded = shortest.round(new MathContext(digits));
            if (rounded.floatValue() != value) {
                break;
            }
            shortest = rounded;
        }
        return plain(shortest);
    }

    /** The shortest decimal that gives the same float64 back. */
    public static BigDecimal number(double value) {
        BigDecimal shortest = new BigDecimal(Double.toString(value));
        for (int digits = shortest.precision() - 1; digits > 0; digits--) {
            BigDecimal rounded = shortest.round(new MathContext(digits));
            if (rounded.doubleValue() != value) {
                break;
            }
            shortest = rounded;
        }
        return plain(shortest);
    }

    private static BigDecimal plain(BigDecimal d) {
        BigDecimal stripped = d.stripTrailingZeros();
        return stripped.scale() < 0 && stripped.scale() > -7 ? stripped.setScale(0) : stripped;
    }
}
