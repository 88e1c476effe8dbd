"""Compiles and runs Detent's Q/DQ file on Qualcomm's HTP library for x86-64 (an emulator) and compares with ONNX Runtime's CPU.

    python qnn_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend qnn-ep` or `qnn-ep16`.
"""
import glob
import os
import sys

from common import need, report

ort = need("onnxruntime")
qnn = need("onnxruntime_qnn")
import numpy as np


def htp(file):
    ort.register_execution_provider_library("QNN", qnn.get_library_path())
    options = ort.SessionOptions()
    options.log_severity_level = 3
    devices = [d for d in ort.get_ep_devices() if d.ep_name == "QNN"]
    options.add_provider_for_devices(devices[:1], {"backend_path": qnn.get_qnn_htp_path(), "htp_performance_mode": "burst"})
    return ort.InferenceSession(file, options)


def literal(file):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def run(session, images):
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)
    file = glob.glob(os.path.join(out, "*.qdq.onnx"))[0]
    # First: with another session before it, the emulator ends in a bus error.
    result = run(htp(file), images)
    reference = run(ort.InferenceSession(model, providers=["CPUExecutionProvider"]), images)
    expected = run(literal(file), images)
    report("simulation (nodes one by one)", file, reference, expected)
    report("HTP", file, reference, result)
    report("HTP against the simulation", file, expected, result, f"{100 * (expected == result).mean():.1f} % of output codes equal")
