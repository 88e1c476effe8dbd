package dev.detent.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.UnsafeByteOperations;
import dev.detent.onnx.proto.AttributeProto;
import dev.detent.onnx.proto.GraphProto;
import dev.detent.onnx.proto.ModelProto;
import dev.detent.onnx.proto.NodeProto;
import dev.detent.onnx.proto.StringStringEntryProto;
import dev.detent.onnx.proto.TensorProto;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The files beside a model that hold its weights, without reading them. */
public final class ExternalDataFiles {

    private ExternalDataFiles() {}

    /** Empty also for a file that is no model: {@link OnnxReader} says what is wrong with it. */
    public static Set<Path> of(Path model) {
        Set<Path> files = new TreeSet<>();
        if (!Files.isRegularFile(model)) {
            return files;
        }
        try (FileChannel channel = FileChannel.open(model, StandardOpenOption.READ)) {
            if (channel.size() > Integer.MAX_VALUE) {
                return files;
            }
            ByteString bytes =
                    UnsafeByteOperations.unsafeWrap(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
            CodedInputStream in = bytes.newCodedInput();
            in.enableAliasing(true);
            in.setSizeLimit(Integer.MAX_VALUE);
            collect(
                    ModelProto.parseFrom(in).getGraph(),
                    Objects.requireNonNull(model.toAbsolutePath().getParent()),
                    files);
        } catch (IOException e) {
            // OnnxReader will not get further.
            return files;
        }
        return files;
    }

    private static void collect(GraphProto graph, Path folder, Set<Path> files) {
        graph.getInitializerList().forEach(t -> collect(t, folder, files));
        for (NodeProto n : graph.getNodeList()) {
            for (AttributeProto a : n.getAttributeList()) {
                collect(a.getT(), folder, files);
                a.getTensorsList().forEach(t -> collect(t, folder, files));
                if (a.hasG()) {
                    collect(a.getG(), folder, files);
                }
                a.getGraphsList().forEach(g -> collect(g, folder, files));
            }
        }
    }

    private static void collect(TensorProto tensor, Path folder, Set<Path> files) {
        for (StringStringEntryProto e : tensor.getExternalDataList()) {
            if (e.getKey().equals("location")) {
                try {
                    files.add(folder.resolve(e.getValue()).normalize());
                } catch (InvalidPathException x) {
                    // Refused where it is read.
                }
            }
        }
    }
}
