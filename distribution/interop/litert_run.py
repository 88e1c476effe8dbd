"""Runs a .tflite file with LiteRT and compares with Detent's Q/DQ model in ONNX Runtime, node by node, and with the float model.

    python litert_run.py MODEL.onnx OUT IMAGES.npy [--reference | --micro]

--reference: LiteRT's plain kernels instead of its default delegate. --micro: TensorFlow Lite for Microcontrollers (pip install tflite-micro).
OUT holds <model>.tflite and, beside it in OUT.qdq, the same run's <model>.qdq.onnx (detent quantize --format qdq).
"""
import os
import sys

from common import need, report, snr

np = need("numpy")
ort = need("onnxruntime")
MICRO = "--micro" in sys.argv
interpreter = need("tflite_micro").runtime if MICRO else need("ai_edge_litert.interpreter")


class Micro:
    """TensorFlow Lite for Microcontrollers behind the calls of LiteRT's interpreter that are used here."""

    def __init__(self, path):
        self.interpreter = interpreter.Interpreter.from_file(path, arena_size=200 << 20)

    def allocate_tensors(self):
        """Done by the constructor."""

    @staticmethod
    def details(of):
        q = of["quantization_parameters"]
        return {"index": 0, "dtype": of["dtype"], "quantization": (q["scales"][0], q["zero_points"][0]) if len(q["scales"]) else (0, 0)}

    def get_input_details(self):
        return [self.details(self.interpreter.get_input_details(0))]

    def get_output_details(self):
        return [self.details(self.interpreter.get_output_details(0))]

    def set_tensor(self, index, x):
        self.interpreter.set_input(x, index)

    def invoke(self):
        self.interpreter.invoke()

    def get_tensor(self, index):
        return self.interpreter.get_output(index)


def last(x):
    """Pictures lie channels last in LiteRT."""
    return np.moveaxis(x, 1, -1) if x.ndim == 4 else x


def codes(x, details):
    scale, zero = details["quantization"]
    if scale == 0:
        return x.astype(details["dtype"])
    info = np.iinfo(details["dtype"])
    return np.clip(np.rint(x / np.float32(scale)) + zero, info.min, info.max).astype(details["dtype"])


def values(q, details):
    scale, zero = details["quantization"]
    return q.astype(np.float32) if scale == 0 else (q.astype(np.float32) - zero) * np.float32(scale)


def main():
    model, out, images = sys.argv[1:4]
    name = os.path.basename(model)[:-len(".onnx")]
    samples = np.load(images)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    float_session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    simulation = ort.InferenceSession(os.path.join(out + ".qdq", name + ".qdq.onnx"), options, providers=["CPUExecutionProvider"])
    # Kernels in integers as the specification has them; the delegate of the default resolver rounds otherwise here and there.
    lite = Micro(os.path.join(out, name + ".tflite")) if MICRO else interpreter.Interpreter(
        os.path.join(out, name + ".tflite"),
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF if "--reference" in sys.argv
        else interpreter.OpResolverType.AUTO)
    lite.allocate_tensors()
    feed, got = lite.get_input_details()[0], lite.get_output_details()[0]
    reference, simulated, result, equal, near = [], [], [], [], []
    for i in range(len(samples)):
        x = {float_session.get_inputs()[0].name: samples[i:i + 1]}
        reference.append(last(float_session.run(None, x)[0]))
        wanted = last(simulation.run(None, x)[0])
        lite.set_tensor(feed["index"], codes(last(samples[i:i + 1]), feed))
        lite.invoke()
        q = lite.get_tensor(got["index"])
        if got["quantization"][0]:
            difference = np.abs(q.astype(int) - codes(wanted, got).astype(int))
            equal.append((difference == 0).mean())
            near.append((difference <= 1).mean())
        simulated.append(wanted)
        result.append(values(q, got))
    flat = [np.concatenate([r.reshape(1, -1) for r in s]) for s in (reference, simulated, result)]
    note = f"simulation {snr(flat[0], flat[1]):.2f} dB, LiteRT against simulation {snr(flat[1], flat[2]):.2f} dB"
    if equal:
        note += f", {100 * np.mean(equal):.1f} % of codes equal, {100 * np.mean(near):.1f} % within 1"
    report("TFLite Micro" if MICRO else "LiteRT", out, flat[0], flat[2], note)


if __name__ == "__main__":
    main()
