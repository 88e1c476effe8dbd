package dev.detent.distribution;

import dev.detent.backends.ascend.Ascend;
import dev.detent.backends.dsp.Dsp;
import dev.detent.backends.float8.Float8;
import dev.detent.backends.fpga.Fpga;
import dev.detent.backends.metax.Metax;
import dev.detent.backends.mnn.Mnn;
import dev.detent.backends.ncnn.Ncnn;
import dev.detent.backends.nnie.Nnie;
import dev.detent.backends.nxp.Nxp;
import dev.detent.backends.onnxruntime.OnnxRuntime;
import dev.detent.backends.openvino.OpenVino;
import dev.detent.backends.ppl.Ppl;
import dev.detent.backends.ppq.Ppq;
import dev.detent.backends.rknn.Rknn;
import dev.detent.backends.tengine.Tengine;
import dev.detent.backends.tensorrt.TensorRt;
import dev.detent.backends.vitis.Vitis;
import dev.detent.host.pipeline.Pipeline;
import dev.detent.host.pipeline.Progress;
import dev.detent.host.plan.Planner;
import dev.detent.host.plan.StandardRecipes;
import dev.detent.host.plugin.Registry;
import dev.detent.host.settings.Settings;
import dev.detent.onnx.OpsetUpgrade;
import dev.detent.passes.calibration.Calibration;
import dev.detent.passes.dispatching.Dispatchers;
import dev.detent.passes.equalization.Equalization;
import dev.detent.passes.parameters.ParameterPasses;
import dev.detent.passes.refinement.Refinement;
import dev.detent.passes.tuning.Tuning;
import dev.detent.runtime.Sample;
import dev.detent.runtime.Samples;
import dev.detent.spi.backend.Target;
import dev.detent.spi.export.QuantizedModel;
import dev.detent.spi.graph.ElementType;
import dev.detent.spi.graph.Graph;
import dev.detent.spi.graph.Tensor;
import dev.detent.spi.graph.ValueInfo;
import dev.detent.support.qdq.QdqGraphBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** The platform with all plugins, in one class loader, for tests that look inside. */
final class TestPlatform {

    static final Registry REGISTRY = Registry.of(Map.of(
            "all 1",
            List.of(
                    new Dispatchers(),
                    new Refinement(),
                    new Calibration(),
                    new ParameterPasses(),
                    new Equalization(),
                    new Tuning(),
                    new Ppq(),
                    new OnnxRuntime(),
                    new TensorRt(),
                    new Dsp(),
                    new Nnie(),
                    new OpenVino(),
                    new Ncnn(),
                    new Mnn(),
                    new Tengine(),
                    new Rknn(),
                    new Ascend(),
                    new Ppl(),
                    new Nxp(),
                    new Fpga(),
                    new Vitis(),
                    new Metax(),
                    new Float8())));

    private TestPlatform() {}

    static Pipeline.Result quantize(Graph graph, String target, Samples samples, int workers, String... set) {
        Settings settings = Settings.NONE;
        for (String s : set) {
            settings = settings.with(s);
        }
        Target t = REGISTRY.target(target);
        Graph g = graph.copy();
        Pipeline.format(g, "test");
        return new Pipeline(REGISTRY, t, workers, Progress.QUIET, Pipeline.Listener.NONE)
                .run(
                        g,
                        new Planner(REGISTRY).plan(settings.apply(t.recipe(StandardRecipes.INSTANCE), REGISTRY)),
                        Optional.of(samples));
    }

    /** The model with Q/DQ, of the opset that their types need. */
    static Graph qdq(QuantizedModel model) {
        return QdqGraphBuilder.apply(model, Set.of(), (g, opset) -> OpsetUpgrade.apply(g, opset, "test"));
    }

    /** Samples of fixed noise for every float input. */
    static Samples noise(Graph graph, int count) {
        List<Sample> all = new ArrayList<>();
        Random random = new Random(1);
        for (int i = 0; i < count; i++) {
            Map<String, Sample.Input> inputs = new LinkedHashMap<>();
            for (ValueInfo v : graph.inputs()) {
                inputs.put(v.name(), input(random, shape(v)));
            }
            all.add(new Sample(inputs));
        }
        return samples(all);
    }

    /** Unknown sizes become 1 for the batch and 8 elsewhere. */
    private static long[] shape(ValueInfo v) {
        long[] shape = v.shape().orElseThrow().stream()
                .mapToLong(d -> d.isKnown() ? d.size() : 8)
                .toArray();
        shape[0] = v.shape().get().get(0).isKnown() ? shape[0] : 1;
        return shape;
    }

    static Sample.Input input(Random random, long... shape) {
        int n = (int) Tensor.count(shape);
        ByteBuffer data = ByteBuffer.allocateDirect(4 * n).order(ByteOrder.LITTLE_ENDIAN);
        for (int e = 0; e < n; e++) {
            data.putFloat((float) random.nextGaussian());
        }
        return new Sample.Input(ElementType.FLOAT, shape, data.flip());
    }

    static Samples samples(List<Sample> all) {
        return new Samples() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Sample get(int index) {
                return all.get(index);
            }
        };
    }
}
