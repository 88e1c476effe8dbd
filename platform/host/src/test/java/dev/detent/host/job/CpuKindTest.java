package dev.detent.host.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CpuKindTest {

    @Test
    void theMachineIsAsked() {
        assertThat(CpuKind.of("amd64", "processor : 0\nflags\t\t: fpu sse avx2 avx512f avx512_vnni\n"))
                .isEqualTo(CpuKind.VNNI);
        assertThat(CpuKind.of("amd64", "flags\t\t: fpu avx2 avx_vnni\n")).isEqualTo(CpuKind.VNNI);
        assertThat(CpuKind.of("amd64", "flags\t\t: fpu avx avx2\n")).isEqualTo(CpuKind.AVX2);
        assertThat(CpuKind.of("amd64", "")).isEqualTo(CpuKind.ANY);
        assertThat(CpuKind.of("aarch64", "Features : fp asimd asimddp")).isEqualTo(CpuKind.ARM64);
    }

    @Test
    void onlyOnnxruntimeItselfIsMeant() {
        assertThat(CpuKind.VNNI.target("onnxruntime")).isEqualTo("onnxruntime-vnni");
        assertThat(CpuKind.ANY.target("onnxruntime")).isEqualTo("onnxruntime");
        assertThat(CpuKind.VNNI.target("onnxruntime-dynamic")).isEqualTo("onnxruntime-dynamic");
    }
}
