"""Checks every ONNX file of a folder with onnx's full checker and runs it in ONNX Runtime for Python.

    python onnx_check.py MODEL.onnx OUT_FOLDER [IMAGES.npy]

Files with operators of other runtimes (org.openvinotoolkit) are checked only as far as the checker knows them.
"""
import glob
import os
import sys

from common import need, report

onnx = need("onnx")
ort = need("onnxruntime")
import numpy as np


def run(path, images):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if any(t.data_type in (17, 19) for t in onnx.load(path).graph.initializer):
        # ONNX Runtime 1.32 takes 8-bit floats for integers when it rewrites such a graph.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])


if __name__ == "__main__":
    model, out = sys.argv[1:3]
    failed = False
    for f in sorted(glob.glob(os.path.join(out, "**", "*.onnx"), recursive=True)):
        try:
            onnx.checker.check_model(onnx.load(f), full_check=True)
            print(f"onnx {onnx.__version__} checker: {os.path.relpath(f, out)}: passed in full")
        except Exception as e:
            failed = True
            print(f"onnx {onnx.__version__} checker: {os.path.relpath(f, out)}: {str(e).splitlines()[0]}")
        foreign = {n.domain for n in onnx.load(f).graph.node} - {"", "ai.onnx", "com.microsoft"}
        if len(sys.argv) > 3 and not foreign:
            images = np.load(sys.argv[3])[:50]
            report("onnxruntime " + ort.__version__, f, run(model, images), run(f, images))
    sys.exit(1 if failed else 0)
