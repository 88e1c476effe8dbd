package dev.detent.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * ONNX Runtime's record of what the kernels of a model took in a few runs of one sample.
 *
 * @param runs how many runs it tells of
 * @param events one for each node of each run
 * @param isWhole whether the record was written to its end: ONNX Runtime does not say when the disk was full
 */
public record KernelProfile(int runs, List<Event> events, boolean isWhole) {

    /**
     * One kernel in one run.
     *
     * @param node that it computes
     * @param kernel its type, e.g. {@code QLinearConv} or {@code FusedConv}
     */
    public record Event(String node, String kernel, long micros) {}

    /** An event stands on a line of its own; names are written raw, so no JSON parser reads those with quotes. */
    private static final Pattern EVENT = Pattern.compile(
            "\"dur\"\\s*:\\s*(\\d+).*?\"name\"\\s*:\\s*\"(.*?)_kernel_time\".*\"op_name\"\\s*:\\s*\"(.*?)\"");

    public KernelProfile {
        events = List.copyOf(events);
    }

    /** @param text in Chrome's trace format, as ONNX Runtime 1.28 writes it */
    public static KernelProfile parse(String text, int runs) {
        List<Event> events = new ArrayList<>();
        text.lines().forEach(line -> {
            Matcher m = EVENT.matcher(line);
            if (m.find()) {
                events.add(new Event(m.group(2), m.group(3), Long.parseLong(m.group(1))));
            }
        });
        return new KernelProfile(runs, events, text.stripTrailing().endsWith("]"));
    }
}
