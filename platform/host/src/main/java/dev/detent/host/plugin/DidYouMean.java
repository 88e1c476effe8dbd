package dev.detent.host.plugin;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** "Did you mean": the known name nearest to a mistyped one. */
public final class DidYouMean {

    private DidYouMean() {}

    /** {@code ", did you mean 'x'?"} or nothing when no name is near. */
    public static String among(String typed, Collection<String> known) {
        String best = "";
        int least = Math.max(2, typed.length() / 3) + 1;
        for (String k : known) {
            int d = distance(typed.toLowerCase(Locale.ROOT), k.toLowerCase(Locale.ROOT));
            if (d < least || d == least && !best.isEmpty() && k.compareTo(best) < 0) {
                least = d;
                best = k;
            }
        }
        return best.isEmpty() ? "" : ", did you mean '" + best + "'?";
    }

    /** The known names nearest to a mistyped one, the nearest first. */
    public static List<String> nearest(String typed, Collection<String> known, int count) {
        return known.stream()
                .sorted(Comparator.comparingInt((String k) -> distance(typed, k))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(count)
                .toList();
    }

    /** Levenshtein distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
