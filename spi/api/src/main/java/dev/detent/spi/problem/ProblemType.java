package dev.detent.spi.problem;

import dev.detent.spi.Stable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A kind of problem: what {@code detent explain ID} prints and {@code docs/problems.md} lists. A {@link Problem} is one
 * occurrence of it, with a sentence that names the file, tensor or plugin.
 *
 * <p>Kinds are {@code static final} constants of a {@link ProblemCatalog}, never made where a problem is told.
 *
 * @param id stable and unique over Detent and all its plugins, e.g. {@code DT-PLG-003}: capitals, hyphens, and three
 *     digits at the end; the number never changes its meaning
 * @param title what is wrong, without names, as a headline
 * @param cause how it comes to this, in one or two sentences
 * @param wayOut what a person can do, in one or two sentences
 */
@Stable(since = "1.0")
public record ProblemType(String id, String title, String cause, String wayOut) {

    private static final Pattern ID = Pattern.compile("[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\\d{3}");

    /** Refuses an id of another form and empty texts. */
    public ProblemType {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("a problem's id looks like DT-PLG-003, not '" + id + "'");
        }
        if (title.isBlank() || cause.isBlank() || wayOut.isBlank()) {
            throw new IllegalArgumentException(id + " lacks its title, its cause or its way out");
        }
    }

    /** The constants of a class, sorted by id. */
    static List<ProblemType> constantsOf(Class<?> catalog) {
        List<ProblemType> types = new ArrayList<>();
        for (Field f : catalog.getDeclaredFields()) {
            if (Modifier.isStatic(f.getModifiers()) && f.getType() == ProblemType.class) {
                try {
                    f.setAccessible(true);
                    types.add((ProblemType) f.get(null));
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        types.sort(Comparator.comparing(ProblemType::id));
        return List.copyOf(types);
    }
}
