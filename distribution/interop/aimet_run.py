"""Loads Detent's encodings into AIMET's quantization simulation and compares it with the float model.

    python aimet_run.py MODEL.onnx OUT_FOLDER IMAGES.npy

OUT_FOLDER is the folder of `detent quantize --backend qnn` (or dsp, qnn-htp, qnn-htp16). Prints how many of AIMET's quantizers took an
encoding from the file.
"""
import glob
import json
import os
import sys
import tempfile

from common import need, report

aimet = need("aimet_onnx")
onnx = need("onnx")
ort = need("onnxruntime")
import numpy as np
import logging

logging.disable(logging.WARNING)
from aimet_onnx import quantsim
from aimet_onnx.quantsim import QuantizationSimModel, load_encodings_to_sim


# AIMET gives an average pool's input the encoding of its output, whatever the file says for it, and clips; QNN does not.
quantsim.op_types_to_tie_qtzrs = [t for t in getattr(quantsim, "op_types_to_tie_qtzrs", []) if "Average" not in t]

# No super groups and nothing per channel: what the file says decides.
PER_TENSOR = {"defaults": {"ops": {"is_output_quantized": "True", "is_symmetric": "False"},
                           "params": {"is_quantized": "True", "is_symmetric": "False"}, "per_channel_quantization": "False"},
              "params": {"bias": {"is_quantized": "False"}}, "op_type": {}, "supergroups": [],
              "model_input": {"is_input_quantized": "True"}, "model_output": {}}
PER_CHANNEL = {**PER_TENSOR, "defaults": {**PER_TENSOR["defaults"], "per_channel_quantization": "True",
                                          "params": {"is_quantized": "True", "is_symmetric": "True"}}}


def run(session, images):
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: x[None]})[0].reshape(1, -1) for x in images])


if __name__ == "__main__":
    model, out, data = sys.argv[1:4]
    images = np.load(data)
    reference = run(ort.InferenceSession(model, providers=["CPUExecutionProvider"]), images)
    source = glob.glob(os.path.join(out, "*.onnx"))[0]
    for encodings in sorted(glob.glob(os.path.join(out, "*.encodings*"))):
        channels = "PER_CHANNEL" in open(encodings).read() or '"axis"' in open(encodings).read()
        with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
            json.dump(PER_CHANNEL if channels else PER_TENSOR, config)
            config.flush()
            sim = QuantizationSimModel(onnx.load(source), config_file=config.name, providers=["CPUExecutionProvider"])
        mismatched = load_encodings_to_sim(sim, encodings, strict=False)
        quantizers = [q for q in sim.qc_quantize_op_dict.values() if q.enabled]
        report("aimet " + aimet.__version__, encodings, reference, run(sim.session, images),
               f"{sum(q.is_initialized() for q in quantizers)} of {len(quantizers)} active quantizers took an encoding, {len(mismatched)} differ in kind")
