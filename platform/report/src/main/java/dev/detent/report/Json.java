package dev.detent.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** JSON with stable bytes: insertion order, and numbers that do not depend on the JDK's own float printing. */
public final class Json {

    private static final Gson PRETTY = builder().setPrettyPrinting().create();
    private static final Gson COMPACT = builder().create();

    /** Powers of ten that a double holds exactly. */
    private static final double[] POWERS = IntStream.rangeClosed(0, 22)
            .mapToDouble(i -> Double.parseDouble("1e" + i))
            .toArray();

    private Json() {}

    private static GsonBuilder builder() {
        return new GsonBuilder()
                .disableHtmlEscaping()
                .serializeNulls()
                .registerTypeAdapter(Float.class, (JsonSerializer<Float>) (v, t, c) -> new JsonPrimitive(number(v)))
                .registerTypeAdapter(Double.class, (JsonSerializer<Double>) (v, t, c) -> new JsonPrimitive(number(v)));
    }

    /** Indented, with a final newline. */
    public static String pretty(Object value) {
        return PRETTY.toJson(value) + "\n";
    }

    /** The same, without holding the text. */
    public static void pretty(Object value, Appendable to) throws IOException {
        PRETTY.toJson(value, to);
        to.append('\n');
    }

    /** On one line, without a newline. */
    public static String compact(Object value) {
        return COMPACT.toJson(value);
    }

    /** The shortest decimal that gives the same float32 back; before Java 19 Float.toString was now and then longer. */
    public static BigDecimal number(float value) {
        if (value == (int) value && Math.abs(value) < 1 << 24) {
            return plain(BigDecimal.valueOf((int) value));
        }
        BigDecimal near = nearest(value);
        if (near != null) {
            return plain(near);
        }
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

    /**
     * The same without a detour over text: the decimal of fewest digits that lies within half a unit in the last place.
     * Null for extreme magnitudes, where powers of ten are not exact.
     */
    private static @Nullable BigDecimal nearest(float value) {
        double exact = Math.abs((double) value);
        if (exact < 1e-12 || exact > 1e12) {
            return null;
        }
        double above = 0.5 * Math.ulp(value);
        // Below a power of two floats lie twice as near.
        double below = (Float.floatToRawIntBits(value) & 0x7fffff) == 0 ? above / 2 : above;
        int magnitude = (int) Math.floor(Math.log10(exact));
        for (int digits = 1; digits <= 9; digits++) {
            int scale = digits - 1 - magnitude;
            double power = POWERS[Math.abs(scale)];
            double coefficient = Math.rint(scale < 0 ? exact / power : exact * power);
            double off = (scale < 0 ? coefficient * power : coefficient / power) - exact;
            double used = off < 0 ? -off / below : off / above;
            if (used < 1.001) {
                BigDecimal decimal = BigDecimal.valueOf((long) Math.copySign(coefficient, value), scale);
                if (used < 0.999 || decimal.floatValue() == value) {
                    return decimal;
                }
            }
        }
        return null;
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
