package dev.detent.host.artifact;

import java.util.LinkedHashMap;
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
}
