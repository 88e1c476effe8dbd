package dev.detent.host.plugin;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a target may be called: its id names a folder of results and stands in lists with commas. */
public final class TargetIds {

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_:-][A-Za-z0-9._:-]*");

    private TargetIds() {}

    /**
     * What is wrong with an id, as a sentence; empty when nothing is.
     *
     * @param others ids of other targets; the same one again is not looked at here
     */
    static Optional<String> fault(String id, Collection<String> others) {
        if (!ID.matcher(id).matches()) {
            return Optional.of("calls a target '" + id.replaceAll("\\p{Cntrl}", "?")
                    + "'; an id has letters, digits and . _ : - only and does not begin with a dot");
        }
        return others.stream()
                .filter(o -> !o.equals(id) && folder(o).equals(folder(id)))
                .findFirst()
                .map(o -> "calls a target '" + id + "', whose results would lie in the folder of target '" + o + "'");
    }

    /** The name of the folder that a target's results lie in, among others. */
    public static String folderOf(String id) {
        return id.replace(':', '.');
    }

    /** Some file systems do not tell capitals apart. */
    private static String folder(String id) {
        return folderOf(id).toLowerCase(Locale.ROOT);
    }
}
