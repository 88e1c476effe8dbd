package dev.detent.support.operator;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An operator of ONNX over a range of opsets: a row of {@link OperatorTable}.
 *
 * @param since first opset for which this holds
 * @param inputs by position; a repeated one stands last
 * @param layout how the weight lies, of operators that have one
 */
public record Operator(
        String opType,
        int since,
        List<Input> inputs,
        Count outputs,
        Optional<WeightLayout.Order> layout,
        Set<Trait> traits) {

    /** Any number. */
    public static final int MANY = Integer.MAX_VALUE;

    /** From least to most, {@link #MANY} for no limit. */
    public record Count(int least, int most) {}

    /** How often an input is there. */
    public enum Presence {
        /** Exactly one, always there. */
        REQUIRED,
        /** Required by the schema; exporters leave it out all the same, and ONNX Runtime takes that. */
        TOLERATED_ABSENT,
        /** One that may be left out. */
        OPTIONAL,
        /** The last input, repeated any number of times, also not at all. */
        ANY_NUMBER,
        /** The last input, repeated at least once. */
        ONE_OR_MORE;

        boolean isRepeated() {
            return this == ANY_NUMBER || this == ONE_OR_MORE;
        }
    }

    /** @param rank of a tensor that fits */
    public record Input(String name, Presence presence, InputRole role, Count rank) {}

    /** Copies the collections. */
    public Operator {
        inputs = List.copyOf(inputs);
        traits = Set.copyOf(traits);
    }

    /** The input at a position of a node; empty behind the last. */
    public Optional<Input> input(int index) {
        if (index < inputs.size()) {
            return Optional.of(inputs.get(index));
        }
        return isVariadic() ? Optional.of(inputs.get(inputs.size() - 1)) : Optional.empty();
    }

    /** Fewest and most inputs, counted as ONNX does: up to the last one that must be there. */
    public Count arity() {
        int least = 0;
        for (int i = 0; i < inputs.size(); i++) {
            least = switch (inputs.get(i).presence()) {
                case REQUIRED, TOLERATED_ABSENT, ONE_OR_MORE -> i + 1;
                case ANY_NUMBER -> i;
                case OPTIONAL -> least;
            };
        }
        return new Count(least, isVariadic() ? MANY : inputs.size());
    }

    private boolean isVariadic() {
        return !inputs.isEmpty() && inputs.get(inputs.size() - 1).presence().isRepeated();
    }
}
