package dev.detent.host.data;

import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A folder with an {@code .npz} for every sample. */
record NpzFolder(List<Path> files, NpzFile.Inputs inputs) implements Samples {

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Sample get(int index) {
        String file = describe(index);
        Map<String, Sample.Input> values = new LinkedHashMap<>();
        NpzFile.read(
                        files.get(index),
                        (name, header, where) -> inputs.named(name, file).requireShape(header.shape(), where))
                .forEach((name, array) ->
                        values.put(name, inputs.named(name, file).convert(array, file)));
        return new Sample(values);
    }

    @Override
    public String describe(int index) {
        return files.get(index).toString();
    }
}
