package dev.detent.caffe;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TextFormat;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.NetParameter;
import dev.detent.caffe.proto.NetStateRule;
import dev.detent.caffe.proto.Phase;
import dev.detent.caffe.proto.V1LayerParameter;
import dev.detent.caffe.proto.V1LayerParameter.LayerType;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The text file that says the layers and the binary one that holds their weights, as protobuf messages. */
final class CaffeFiles {

    /** Layer types of the format before 2014 (V1LayerParameter) by today's names. */
    private static final Map<LayerType, String> V1_TYPES = Map.ofEntries(
            Map.entry(LayerType.ABSVAL, "AbsVal"),
            Map.entry(LayerType.ARGMAX, "ArgMax"),
            Map.entry(LayerType.BNLL, "BNLL"),
            Map.entry(LayerType.CONCAT, "Concat"),
            Map.entry(LayerType.CONVOLUTION, "Convolution"),
            Map.entry(LayerType.DECONVOLUTION, "Deconvolution"),
            Map.entry(LayerType.DROPOUT, "Dropout"),
            Map.entry(LayerType.ELTWISE, "Eltwise"),
            Map.entry(LayerType.EXP, "Exp"),
            Map.entry(LayerType.FLATTEN, "Flatten"),
            Map.entry(LayerType.INNER_PRODUCT, "InnerProduct"),
            Map.entry(LayerType.LRN, "LRN"),
            Map.entry(LayerType.MVN, "MVN"),
            Map.entry(LayerType.POOLING, "Pooling"),
            Map.entry(LayerType.POWER, "Power"),
            Map.entry(LayerType.RELU, "ReLU"),
            Map.entry(LayerType.SIGMOID, "Sigmoid"),
            Map.entry(LayerType.SILENCE, "Silence"),
            Map.entry(LayerType.SLICE, "Slice"),
            Map.entry(LayerType.SOFTMAX, "Softmax"),
            Map.entry(LayerType.SPLIT, "Split"),
            Map.entry(LayerType.TANH, "TanH"),
            Map.entry(LayerType.THRESHOLD, "Threshold"));

    private CaffeFiles() {}

    static NetParameter prototxt(Path file) {
        NetParameter.Builder net = NetParameter.newBuilder();
        try {
            TextFormat.getParser().merge(Files.readString(regular(file)), net);
        } catch (TextFormat.ParseException e) {
            throw new UserException(
                    CaffeProblems.NO_PROTOTXT,
                    "is no prototxt that Detent reads: " + e.getMessage()
                            + "; give the deploy.prototxt, without layers of training",
                    file.toString(),
                    e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        return net.build();
    }

    static NetParameter caffemodel(Path file) {
        try (InputStream in = Files.newInputStream(regular(file))) {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setSizeLimit(Integer.MAX_VALUE);
            return NetParameter.parseFrom(coded);
        } catch (InvalidProtocolBufferException e) {
            throw new UserException(
                    CaffeProblems.NO_CAFFEMODEL, "is not a caffemodel, or it is truncated", file.toString(), e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Reading a pipe waits for ever, reading a device never ends. */
    private static Path regular(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("it is a folder, a pipe or a device");
        }
        return file;
    }

    private static UserException unreadable(Path file, IOException e) {
        return Files.exists(file)
                ? new UserException(CaffeProblems.UNREADABLE, "cannot be read: " + e.getMessage(), file.toString(), e)
                : new UserException(CaffeProblems.UNREADABLE, "there is no such file", file.toString(), e);
    }

    /** Layers that run at inference, old ones in today's form. */
    static List<LayerParameter> layers(NetParameter net) {
        Stream<LayerParameter> old = net.getLayersList().stream().map(CaffeFiles::today);
        return Stream.concat(old, net.getLayerList().stream())
                .filter(CaffeFiles::isTested)
                .toList();
    }

    private static boolean isTested(LayerParameter layer) {
        boolean training = layer.hasPhase() && layer.getPhase() == Phase.TRAIN;
        boolean included =
                layer.getIncludeCount() == 0 || layer.getIncludeList().stream().anyMatch(CaffeFiles::meetsTest);
        return !training && included && layer.getExcludeList().stream().noneMatch(CaffeFiles::meetsTest);
    }

    private static boolean meetsTest(NetStateRule rule) {
        return (!rule.hasPhase() || rule.getPhase() == Phase.TEST) && rule.getStageCount() == 0;
    }

    private static LayerParameter today(V1LayerParameter old) {
        LayerParameter.Builder layer = LayerParameter.newBuilder();
        old.getAllFields().forEach((field, value) -> {
            FieldDescriptor now = LayerParameter.getDescriptor().findFieldByName(field.getName());
            if (now != null && !List.of("type", "param").contains(field.getName())) {
                layer.setField(now, value);
            }
        });
        return layer.setType(V1_TYPES.getOrDefault(old.getType(), old.getType().name()))
                .build();
    }

    /** Structure without weights, as people read it. */
    static String text(NetParameter net) {
        NetParameter.Builder bare = net.toBuilder();
        bare.getLayerBuilderList().forEach(LayerParameter.Builder::clearBlobs);
        return TextFormat.printer().escapingNonAscii(true).printToString(bare);
    }

    /** Weights by layer; what forks number differently stays out. */
    static byte[] binary(NetParameter net) {
        NetParameter.Builder all = net.toBuilder();
        all.getLayerBuilderList().forEach(l -> {
            l.clearPermuteParam().clearNormParam().clearInterpParam().clearUpsampleParam();
            if (l.hasPoolingParam()) {
                l.getPoolingParamBuilder().clearCeilMode();
            }
        });
        return all.build().toByteArray();
    }
}
