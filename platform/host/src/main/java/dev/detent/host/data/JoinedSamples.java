package dev.detent.host.data;

import dev.detent.host.problem.DataProblems;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Samples whose inputs come from a source each; sample {@code i} joins the {@code i}th tensors.
 *
 * @param size of every source
 * @param first the source after which samples are called
 */
record JoinedSamples(Map<String, InputSource> sources, int size, InputSource first) implements Samples {

    /** Refuses sources that lack an input of the model or differ in how many samples they have. */
    static JoinedSamples of(Graph graph, Map<String, InputSource> sources, String where) {
        for (ValueInfo i : graph.inputs()) {
            if (!sources.containsKey(i.name())) {
                throw new UserException(
                        DataProblems.INPUT_MISSING, "lacks the model's input '" + i.name() + "'", where);
            }
        }
        if (sources.isEmpty()) {
            throw new UserException(DataProblems.NO_INPUTS, "is data for a model that has no inputs", where);
        }
        InputSource first = sources.values().iterator().next();
        sources.forEach((name, s) -> {
            if (s.size() != first.size()) {
                throw new UserException(
                        DataProblems.COUNTS_DIFFER,
                        "has " + s.size() + " samples for '" + name + "' and " + first.size() + " for another input",
                        where);
            }
        });
        return new JoinedSamples(sources, first.size(), first);
    }

    @Override
    public Sample get(int index) {
        Map<String, Sample.Input> values = new LinkedHashMap<>();
        sources.forEach((name, s) -> values.put(name, s.get(index)));
        return new Sample(values);
    }

    @Override
    public String describe(int index) {
        return first.describe(index);
    }
}
