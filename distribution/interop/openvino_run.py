"""Runs Detent's OpenVINO files in OpenVINO and compares with the float model and with Detent's own numbers.

    python openvino_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend openvino`; IMAGES holds preprocessed float32 NCHW samples.
Prints agreement and SNR of every ONNX file in the folder against the float model in OpenVINO, and how many operators run in i8/u8.
"""
import glob
import os
import sys

from common import need, report

ov = need("openvino")
import numpy as np


def run(path, images):
    core = ov.Core()
    model = core.read_model(path)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    outputs = [compiled({0: x[None]})[compiled.output(0)].copy() for x in images]
    types = [info["runtimePrecision"].value for info in (n.get_rt_info() for n in compiled.get_runtime_model().get_ops())
             if "runtimePrecision" in info and info["layerType"].value in ("Convolution", "FullyConnected", "MatMul")]
    integer = sum(str(t).lower() in ("i8", "u8") for t in types)
    return np.concatenate([o.reshape(1, -1) for o in outputs]), integer, len(types)


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)
    reference, _, _ = run(model, images)
    for f in sorted(glob.glob(os.path.join(out, "*.onnx"))):
        result, integer, all_ops = run(f, images)
        report("openvino " + ov.__version__, f, reference, result, f"{integer} of {all_ops} weighted runtime operators in 8 bits")
