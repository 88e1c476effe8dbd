package dev.detent.spi.export;

import dev.detent.spi.Experimental;
import java.util.Map;
import java.util.Set;

/**
 * How {@link ExportContext#caffe} writes a network.
 *
 * @param extensions what the Caffe that will read it has beyond Caffe 1.0; anything else is put together from layers
 *     that every Caffe has, or refused
 * @param longestName of a layer or blob, in characters; longer names are shortened
 * @param suffixes of layers by node: such as {@code _hp}, by which NNIE's mapper knows a 16-bit layer
 */
@Experimental(since = "1.0")
public record CaffeOptions(Set<Extension> extensions, int longestName, Map<String, String> suffixes) {

    /** Layers and parameters of later Caffes and of forks. */
    public enum Extension {
        /** {@code Clip}, of Caffe's last version; without it a bound is made with ReLU, Power and Eltwise. */
        CLIP,
        /** {@code ReLU6}, of MobileNet's forks. */
        RELU6,
        /** {@code pooling_param.round_mode}, of Caffe's last version. */
        ROUND_MODE,
        /** {@code pooling_param.ceil_mode}, of many forks. */
        CEIL_MODE,
        /** {@code Permute}, of SSD. */
        PERMUTE,
        /** {@code Interp}, of DeepLab: linear, with aligned corners. */
        INTERP,
        /** {@code Upsample}: nearest neighbour. */
        UPSAMPLE
    }

    /** What OpenCV, MNN, tpu-mlir and NNIE read alike: Caffe 1.0 and SSD's Permute. */
    public static final CaffeOptions COMMON = new CaffeOptions(Set.of(Extension.PERMUTE), Integer.MAX_VALUE, Map.of());

    /** Copies the collections. */
    public CaffeOptions {
        extensions = Set.copyOf(extensions);
        suffixes = Map.copyOf(suffixes);
    }
}
