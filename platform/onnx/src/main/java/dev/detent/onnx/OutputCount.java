package dev.detent.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many outputs a model file has, found without reading its weights. */
public final class OutputCount {

    private OutputCount() {}

    /** Zero for what is no model; whoever reads it says so. */
    public static int of(Path file) {
        int count = 0;
        try (InputStream in = Files.newInputStream(file)) {
            CodedInputStream model = CodedInputStream.newInstance(in);
            model.setSizeLimit(Integer.MAX_VALUE);
            for (int tag = model.readTag(); tag != 0; tag = model.readTag()) {
                if (WireFormat.getTagFieldNumber(tag) != ModelProto.GRAPH_FIELD_NUMBER) {
                    model.skipField(tag);
                    continue;
                }
                int outer = model.pushLimit(model.readRawVarint32());
                for (int field = model.readTag(); field != 0; field = model.readTag()) {
                    if (WireFormat.getTagFieldNumber(field) == GraphProto.OUTPUT_FIELD_NUMBER) {
                        count++;
                    }
                    model.skipField(field);
                }
                model.popLimit(outer);
            }
            return count;
        } catch (IOException e) {
            return 0;
        }
    }
}
