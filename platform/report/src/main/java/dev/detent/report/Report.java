package dev.detent.report;

import java.util.List;
import java.util.Map;

/**
 * What a person should know about a finished run, ready to be shown.
 *
 * @param facts label to value, in order: model, target, data, versions
 * @param scores rows of model, top-1, agreement, SNR as text; empty when nothing was evaluated
 * @param layers accumulated error per weighted layer, in network order
 * @param states state name to number of configs
 * @param plan steps with their reasons
 * @param problems what the person should act on
 * @param notes what may interest them
 * @param files names and sizes of what was written
 */
public record Report(
        String title,
        Map<String, String> facts,
        List<List<String>> scores,
        List<Layer> layers,
        Map<String, Integer> states,
        List<List<String>> plan,
        List<String> problems,
        List<String> notes,
        List<List<String>> files) {

    /** @param snr in dB, capped at 99 */
    public record Layer(String node, String opType, double snr) {}
}
