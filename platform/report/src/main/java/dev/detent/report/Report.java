package dev.detent.report;

import java.util.List;
import java.util.Map;

/**
 * What a person should know about a finished run, ready to be shown.
 *
 * @param verdict how good it is, in a sentence
 * @param remarks what to act on and what may interest
 * @param cards the few figures that come first: label to value
 * @param tables accuracy first, then what else belongs on the first page
 * @param provenance what it was made from and how
 * @param explorer layers, tensors and the network, for the script of the page; see {@code report.js}
 */
public record Report(
        String title,
        Verdict verdict,
        Remarks remarks,
        Map<String, String> cards,
        List<TablePage.Table> tables,
        Provenance provenance,
        Map<String, Object> explorer) {

    /** How good. */
    public enum Grade {
        /** Nothing to do. */
        GOOD,
        /** May do. */
        FAIR,
        /** Not to be used as it is. */
        POOR,
        /** Not known. */
        UNKNOWN
    }

    /** @param next what to do now, best first */
    public record Verdict(Grade grade, String sentence, List<Advice> next) {}

    /** @param option to type; empty when the text says all */
    public record Advice(String text, String option) {}

    /**
     * @param problems what the person should act on
     * @param notes what may interest them
     */
    public record Remarks(List<String> problems, List<String> notes) {}

    /**
     * @param facts label to value, in order: model, target, data, versions
     * @param plan steps with their reasons
     * @param files names and sizes of what was written
     */
    public record Provenance(Map<String, String> facts, List<List<String>> plan, List<List<String>> files) {}
}
