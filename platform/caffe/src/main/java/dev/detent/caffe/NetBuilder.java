package dev.detent.caffe;

import dev.detent.caffe.proto.BlobShape;
import dev.detent.caffe.proto.InputParameter;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.NetParameter;
import dev.detent.caffe.proto.PowerParameter;
import dev.detent.spi.export.CaffeNames;
import dev.detent.spi.export.CaffeOptions;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.spi.problem.UserException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The network that grows while a graph is written: layers, names, and which blob holds which value. */
final class NetBuilder {

    private final Graph graph;
    private final CaffeOptions options;
    private final NetParameter.Builder net;
    private final Map<String, String> layers = new LinkedHashMap<>();
    private final Map<String, String> blobs = new LinkedHashMap<>();
    private final Set<String> layerNames = new HashSet<>();
    private final Set<String> blobNames = new HashSet<>();

    NetBuilder(Graph graph, CaffeOptions options, String name) {
        this.graph = graph;
        this.options = options;
        this.net = NetParameter.newBuilder().setName(name);
    }

    boolean has(CaffeOptions.Extension extension) {
        return options.extensions().contains(extension);
    }

    long[] shape(String value) {
        return constant(value)
                .map(Tensor::dims)
                .or(() -> graph.valueInfo(value).flatMap(ValueInfo::staticShape))
                .orElseThrow(() -> new UserException(
                        CaffeProblems.NO_FIXED_SHAPE,
                        "has no fixed shape, which every blob of Caffe has; give the model inputs of fixed height and width",
                        value));
    }

    Optional<Tensor> constant(String value) {
        return graph.initializer(value);
    }

    /** How often a value is read, outputs of the graph counted. */
    int uses(String value) {
        return graph.uses(value).size() + (graph.isOutput(value) ? 1 : 0);
    }

    void input(String value) {
        long[] shape = shape(value);
        if (graph.valueInfo(value).map(ValueInfo::type).orElse(ElementType.UNDEFINED) != ElementType.FLOAT) {
            throw new UserException(
                    CaffeProblems.INPUT_NOT_FLOAT, "is no input of floats, the only ones that Caffe has", value);
        }
        LayerParameter.Builder layer = LayerParameter.newBuilder()
                .setName(layerName(value, ""))
                .setType("Input")
                .setInputParam(InputParameter.newBuilder().addShape(blobShape(shape)));
        layer.addTop(newBlob(value));
        net.addLayer(layer);
    }

    static BlobShape blobShape(long[] dims) {
        BlobShape.Builder shape = BlobShape.newBuilder();
        Arrays.stream(dims).forEach(shape::addDim);
        return shape.build();
    }

    /** The blob that holds a value. */
    String blob(String value) {
        String blob = blobs.get(value);
        if (blob == null) {
            throw new UserException(CaffeProblems.NO_BLOB, "is no value that a layer of Caffe makes", value);
        }
        return blob;
    }

    /** A blob for a value that a layer is about to make. */
    String newBlob(String value) {
        String blob = unique(value, "", blobNames);
        blobs.put(value, blob);
        return blob;
    }

    /** A blob that no value of the graph has. */
    String innerBlob(String stem) {
        return unique(stem, "", blobNames);
    }

    /** A value that another value's blob holds too. */
    void alias(String value, String of) {
        blobs.put(value, blob(of));
    }

    /** The layer under which a node is known. */
    String nodeLayer(String node) {
        String name = layerName(node, options.suffixes().getOrDefault(node, ""));
        layers.put(node, name);
        return name;
    }

    String layerName(String stem, String suffix) {
        return unique(stem, suffix, layerNames);
    }

    LayerParameter.Builder add() {
        return net.addLayerBuilder();
    }

    /** Blanks and quotes end a name in more than one reader; a name that is too long or taken ends in a number. */
    private String unique(String stem, String suffix, Set<String> taken) {
        String clean = stem.replaceAll("[\\s\"\\\\,]", "_");
        String name = clean + suffix;
        for (int i = 1; name.length() > options.longestName() || taken.contains(name); i++) {
            String end = "_" + i + suffix;
            name = clean.substring(0, Math.max(0, Math.min(clean.length(), options.longestName() - end.length())))
                    + end;
        }
        taken.add(name);
        return name;
    }

    /** Caffe takes blobs that nobody reads for its outputs; one that is read gets a copy that is not. */
    void output(String value) {
        String blob = blob(value);
        boolean isRead =
                net.getLayerList().stream().anyMatch(l -> l.getBottomList().contains(blob));
        boolean isInput = net.getLayerList().stream()
                .anyMatch(l -> l.getType().equals("Input") && l.getTopList().contains(blob));
        if (isRead || isInput) {
            String top = innerBlob(value + "_out");
            net.addLayer(LayerParameter.newBuilder()
                    .setName(layerName(value + "_out", ""))
                    .setType("Power")
                    .addBottom(blob)
                    .addTop(top)
                    .setPowerParam(PowerParameter.newBuilder()));
            blobs.put(value, top);
        }
    }

    NetParameter finish() {
        return net.build();
    }

    CaffeNames names() {
        return new CaffeNames(layers, blobs);
    }
}
