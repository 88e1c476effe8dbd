package dev.detent.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.spi.graph.Attribute;
import dev.detent.spi.graph.Node;
import dev.detent.spi.graph.UnmodeledProto;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BranchesTest {

    private static AttributeProto.Builder branch(String name, NodeProto.Builder... nodes) {
        GraphProto.Builder g = GraphProto.newBuilder();
        List.of(nodes).forEach(g::addNode);
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(g);
    }

    private static NodeProto.Builder node(String type) {
        return NodeProto.newBuilder().setOpType(type);
    }

    private static Node choice(AttributeProto.Builder branch) {
        Attribute a = new Attribute.Subgraph(
                List.of(), new UnmodeledProto(branch.build().toByteArray()));
        return Node.of("choice", "If", List.of("c"), List.of("y"), Map.of(branch.getName(), a));
    }

    @Test
    void whatIsHeavyIsCountedInBranchesOfBranchesToo() {
        NodeProto.Builder inner = node("If").addAttribute(branch("else_branch", node("MatMul"), node("Add")));
        assertThat(Branches.inFloat(choice(branch("then_branch", node("Conv"), node("Conv"), inner))))
                .isEqualTo("its branch 'then_branch' is computed as it is, with 2 Conv, 1 MatMul in float");
    }

    @Test
    void nothingIsSaidOfBranchesThatOnlyMoveData() {
        assertThat(Branches.inFloat(choice(branch("then_branch", node("Identity")))))
                .isEmpty();
        assertThat(Branches.inFloat(Node.of("r", "Relu", List.of("x"), List.of("y"), Map.of())))
                .isEmpty();
    }
}
