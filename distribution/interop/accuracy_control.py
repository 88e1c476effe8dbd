"""Two rivals of `detent tune` on the same model, calibration images and evaluation images.

    python accuracy_control.py nncf|ort MODEL.onnx CALIBRATION.npy EVALUATION.npy MIN_AGREEMENT [BUDGET_SECONDS]

Both arrays hold preprocessed float32 NCHW samples. nncf: quantize_with_accuracy_control of NNCF on OpenVINO. ort: what people write by hand around
ONNX Runtime's quantize_static: every node that is quantized is left out once (nodes_to_exclude), the best stay out until the goal holds. The metric is agreement with the
float model; prints evaluations of all images, wall and CPU seconds, share of multiply-adds in 8 bits and agreement. Needs onnx, numpy and nncf with
openvino, or onnxruntime.
"""
import os
import sys
import tempfile
import time

import numpy as np


def ranked(outputs):
    return np.argmax(np.asarray(outputs).reshape(len(outputs), -1), 1)


class Clock:
    def __init__(self):
        self.wall, self.cpu = time.time(), time.process_time()

    def __str__(self):
        return f"{time.time() - self.wall:.0f} s, {time.process_time() - self.cpu:.0f} CPU s"


def macs(path):
    """Multiply-adds of convolutions and matrix products by node name."""
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    shapes = {i.name: i.dims for i in model.graph.initializer}
    outs = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in list(model.graph.value_info) + list(model.graph.output)}
    found = {}
    for n in model.graph.node:
        if n.op_type in ("Conv", "Gemm", "MatMul") and n.input[1] in shapes:
            plane = outs.get(n.output[0], [1])[2:] if n.op_type == "Conv" else [1]
            found[n.name] = int(np.prod(shapes[n.input[1]], dtype=np.int64) * np.prod([max(1, p) for p in plane], dtype=np.int64))
    return found


def nncf_run(model, calibration, evaluation, goal, budget):
    import nncf
    import openvino as ov

    net = ov.convert_model(model)
    counted = {"full": 0, "samples": 0}

    def outputs(compiled, samples):
        return [compiled(x[None])[0].copy() for x in samples]

    float_model = ov.compile_model(net, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    reference = ranked(outputs(float_model, evaluation))

    def validate(compiled, data):
        pairs = list(data)
        found = ranked([compiled(x)[0].copy() for x, _ in pairs])
        hits = found == np.array([r for _, r in pairs])
        counted["full"] += len(pairs) == len(evaluation)
        counted["samples"] += len(pairs)
        return float(hits.mean()), hits.astype(float).tolist()

    clock = Clock()
    quantized = nncf.quantize_with_accuracy_control(
        net,
        nncf.Dataset([x[None] for x in calibration]),
        nncf.Dataset([(x[None], r) for x, r in zip(evaluation, reference)], lambda pair: pair[0]),
        validate,
        max_drop=1 - goal,
        drop_type=nncf.DropType.ABSOLUTE,
        subset_size=len(calibration),
    )
    told = str(clock)
    compiled = ov.compile_model(quantized, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ops = [n.get_rt_info() for n in compiled.get_runtime_model().get_ops()]
    kinds = [i["runtimePrecision"].value for i in ops if "runtimePrecision" in i and i["layerType"].value in ("Convolution", "FullyConnected", "MatMul")]
    share = sum(str(k) in ("i8", "u8") for k in kinds)
    agreement = float((ranked(outputs(compiled, evaluation)) == reference).mean())
    print(f"nncf {nncf.__version__}: {counted['samples'] / len(evaluation):.1f} evaluations, {told}, {share} of {len(kinds)} weighted operators in 8 bits, {agreement:.4f}")


def ort_run(model, calibration, evaluation, goal, budget):
    import onnx
    import onnxruntime as ort
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    folder = tempfile.TemporaryDirectory()
    weights = macs(model)
    options = ort.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")

    def run(path):
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return ranked([session.run(None, {name: x[None]})[0] for x in evaluation])

    name = ort.InferenceSession(model).get_inputs()[0].name
    reference = run(model)
    evaluations = 0

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.samples = iter([{name: x[None]} for x in calibration])

        def get_next(self):
            return next(self.samples, None)

    def agreement(excluded):
        nonlocal evaluations
        evaluations += 1
        out = os.path.join(folder.name, "q.onnx")
        quantize_static(model, out, Reader(), per_channel=True, reduce_range=True, nodes_to_exclude=list(excluded), activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        return float((run(out) == reference).mean())

    clock = Clock()
    start = time.time()
    plain = agreement([])
    ranking, excluded, found = [], [], plain
    for n in sorted(weights, key=lambda n: weights[n]):
        if found >= goal or time.time() - start > budget / 2:
            break
        ranking.append((agreement([n]), n))
    ranking.sort(reverse=True)
    for a, n in ranking:
        if found >= goal or time.time() - start > budget:
            break
        tried = agreement(excluded + [n])
        if tried >= found:
            excluded, found = excluded + [n], tried
    share = 1 - sum(weights[n] for n in excluded) / sum(weights.values())
    print(f"onnxruntime {ort.__version__}: {evaluations} evaluations ({len(ranking)} of {len(weights)} layers left out once), {clock}, "
          f"{100 * share:.0f} % of multiply-adds in 8 bits, plain {plain:.4f}, found {found:.4f}")


if __name__ == "__main__":
    tool, model, calibration, evaluation, goal = sys.argv[1:6]
    {"nncf": nncf_run, "ort": ort_run}[tool](
        model, np.load(calibration), np.load(evaluation), float(goal), float(sys.argv[6]) if len(sys.argv) > 6 else 600)
