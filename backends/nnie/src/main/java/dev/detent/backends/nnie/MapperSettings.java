package dev.detent.backends.nnie;

import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import dev.detent.support.problem.SupportProblems;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The text of nnie_mapper's {@code .cfg}: one {@code [key] value} per line, with the vendor's defaults; what only the
 * user knows is named after the model.
 */
final class MapperSettings {

    private MapperSettings() {}

    /** @param table file with the clip values */
    static String of(QuantizedModel model, int bits, String table) {
        if (model.name().codePoints().anyMatch(Character::isISOControl)) {
            throw new UserException(
                    SupportProblems.NAME_NOT_IN_FORMAT,
                    "has a control character in its name, which nnie_mapper's .cfg cannot carry; rename the model's file",
                    model.name());
        }
        long channels = model.graph().inputs().stream()
                .findFirst()
                .flatMap(ValueInfo::staticShape)
                .filter(s -> s.length == 4)
                .map(s -> s[1])
                .orElse(0L);
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("prototxt_file", "./" + model.name() + ".prototxt");
        settings.put("caffemodel_file", "./" + model.name() + ".caffemodel");
        settings.put("batch_num", "256");
        settings.put("net_type", "0");
        settings.put("sparse_rate", "0");
        settings.put("compile_mode", bits == 16 ? "1" : "0");
        settings.put("is_simulation", "0");
        settings.put("log_level", "2");
        settings.put("instruction_name", "./" + model.name());
        settings.put("RGB_order", "BGR");
        settings.put("data_scale", "0.0039062");
        settings.put("internal_stride", "16");
        settings.put("image_list", "./" + model.name() + ".images.txt");
        settings.put("image_type", channels == 1 || channels == 3 ? "1" : "0");
        settings.put("mean_file", "null");
        settings.put("norm_type", "3");
        settings.put("gfpq_param_file", "./" + table);
        StringBuilder text = new StringBuilder();
        settings.forEach(
                (k, v) -> text.append('[').append(k).append("] ").append(v).append('\n'));
        return text.toString();
    }
}
