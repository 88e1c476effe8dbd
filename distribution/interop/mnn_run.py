"""Converts Detent's MNN artefact with MNN's converter, runs it in MNN and compares with the float model.

    python mnn_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend mnn`: an ONNX file and the compression parameters that mnnconvert takes.
"""
import glob
import os
import subprocess
import sys
import tempfile

from common import need, report

MNN = need("MNN")
ort = need("onnxruntime")
import numpy as np


def run(onnx, work, name, images, parameters=()):
    out = os.path.join(work, name + ".mnn")
    subprocess.run([os.path.join(os.path.dirname(sys.executable), "mnnconvert"), "-f", "ONNX", "--modelFile", onnx, "--MNNModel", out, "--bizCode", "detent", *parameters], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    net = MNN.Interpreter(out)
    session = net.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
    inp = net.getSessionInput(session)
    shape = (1, *images.shape[1:])
    net.resizeTensor(inp, shape)
    net.resizeSession(session)
    results = []
    for x in images:
        inp.copyFrom(MNN.Tensor(shape, MNN.Halide_Type_Float, np.ascontiguousarray(x[None]), MNN.Tensor_DimensionType_Caffe))
        net.runSession(session)
        y = net.getSessionOutput(session)
        host = MNN.Tensor(y.getShape(), MNN.Halide_Type_Float, np.zeros(y.getShape(), np.float32), MNN.Tensor_DimensionType_Caffe)
        y.copyToHostTensor(host)
        results.append(np.array(host.getNumpyData()).reshape(1, -1).copy())
    return np.concatenate(results), os.path.getsize(out)


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    reference = np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])
    with tempfile.TemporaryDirectory() as work:
        result, size = run(model, work, "float", images)
        report("mnn float", model, reference, result, f"{size} bytes")
        f = glob.glob(os.path.join(out, "*.onnx"))[0]
        result, size = run(f, work, "quantized", images, ["--compressionParamsFile", glob.glob(os.path.join(out, "*.mnn.json"))[0]])
        report("mnn int8", f, reference, result, f"{size} bytes")
