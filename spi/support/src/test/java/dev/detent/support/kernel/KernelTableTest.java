package dev.detent.support.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.graph.Node;
import dev.detent.support.kernel.KernelTable.Kernel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelTableTest {

    @Test
    void itIsReadFromText() {
        KernelTable table = KernelTable.parse("inputs=Gemm, MatMul; all=Conv,Add;behind=Relu");
        assertThat(table.of(node("Add"))).contains(Kernel.ALL);
        assertThat(table.of(node("Conv"))).contains(Kernel.ALL);
        assertThat(table.of(node("Gemm"))).contains(Kernel.INPUTS);
        assertThat(table.of(node("MatMul"))).contains(Kernel.INPUTS);
        assertThat(table.of(node("Relu"))).contains(Kernel.BEHIND);
        assertThat(table.of(node("Sub"))).isEmpty();
    }

    @Test
    void anotherKindIsRefusedWithTheKindsThereAre() {
        assertThatThrownBy(() -> KernelTable.parse("all=Conv;some=Add"))
                .hasMessageContaining("some=Add")
                .hasMessageContaining("behind");
        assertThatThrownBy(() -> KernelTable.parse("Conv")).hasMessageContaining("'Conv' is no row");
    }

    private static Node node(String type) {
        return Node.of("n", type, List.of("x"), List.of("y"), Map.of());
    }
}
