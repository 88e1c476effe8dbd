package dev.detent.host.artifact;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file as records list it.
 *
 * @param name relative to the record's folder, with slashes; an input's last name
 * @param sha256 of its bytes, in hexadecimal
 */
public record FileDigest(String name, String sha256) {

    /** The object that stands for it in JSON. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("file", name);
        json.put("sha256", sha256);
        return json;
    }

    /** Back from {@link #toJson}. */
    public static FileDigest of(JsonObject json) {
        return new FileDigest(json.get("file").getAsString(), json.get("sha256").getAsString());
    }

    /** All files that a record lists, of a run for one target or several. */
    public static List<FileDigest> listed(JsonObject record) {
        return record.getAsJsonArray("files").asList().stream()
                .map(e -> of(e.getAsJsonObject()))
                .toList();
    }
}
