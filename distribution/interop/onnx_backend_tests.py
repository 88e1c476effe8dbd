"""Lays out the tests of the package onnx as Detent reads them: FOLDER/<set>/<name>/model.onnx and data/<n>.npz.

Taken are the sets simple, light, pytorch-converted, pytorch-operator and all of node, where an input is a float tensor. Models of an opset
that Detent refuses (below 7) are lifted by onnx's own converter first. Prints how many were laid out and what was left out, with the reason.
"""
import collections
import pathlib
import sys
import warnings

import numpy
import onnx
from onnx import TensorProto, numpy_helper, version_converter
from onnx.backend.test.case.node import collect_testcases

OLDEST, LIFTED = 7, 13
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16}
SEQUENCE = "an input is a sequence or optional, which no sample file holds"
left_out = collections.Counter()


def inputs(model):
    """Graph inputs that are no initializers."""
    held = {t.name for t in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in held]


def has_float(model):
    return any(i.type.tensor_type.elem_type in FLOATS for i in inputs(model))


def lay_out(folder, model, samples):
    if not has_float(model):
        left_out["no float input"] += 1
        return
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if 0 < opset < OLDEST:
        try:
            model = version_converter.convert_version(model, LIFTED)
        except Exception:
            left_out[f"opset {opset}, which onnx cannot lift"] += 1
            return
    names = [i.name for i in inputs(model)]
    rows = []
    for sample in samples:
        arrays = dict(zip(names, sample))
        if len(arrays) != len(names) or any(a.dtype.isbuiltin != 1 for a in arrays.values()):
            left_out["an input that .npy cannot hold"] += 1
            return
        rows.append(arrays)
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    for i, arrays in enumerate(rows):
        with open(data / f"{i}.npz", "wb") as f:
            numpy.savez(f, **{"file_" if k == "file" else k: v for k, v in arrays.items()})
    print(folder)


def array(value):
    """What a case gives for an input: an array, a number, or a tensor of onnx."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else numpy.asarray(value)


def noise(model):
    """The models of the set light come without inputs."""
    random = numpy.random.default_rng(1)
    return [random.random([d.dim_value for d in i.type.tensor_type.shape.dim], numpy.float32) for i in inputs(model)]


def tensor(path):
    t = onnx.TensorProto()
    t.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(t)


def main(out):
    warnings.filterwarnings("ignore")
    shipped = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data"
    for name in ("simple", "pytorch-converted", "pytorch-operator"):
        for test in sorted((shipped / name).iterdir()):
            if not (test / "model.onnx").exists():
                continue
            files = [sorted(s.glob("input_*.pb"), key=lambda p: int(p.stem[6:])) for s in sorted(test.glob("test_data_set_*"))]
            model = onnx.load(test / "model.onnx")
            if any(i.type.WhichOneof("value") != "tensor_type" for i in model.graph.input):
                left_out[SEQUENCE] += 1
            else:
                lay_out(out / name / test.name, model, [[tensor(p) for p in s] for s in files])
    for file in sorted((shipped / "light").glob("light_*.onnx")):
        model = onnx.load(file)
        lay_out(out / "light" / file.stem, model, [noise(model)])
    for case in sorted(collect_testcases(None), key=lambda c: c.name):
        if case.model is None:
            continue
        if any(i.type.WhichOneof("value") != "tensor_type" for i in case.model.graph.input):
            left_out[SEQUENCE] += 1
        else:
            lay_out(out / "node" / case.name, case.model, [[array(v) for v in inputs] for inputs, _ in case.data_sets])
    for reason, count in left_out.most_common():
        print(f"left out: {count} {reason}", file=sys.stderr)


main(pathlib.Path(sys.argv[1]))
