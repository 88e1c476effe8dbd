"""Reads a Caffe network that Detent wrote with OpenCV and MNN and compares with ONNX Runtime on the ONNX model beside it.

    python caffe_run.py OUT_FOLDER

OUT_FOLDER is that of `detent quantize --backend nnie`: <model>.prototxt, <model>.caffemodel, <model>.names.txt and <model>.onnx, which hold the
same weights unless a channel's scale was folded into the first layer (take a preset with one scale for all channels, such as `none` or `bgr`).
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

from common import need

ort = need("onnxruntime")
import numpy as np


def names(folder, stem):
    table = {}
    with open(os.path.join(folder, stem + ".names.txt")) as f:
        for line in f:
            if line.startswith("blob\t"):
                _, value, blob = line.rstrip("\n").split("\t")
                table[value] = blob
    return table


def opencv(prototxt, caffemodel, x, blobs):
    cv2 = need("cv2")
    made_by = {}
    with open(prototxt) as f:
        for layer in re.split(r"(?m)^layer \{", f.read())[1:]:
            for top in re.findall(r'top: "(.*)"', layer):
                made_by[top] = re.search(r'name: "(.*)"', layer).group(1)
    net = cv2.dnn.readNetFromCaffe(prototxt, caffemodel)
    net.setInput(x)
    return net.forward([made_by[b] for b in blobs]), "OpenCV " + cv2.__version__


def mnn(prototxt, caffemodel, x, blobs):
    MNN = need("MNN")
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "net.mnn")
        subprocess.run([os.path.join(os.path.dirname(sys.executable), "mnnconvert"), "-f", "CAFFE", "--modelFile", caffemodel, "--prototxt", prototxt,
                        "--MNNModel", out, "--bizCode", "detent"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        net = MNN.Interpreter(out)
        session = net.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
        net.getSessionInput(session).copyFrom(MNN.Tensor(tuple(x.shape), MNN.Halide_Type_Float, x, MNN.Tensor_DimensionType_Caffe))
        net.runSession(session)
        results = []
        for blob in blobs:
            y = net.getSessionOutput(session, blob)
            host = MNN.Tensor(y.getShape(), MNN.Halide_Type_Float, np.zeros(y.getShape(), np.float32), MNN.Tensor_DimensionType_Caffe)
            y.copyToHostTensor(host)
            results.append(np.array(host.getNumpyData()).copy())
        return results, "MNN " + MNN.version()


if __name__ == "__main__":
    folder = sys.argv[1]
    for prototxt in sorted(glob.glob(os.path.join(folder, "*.prototxt"))):
        stem = os.path.basename(prototxt)[:-len(".prototxt")]
        caffemodel = os.path.join(folder, stem + ".caffemodel")
        session = ort.InferenceSession(os.path.join(folder, stem + ".onnx"), providers=["CPUExecutionProvider"])
        inp = session.get_inputs()[0]
        x = np.random.default_rng(7).standard_normal([d if isinstance(d, int) else 1 for d in inp.shape]).astype(np.float32)
        expected = session.run(None, {inp.name: x})
        blobs = [names(folder, stem)[o.name] for o in session.get_outputs()]
        for reader in (opencv, mnn):
            results, version = reader(prototxt, caffemodel, x, blobs)
            worst = max(float(np.abs(np.ravel(r).astype(np.float64) - np.ravel(e)).max() / np.abs(e).max()) for r, e in zip(results, expected))
            print(f"{version}: {stem}: largest difference {worst:.1e} of the largest output")
