package dev.detent.caffe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.detent.caffe.proto.BlobProto;
import dev.detent.caffe.proto.LayerParameter;
import dev.detent.caffe.proto.NetParameter;
import dev.detent.caffe.proto.V1LayerParameter;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Node;
import dev.detent.spi.problem.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers mean what they mean in Caffe. */
class CaffeReaderTest {

    private static final String INPUT =
            "layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 2 dim: %d dim: %d } } }\n";

    @TempDir
    Path folder;

    private Graph read(String prototxt, NetParameter weights) {
        try {
            return CaffeReader.read(
                    Files.writeString(folder.resolve("net.prototxt"), prototxt),
                    Files.write(folder.resolve("net.caffemodel"), weights.toByteArray()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Graph read(String layers) {
        return read(String.format(INPUT, 5, 5) + layers, NetParameter.getDefaultInstance());
    }

    private static float[] run(Graph graph, float[] x, long... shape) {
        return Ort.run(graph, Map.of("data", x), Map.of("data", shape)).get(0);
    }

    /** Against Caffe's own loops (pooling_layer.cpp), written down here once more. */
    @ParameterizedTest
    @CsvSource({
        "7,6,3,2,0,MAX,CEIL",
        "7,6,3,2,1,MAX,CEIL",
        "8,8,3,2,1,MAX,CEIL",
        "8,8,3,2,1,MAX,FLOOR",
        "7,6,3,2,0,AVE,CEIL",
        "7,6,3,2,1,AVE,CEIL",
        "8,8,3,2,1,AVE,CEIL",
        "8,8,3,2,0,AVE,FLOOR",
        "9,7,4,3,2,AVE,CEIL"
    })
    void poolsAsCaffe(int h, int w, int kernel, int stride, int pad, String pool, String round) {
        Graph graph = read(
                String.format(INPUT, h, w)
                        + "layer { name: 'p' type: 'Pooling' bottom: 'data' top: 'p' pooling_param { pool: " + pool
                        + " kernel_size: " + kernel + " stride: " + stride + " pad: " + pad + " round_mode: " + round
                        + " } }",
                NetParameter.getDefaultInstance());
        float[] x = Ort.noise(2L * h * w, 3);
        int oh = size(h, kernel, stride, pad, round);
        int ow = size(w, kernel, stride, pad, round);
        float[] expected = new float[2 * oh * ow];
        for (int c = 0; c < 2; c++) {
            for (int y = 0; y < oh; y++) {
                for (int z = 0; z < ow; z++) {
                    int top = y * stride - pad;
                    int left = z * stride - pad;
                    int bottom = Math.min(top + kernel, h + pad);
                    int right = Math.min(left + kernel, w + pad);
                    int count = (bottom - top) * (right - left);
                    double sum = 0;
                    float largest = -Float.MAX_VALUE;
                    for (int i = Math.max(0, top); i < Math.min(bottom, h); i++) {
                        for (int j = Math.max(0, left); j < Math.min(right, w); j++) {
                            sum += x[(c * h + i) * w + j];
                            largest = Math.max(largest, x[(c * h + i) * w + j]);
                        }
                    }
                    expected[(c * oh + y) * ow + z] = pool.equals("MAX") ? largest : (float) (sum / count);
                }
            }
        }
        assertThat(run(graph, x, 1, 2, h, w)).containsExactly(expected, within(1e-6f));
    }

    private static int size(int in, int kernel, int stride, int pad, String round) {
        double room = (double) (in + 2 * pad - kernel) / stride;
        int n = (int) (round.equals("CEIL") ? Math.ceil(room) : Math.floor(room)) + 1;
        return pad > 0 && (n - 1) * stride >= in + pad ? n - 1 : n;
    }

    @Test
    void anOldNetworkWithBlobsOfFourDimensionsReadsAlike() {
        V1LayerParameter.Builder layer =
                V1LayerParameter.newBuilder().setName("ip").setType(V1LayerParameter.LayerType.INNER_PRODUCT);
        layer.addBlobsBuilder().setNum(1).setChannels(1).setHeight(1).setWidth(50);
        layer.addBlobsBuilder()
                .setNum(1)
                .setChannels(1)
                .setHeight(1)
                .setWidth(1)
                .addData(0.5f);
        for (int i = 0; i < 50; i++) {
            layer.getBlobsBuilder(0).addData(1);
        }
        Graph graph = read(
                "input: 'data' input_dim: 10 input_dim: 2 input_dim: 5 input_dim: 5\n"
                        + "layers { name: 'ip' type: INNER_PRODUCT bottom: 'data' top: 'ip' blobs_lr: 1"
                        + " inner_product_param { num_output: 1 } }\n"
                        + "layers { name: 'relu' type: RELU bottom: 'ip' top: 'ip' }",
                NetParameter.newBuilder().addLayers(layer).build());
        float[] x = Ort.noise(50, 1);
        float sum = 0.5f;
        for (float v : x) {
            sum += v;
        }
        assertThat(run(graph, x, 1, 2, 5, 5)).containsExactly(new float[] {Math.max(0, sum)}, within(1e-4f));
        assertThat(graph.outputs().get(0).name()).as("in place").isEqualTo("relu");
    }

    @Test
    void batchNormDividesItsSums() {
        LayerParameter.Builder bn = LayerParameter.newBuilder().setName("bn").setType("BatchNorm");
        bn.addBlobs(blob(2, 4)).addBlobs(blob(8, 2)).addBlobs(blob(2));
        Graph graph = read(
                String.format(INPUT, 1, 1)
                        + "layer { name: 'bn' type: 'BatchNorm' bottom: 'data' top: 'data' batch_norm_param { eps: 0 } }",
                NetParameter.newBuilder().addLayer(bn).build());
        assertThat(run(graph, new float[] {5, 5}, 1, 2, 1, 1)).containsExactly(new float[] {2, 3}, within(1e-6f));
    }

    private static BlobProto blob(float... values) {
        BlobProto.Builder blob = BlobProto.newBuilder();
        blob.getShapeBuilder().addDim(values.length);
        for (float v : values) {
            blob.addData(v);
        }
        return blob.build();
    }

    @Test
    void cropTakesTheSizeOfItsReference() {
        Graph graph =
                read("layer { name: 'p' type: 'Pooling' bottom: 'data' top: 'p' pooling_param { kernel_size: 3 } }\n"
                        + "layer { name: 'c' type: 'Crop' bottom: 'data' bottom: 'p' top: 'c' crop_param { offset: 1 } }\n"
                        + "layer { name: 's' type: 'Silence' bottom: 'p' }");
        assertThat(graph.outputs()).extracting(o -> o.name()).containsExactly("c");
        float[] x = Ort.noise(50, 1);
        assertThat(run(graph, x, 1, 2, 5, 5))
                .startsWith(x[6], x[7], x[8], x[11])
                .hasSize(18);
    }

    @Test
    void weightedSumsAndPowersAreExact() {
        Graph graph = read(
                "layer { name: 'w' type: 'Power' bottom: 'data' top: 'w' power_param { power: 2 scale: 3 shift: 1 } }\n"
                        + "layer { name: 'e' type: 'Eltwise' bottom: 'w' bottom: 'data' top: 'e' eltwise_param { coeff: 1 coeff: -2 } }");
        assertThat(run(graph, filled(50, 2), 1, 2, 5, 5)).startsWith(45f, 45f);
    }

    private static float[] filled(int count, float value) {
        float[] all = new float[count];
        java.util.Arrays.fill(all, value);
        return all;
    }

    @Test
    void layersOfTrainingAreLeftOut() {
        Graph graph = read("layer { name: 'r' type: 'ReLU' bottom: 'data' top: 'r' }\n"
                + "layer { name: 'd' type: 'Dropout' bottom: 'r' top: 'r' }\n"
                + "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'r' top: 'loss' include { phase: TRAIN } }");
        assertThat(graph.nodes()).extracting(Node::opType).containsExactly("Relu");
    }

    @Test
    void refusalsNameLayerAndWayOut() {
        assertThatThrownBy(() -> read("layer { name: 'x' type: 'DetectionOutput' bottom: 'data' top: 'x' }"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("layer 'x' is a DetectionOutput, which Detent does not read; it reads AbsVal");
        assertThatThrownBy(() -> read("layer { name: 'x' type: 'ReLU' bottom: 'gone' top: 'x' }"))
                .hasMessageContaining("no layer before its reader makes blob 'gone'");
        assertThatThrownBy(() -> read("layer { name: 'x' nonsense: 3 }"))
                .hasMessageContaining("nonsense")
                .hasMessageContaining("deploy.prototxt");
        assertThatThrownBy(() -> read("layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c'"
                        + " convolution_param { num_output: 1 kernel_size: 1 } }"))
                .hasMessageContaining("layer 'c' has 0 trained blobs in the caffemodel, not 1");
    }

    /** One number of a file is wrong or missing. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "type: 'Eltwise' bottom: 'data' top: 'x' eltwise_param { coeff: 2 }",
                "type: 'Slice' top: 'x' top: 'y' top: 'z' slice_param { slice_point: 1 }",
                "type: 'Permute' top: 'x' permute_param { order: 0 order: 7 }",
                "type: 'Pooling' top: 'x' pooling_param { kernel_size: 2 stride: 0 }",
                "type: 'Convolution' top: 'x' convolution_param { num_output: 1 kernel_size: 1 group: 0 }",
                "type: 'Convolution' top: 'x' convolution_param { num_output: 1 kernel_size: 1 stride: 0 }"
            })
    void aDamagedNetworkIsTheFilesFault(String layer) {
        assertThatThrownBy(() -> read("layer { name: 'x' bottom: 'data' " + layer + " }"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("DT-CAF-008")
                .hasMessageContaining("net.prototxt")
                .hasMessageContaining("cannot be understood as a Caffe network");
    }

    /** A layer may call its blob what the reader would call another layer's weights. */
    @Test
    void aBlobOfTheNameOfWeightsIsKeptApart() {
        LayerParameter.Builder prelu =
                LayerParameter.newBuilder().setName("p").setType("PReLU").addBlobs(blob(2, 3));
        Graph graph = read(
                String.format(INPUT, 1, 1)
                        + "layer { name: 'p' type: 'PReLU' bottom: 'data' top: 'p' }\n"
                        + "layer { name: 'n' type: 'Power' bottom: 'p' top: 'p_slope' power_param { scale: -1 } }",
                NetParameter.newBuilder().addLayer(prelu).build());
        assertThat(run(graph, new float[] {-5, -7}, 1, 2, 1, 1)).containsExactly(10, 21);
    }
}
