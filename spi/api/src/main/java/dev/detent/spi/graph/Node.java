package dev.detent.spi.graph;

import dev.detent.spi.Stable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * One operator call. Immutable; a changed node is a new one with the same name, put in place by
 * {@link GraphEditor#replace}.
 *
 * @param name unique in its graph (the reader names nameless nodes)
 * @param domain operator domain, {@code ""} for ONNX's own
 * @param opType operator type, e.g. {@code Conv}
 * @param inputs value names by position; {@code ""} where an optional input is absent
 * @param outputs value names by position; {@code ""} where an optional output is not wanted
 * @param attributes by name, in file order
 */
@Stable(since = "1.0")
public record Node(
        String name,
        String domain,
        String opType,
        List<String> inputs,
        List<String> outputs,
        Map<String, Attribute> attributes,
        UnmodeledProto opaque) {

    /** Copies the collections; the domain {@code ai.onnx} becomes {@code ""}. */
    public Node {
        domain = domain.equals("ai.onnx") ? "" : domain;
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    }

    /**
     * A node of ONNX's own domain. Its attributes are put in order of their names: {@code Map.of} has another order in
     * every process.
     */
    public static Node of(
            String name, String opType, List<String> inputs, List<String> outputs, Map<String, Attribute> attributes) {
        return new Node(name, "", opType, inputs, outputs, new TreeMap<>(attributes), UnmodeledProto.NONE);
    }

    /** An operator of ONNX's own domain and one of these types. */
    public boolean is(String... opTypes) {
        return domain.isEmpty() && List.of(opTypes).contains(opType);
    }

    /** An operator of ONNX's own domain and one of these types. */
    public boolean isOneOf(Set<String> opTypes) {
        return domain.isEmpty() && opTypes.contains(opType);
    }

    /** The value at this input, or {@code ""} when it is absent. */
    public String input(int index) {
        return index < inputs.size() ? inputs.get(index) : "";
    }

    /** The input is there: neither left out at the end nor empty. */
    public boolean hasInput(int index) {
        return !input(index).isEmpty();
    }

    /** The value at this output, or {@code ""} when it is absent. */
    public String output(int index) {
        return index < outputs.size() ? outputs.get(index) : "";
    }

    /** The attribute of a name as it stands in the file; defaults of the operator are not filled in. */
    public Optional<Attribute> attribute(String attribute) {
        return Optional.ofNullable(attributes.get(attribute));
    }

    /** A whole number, or {@code otherwise} when the attribute is absent or of another type. */
    public long intAttribute(String attribute, long otherwise) {
        return attributes.get(attribute) instanceof Attribute.IntValue i ? i.value() : otherwise;
    }

    /** A float, or {@code otherwise} when the attribute is absent or of another type. */
    public float floatAttribute(String attribute, float otherwise) {
        return attributes.get(attribute) instanceof Attribute.FloatValue f ? f.value() : otherwise;
    }

    /** A text, or {@code otherwise} when the attribute is absent or of another type. */
    public String stringAttribute(String attribute, String otherwise) {
        return attributes.get(attribute) instanceof Attribute.StringValue s ? s.value() : otherwise;
    }

    /** Whole numbers, or {@code otherwise} when the attribute is absent or of another type. */
    public List<Long> intsAttribute(String attribute, List<Long> otherwise) {
        return attributes.get(attribute) instanceof Attribute.Ints i ? i.values() : otherwise;
    }

    /** Carries a graph of its own (If, Loop, Scan). */
    public boolean hasSubgraph() {
        return attributes.values().stream().anyMatch(Attribute.Subgraph.class::isInstance);
    }

    /** Outer values that this node's subgraphs read. */
    public List<String> capturedValues() {
        List<String> captured = new ArrayList<>();
        for (Attribute a : attributes.values()) {
            if (a instanceof Attribute.Subgraph s) {
                captured.addAll(s.captured());
            }
        }
        return captured;
    }

    /** The same node with other inputs. */
    public Node withInputs(List<String> newInputs) {
        return new Node(name, domain, opType, newInputs, outputs, attributes, opaque);
    }

    /** The same node with another value at an input; positions in between become absent. */
    public Node withInput(int index, String value) {
        List<String> changed = new ArrayList<>(inputs);
        while (changed.size() <= index) {
            changed.add("");
        }
        changed.set(index, value);
        return withInputs(changed);
    }

    /** The same node with other outputs. */
    public Node withOutputs(List<String> newOutputs) {
        return new Node(name, domain, opType, inputs, newOutputs, attributes, opaque);
    }

    /**
     * The same node with another value at an output.
     *
     * @throws IndexOutOfBoundsException when it has no such output
     */
    public Node withOutput(int index, String value) {
        List<String> changed = new ArrayList<>(outputs);
        changed.set(index, value);
        return withOutputs(changed);
    }

    /** The same node with an attribute set. */
    public Node withAttribute(String attribute, Attribute value) {
        Map<String, Attribute> changed = new LinkedHashMap<>(attributes);
        changed.put(attribute, value);
        return new Node(name, domain, opType, inputs, outputs, changed, opaque);
    }

    /** The same node without an attribute. */
    public Node withoutAttribute(String attribute) {
        Map<String, Attribute> changed = new LinkedHashMap<>(attributes);
        changed.remove(attribute);
        return new Node(name, domain, opType, inputs, outputs, changed, opaque);
    }

    /** The same call elsewhere, under another name and with other names for its values; absent ones stay absent. */
    public Node renamed(String newName, UnaryOperator<String> values) {
        UnaryOperator<String> present = v -> v.isEmpty() ? v : values.apply(v);
        return new Node(
                newName,
                domain,
                opType,
                inputs.stream().map(present).toList(),
                outputs.stream().map(present).toList(),
                attributes,
                opaque);
    }

    /** The same node as another operator. */
    public Node withOpType(String newDomain, String newOpType) {
        return new Node(name, newDomain, newOpType, inputs, outputs, attributes, opaque);
    }

    /** Names are unique in a graph; a hash over all of a node would look into its attributes each time. */
    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return opType + " '" + name + "'";
    }
}
