"""Gives esp-ppq's executor the exponents of Detent's file, runs it, writes the .espdl and compares.

    python esp_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend esp32p4`; OUT_FOLDER.qdq, where there is one, that of the same run in the format qdq, whose
nodes taken literally are the simulation. esp-ppq quantizes the model its own way first; every scale is then replaced by ours.
"""
import glob
import json
import os
import shutil
import sys
import tempfile

from common import need, report, snr

need("esp_ppq")
ort = need("onnxruntime")
import numpy as np
import torch
from esp_ppq.api import espdl_quantize_onnx, export_ppq_graph
from esp_ppq.core import TargetPlatform
from esp_ppq.executor import TorchExecutor

PLATFORMS = {"esp32p4": TargetPlatform.ESPDL_INT8, "esp32s3": TargetPlatform.ESPDL_S3_INT8, "c": TargetPlatform.ESPDL_C_INT8}


def onnx_run(path, images, literal):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if literal:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])


def ours(graph, exponents):
    """Puts the file's exponents into every quantization config; returns how many took one and which tensors the file lacks."""
    taken, absent = 0, []
    for operation in graph.operations.values():
        if not hasattr(operation, "config_with_variable"):
            continue
        for config, variable in operation.config_with_variable:
            if config.dominated_by is not config or config.scale is None or variable.name.endswith(".bias"):
                continue
            if variable.name not in exponents:
                absent.append(variable.name)
                continue
            scale = torch.pow(2.0, torch.tensor(exponents[variable.name]["exponents"], dtype=torch.float32))
            config.scale = scale if config.scale.numel() > 1 else scale[:1].reshape(config.scale.shape)
            config.offset = torch.zeros_like(config.scale)
            taken += 1
    return taken, absent


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    target = sys.argv[4] if len(sys.argv) > 4 else "esp32p4"
    images = np.load(data)
    exponents = json.load(open(glob.glob(os.path.join(out, "*.exponents.json"))[0]))
    with tempfile.TemporaryDirectory() as work:
        source = shutil.copy(glob.glob(os.path.join(out, "*.onnx"))[0], os.path.join(work, "model.onnx"))  # esp-ppq simplifies it in place
        tensors = [torch.from_numpy(x[None]) for x in images]
        graph = espdl_quantize_onnx(source, os.path.join(work, "model.espdl"), tensors[:8], 8, [1, *images.shape[1:]], target=target,
                                    error_report=False, skip_export=True, device="cpu", verbose=0)
        taken, absent = ours(graph, exponents)
        print(f"{taken} encodings taken from the file, {len(absent)} tensors of esp-ppq's are not in it: {absent[:5]}")
        executor = TorchExecutor(graph, device="cpu")
        result = np.concatenate([executor.forward(t)[0].detach().numpy().reshape(1, -1) for t in tensors])
        reference = onnx_run(model, images, False)
        note = ""
        literal = glob.glob(os.path.join(out + ".qdq", "*.qdq.onnx"))
        if literal:
            simulation = onnx_run(literal[0], images, True)
            step = np.diff(np.unique(simulation)).min()
            equal = (np.rint((result - simulation) / step) == 0).mean()
            note = f"{100 * equal:.2f} % of codes as simulated, which has {snr(reference, simulation):.2f} dB"
        report("esp-ppq executor, " + target, out, reference, result, note)
        export_ppq_graph(graph, platform=PLATFORMS[target], graph_save_to=os.path.join(work, "model.espdl"))
        print(f"esp-ppq: {os.path.getsize(os.path.join(work, 'model.espdl'))} bytes of .espdl: ok")
