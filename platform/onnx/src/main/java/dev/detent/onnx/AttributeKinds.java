package dev.detent.onnx;

import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.AttributeProto.AttributeType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which type an attribute of ONNX's own operators has. Throughout the standard, opset 1 to 26, a name stands for one
 * type, whatever the operator, with four exceptions. Taken from {@code onnx.defs} of onnx 1.23.
 */
final class AttributeKinds {

    private static final Map<String, Set<AttributeType>> KINDS = kinds();

    private AttributeKinds() {}

    /** Whether an attribute has a type that its name does not stand for; a file of old need not give a type at all. */
    static boolean isOther(AttributeProto a) {
        Set<AttributeType> known = KINDS.get(a.getName());
        return known != null
                && a.getType() != AttributeType.UNDEFINED
                && a.getRefAttrName().isEmpty()
                && !known.contains(a.getType());
    }

    /** What an attribute of that name has to be, in lower case. */
    static String expected(String name) {
        return String.join(
                " or ",
                KINDS.getOrDefault(name, Set.of()).stream()
                        .map(t -> t.name().toLowerCase(java.util.Locale.ROOT))
                        .toList());
    }

    private static Map<String, Set<AttributeType>> kinds() {
        Map<String, Set<AttributeType>> kinds = new HashMap<>();
        put(kinds, "p", AttributeType.FLOAT, AttributeType.INT);
        put(kinds, "seed", AttributeType.FLOAT, AttributeType.INT);
        put(kinds, "to", AttributeType.INT, AttributeType.STRING);
        put(kinds, "value", AttributeType.TENSOR, AttributeType.FLOAT);
        put(kinds, """
                align_corners allowzero antialias axis batch_axis batch_dims block_size blocksize broadcast
                ceil_mode center_point_box chunk_size count_include_pad detect_negative detect_positive dtype
                end exclude_outside exclusive fmod group hidden_size ignore_index input_forget interleaved
                inverse is_case_sensitive is_causal is_test k keepdims kv_num_heads largest layout
                left_window_size linear_before_reset max_gram_length max_skip_count maxsplit min_gram_length
                new_axis noop_with_empty_axes num_groups num_heads num_outputs num_scan_inputs offset_group
                onesided output_datatype output_dtype output_height output_sequence output_width periodic
                precision q_num_heads qk_matmul_output_mode reverse right_window_size rotary_embedding_dim
                sample_size sampling_ratio saturate select_last_index size softmax_precision sorted spatial
                start stash_type storage_order time_axis training_mode transA transB upper value_int
                """, AttributeType.INT);
        put(kinds, """
                axes consumed_inputs dilations directions ends kernel_shape ngram_counts ngram_indexes
                output_padding output_shape paddings pads perm pool_int64s pooled_shape scan_input_axes
                scan_input_directions scan_output_axes scan_output_directions shape split starts strides
                value_ints
                """, AttributeType.INTS);
        put(kinds, """
                alpha beta bias clip cubic_coeff_a epsilon extrapolation_value gamma height_scale high lambd low
                max mean min momentum ratio scale softcap spatial_scale value_float width_scale
                """, AttributeType.FLOAT);
        put(kinds, """
                activation_alpha activation_beta scales value_floats weights
                """, AttributeType.FLOATS);
        put(kinds, """
                activation approximate auto_pad case_change_action coordinate_transformation_mode delimiter
                direction equation keep_aspect_ratio_policy locale mode nearest_mode padding_mode pattern
                pixel_format reduction round_mode update_rule value_string
                """, AttributeType.STRING);
        put(kinds, """
                activations pool_strings stopwords value_strings
                """, AttributeType.STRINGS);
        put(kinds, """
                body else_branch then_branch
                """, AttributeType.GRAPH);
        return kinds;
    }

    private static void put(Map<String, Set<AttributeType>> kinds, String names, AttributeType... types) {
        Arrays.stream(names.trim().split("\\s+")).forEach(n -> kinds.put(n, EnumSet.copyOf(Arrays.asList(types))));
    }
}
