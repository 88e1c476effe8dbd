package dev.detent.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Puts tensors that lie in blocks of channels ({@link NchwcLayout}) in C order. Holds a session for each number of
 * channels it has met. Thread-safe.
 */
final class BlockedOrder implements AutoCloseable {

    private final Map<Integer, OrtSession> byChannels = new ConcurrentHashMap<>();

    /** Writes the values of a blocked tensor in C order. */
    void putInOrder(OnnxTensor blocked, int channels, OnnxTensor plain) throws OrtException {
        byChannels
                .computeIfAbsent(
                        channels, c -> OrtRuntime.session(NchwcLayout.reorder(c), OrtOptimizationLevel.ASIS, "reorder"))
                .run(Map.of(NchwcLayout.NATIVE, blocked), Set.of(), Map.of(NchwcLayout.PLAIN, plain))
                .close();
    }

    @Override
    public void close() {
        byChannels.values().forEach(OrtRuntime::close);
        byChannels.clear();
    }
}
