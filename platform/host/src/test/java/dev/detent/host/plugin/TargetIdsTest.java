package dev.detent.host.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetIdsTest {

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "../../evil", "a/b", "/abs", ".hidden", "..", "a,b", "a\nb", "ü", "a\\b"})
    void idsThatAreRefused(String id) {
        assertThat(TargetIds.fault(id, List.of()).orElseThrow()).doesNotContain("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"onnxruntime-int4", "ppq:TRT_INT8", "a.b", "8bit"})
    void idsThatAreFine(String id) {
        assertThat(TargetIds.fault(id, List.of("other", id))).isEmpty();
        assertThat(TargetIds.fault(id.replace(':', '.'), List.of(id)).isPresent())
                .isEqualTo(id.contains(":"));
    }
}
