package dev.detent.host.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * CPUs that ONNX Runtime has integer kernels of their own for. x64 ones with VNNI add products in 32 bits, so weights
 * may use all of their 8 bits; others add two of them in 16 bits and want weights with room for that; Arm's want signed
 * activations.
 */
public enum CpuKind {
    /** Sums fit everywhere. */
    ANY("onnxruntime", "any CPU; on x64 with VNNI, weights over all of their range lose 1 to 6 dB less (--cpu vnni)"),
    AVX2("onnxruntime", "x64 without VNNI, and right on any other CPU"),
    VNNI("onnxruntime-vnni", "x64 with VNNI; on x64 without it the integer sums overflow (--cpu any)"),
    ARM64("onnxruntime-arm64", "Arm; on x64 it is right, but slower (--cpu any)");

    private static final String ASKS = "onnxruntime";

    private final String target;
    private final String madeFor;

    CpuKind(String target, String madeFor) {
        this.target = target;
        this.madeFor = madeFor;
    }

    /** Words of a person. */
    public static List<String> names() {
        return Arrays.stream(values()).map(CpuKind::word).toList();
    }

    /** What a person types for it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The target that is meant where {@code onnxruntime} is asked for; every other one as it is. */
    public String target(String id) {
        return id.equals(ASKS) ? target : id;
    }

    /** What the file is made for, and what it would lose elsewhere. */
    public String madeFor() {
        return madeFor;
    }

    /** The machine that this runs on; ANY where it does not say. */
    public static CpuKind ofThisMachine() {
        Path info = Path.of("/proc/cpuinfo");
        try {
            return of(System.getProperty("os.arch", ""), Files.isReadable(info) ? Files.readString(info) : "");
        } catch (IOException e) {
            return ANY;
        }
    }

    /**
     * @param architecture as Java calls it
     * @param cpuinfo what Linux says of its CPUs; empty elsewhere
     */
    static CpuKind of(String architecture, String cpuinfo) {
        if (architecture.equals("aarch64")) {
            return ARM64;
        }
        List<String> flags = cpuinfo.lines()
                .filter(l -> l.startsWith("flags"))
                .findFirst()
                .map(l -> List.of(l.substring(l.indexOf(':') + 1).strip().split(" +")))
                .orElse(List.of());
        return flags.contains("avx512_vnni") || flags.contains("avx_vnni") ? VNNI : flags.contains("avx2") ? AVX2 : ANY;
    }
}
