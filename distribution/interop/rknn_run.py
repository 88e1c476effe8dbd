"""Loads Detent's RKNN Q/DQ file into rknn-toolkit2, builds it and runs it in the toolkit's simulator.

    python rknn_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend rknn` (or rknn-channel).
"""
import glob
import os
import sys

from common import need, report, snr

need("rknn.api")
ort = need("onnxruntime")
import numpy as np
from rknn.api import RKNN

if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)[:50]
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    reference = np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])
    file = glob.glob(os.path.join(out, "*.qdq.onnx"))[0]
    nodes = ort.SessionOptions()
    nodes.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    literal = ort.InferenceSession(file, nodes, providers=["CPUExecutionProvider"])
    simulation = np.concatenate([literal.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])
    step = np.diff(np.unique(simulation)).min()
    for level in (2, 3):  # 3 is the toolkit's default and changes numbers: docs/targets/rknn.md
        rknn = RKNN(verbose=False)
        rknn.config(target_platform="rk3588", optimization_level=level)
        assert rknn.load_onnx(model=file, inputs=[name], input_size_list=[[1, *images.shape[1:]]]) == 0, "load_onnx refused the file"
        assert rknn.build(do_quantization=False) == 0, "build failed"
        assert rknn.init_runtime() == 0, "the simulator did not start"
        result = np.concatenate([rknn.inference(inputs=[x[None]], data_format=["nchw"])[0].reshape(1, -1) for x in images])
        equal = (np.rint((result - simulation) / step) == 0).mean()
        report(f"rknn-toolkit2 simulator, rk3588, optimization_level {level}", file, reference, result,
               f"{100 * equal:.2f} % of codes as simulated, which has {snr(reference, simulation):.2f} dB")
        rknn.release()
