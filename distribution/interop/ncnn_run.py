"""Runs Detent's ncnn table in ncnn: what ncnn2int8 does with it, done here because no registry carries that tool.

    python ncnn_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend ncnn`. pnnx turns its ONNX file into ncnn's float model; `detent quantize` (the one that
the variable DETENT names) writes the table again under pnnx's names, from the statistics in the folder; weights of the layers in that table become
int8 with its scales (the model format of net_quantize.cpp: tag 0x000D4B38, scales behind the bias), and ncnn runs it.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

from common import need, report

ncnn = need("ncnn")
pnnx = need("pnnx")
ort = need("onnxruntime")
import numpy as np

WEIGHTED = ("Convolution", "ConvolutionDepthWise", "InnerProduct")


def table(path):
    rows = {}
    for line in open(path):
        words = line.rstrip("\n").split(" ")
        n = 0
        while n < len(words) - 1 and words[-1 - n].replace(".", "", 1).isdigit():
            n += 1
        rows[" ".join(words[:-n])] = np.array([float(w) for w in words[-n:]], np.float32)
    return {k: (rows[k + "_param_0"], rows[k]) for k in rows if not k.endswith("_param_0")}


def to_int8(param, binary, scales, out):
    """Layers that the table names become int8, the others stay as they are."""
    data = open(binary, "rb").read()
    at = 0
    lines = open(param).read().splitlines()
    blob = bytearray()
    converted = []
    for i, line in enumerate(lines[2:]):
        words = line.split()
        kind = words[0]
        p = dict(w.split("=", 1) for w in words[4 + int(words[2]) + int(words[3]):] if "=" in w)
        if kind in WEIGHTED:
            size = int(p.get("2", 0)) if kind == "InnerProduct" else int(p["6"])
            bias = int(p.get("1", 0)) if kind == "InnerProduct" else int(p.get("5", 0))
            outputs = int(p["0"])
            assert int.from_bytes(data[at:at + 4], "little") == 0, "run pnnx with fp16=0"
            start = at
            w = np.frombuffer(data, np.float32, size, at + 4)
            at += 4 + 4 * size
            b = data[at:at + 4 * outputs * bias]
            at += len(b)
            if words[1] not in scales:
                blob += data[start:at]
                continue
            weight, inp = scales[words[1]]
            groups = int(p.get("7", 1)) if kind == "ConvolutionDepthWise" else outputs
            q = np.sign(w) * np.floor(np.abs(w.reshape(groups, -1) * weight.reshape(-1, 1)).reshape(-1) + 0.5)
            q = np.clip(q, -127, 127).astype(np.int8).tobytes()
            blob += (0x000D4B38).to_bytes(4, "little") + q + b"\0" * (-len(q) % 4) + b
            blob += weight.tobytes() + inp.tobytes()
            lines[i + 2] = line + (" 8=1" if kind == "ConvolutionDepthWise" else " 8=2")
            converted.append(words[1])
        elif kind == "MemoryData":
            n = int(p.get("0", 1)) * int(p.get("1", 0) or 1) * int(p.get("2", 0) or 1)
            blob += data[at:at + 4 * n]
            at += 4 * n
    blob += data[at:]
    open(out + ".param", "w").write("\n".join(lines) + "\n")
    open(out + ".bin", "wb").write(bytes(blob))
    return converted


def run(param, binary, images):
    net = ncnn.Net()
    net.opt.use_int8_inference = True
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.opt.num_threads = 1
    assert net.load_param(param) == 0 and net.load_model(binary) == 0
    results = []
    for x in images:
        with net.create_extractor() as ex:
            ex.input("in0", ncnn.Mat(np.ascontiguousarray(x)))
            _, y = ex.extract("out0")
            results.append(np.array(y).reshape(1, -1).copy())
    return np.concatenate(results)


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    reference = np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])
    with tempfile.TemporaryDirectory() as work:
        source = glob.glob(os.path.join(out, "*.onnx"))[0]
        onnx = os.path.join(work, "m.onnx")
        shutil.copy(source, onnx)
        tool = os.path.join(os.path.dirname(pnnx.__file__), "pnnx")
        subprocess.run([tool, onnx, "inputshape=" + str([1, *images.shape[1:]]).replace(" ", ""), "fp16=0"], cwd=work, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        report("ncnn float", source, reference, run(work + "/m.ncnn.param", work + "/m.ncnn.bin", images), "baked weights")
        named = os.path.join(work, "named")
        subprocess.run([os.environ.get("DETENT", "detent"), "quantize", model, "--backend", "ncnn", "--observations", out, "--no-speed",
                        "--set", "table.pnnx=" + work + "/m.ncnn.param", "--out", named], check=True, stdout=subprocess.DEVNULL)
        rows = table(glob.glob(os.path.join(named, "*.ncnn.table"))[0])
        layers = to_int8(work + "/m.ncnn.param", work + "/m.ncnn.bin", rows, work + "/int8")
        assert len(layers) == len(rows), f"{len(rows)} layers in the table, {len(layers)} of them in ncnn's model"
        report("ncnn int8", source, reference, run(work + "/int8.param", work + "/int8.bin", images), f"{len(layers)} int8 layers")
