"""Every operator of the litert target, each as a branch of one model: quantized by Detent, run by LiteRT, compared with Detent's simulation.

    python litert_operators.py DETENT FOLDER [TARGET]

Prints a line for each branch: how many output codes are equal to those of the Q/DQ model in ONNX Runtime, and the largest difference. Ends with 1
when a branch differs by more than the kernels' rounding can.
"""
import os
import subprocess
import sys

from common import need
from litert_run import codes, last

np = need("numpy")
onnx = need("onnx")
ort = need("onnxruntime")
interpreter = need("ai_edge_litert.interpreter")
helper, numpy_helper, F = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
rng = np.random.default_rng(7)
nodes, constants, outputs = [], [], []


def const(*shape, low=None):
    name = f"c{len(constants)}"
    value = rng.standard_normal(shape).astype(np.float32) if low is None else rng.uniform(low, 1, shape).astype(np.float32)
    constants.append(numpy_helper.from_array(value, name))
    return name


def ints(*values):
    name = f"c{len(constants)}"
    constants.append(numpy_helper.from_array(np.array(values, np.int64), name))
    return name


def num(value):
    name = f"c{len(constants)}"
    constants.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return name


def node(op, *inputs, out=1, **attributes):
    names = [f"v{len(nodes)}_{i}_{op}" for i in range(out)]
    nodes.append(helper.make_node(op, list(inputs), names, name=f"n{len(nodes)}_{op}", **attributes))
    return names[0] if out == 1 else names


def end(*values):
    outputs.extend(values)


def build():
    x, t = "x", "t"  # 1,8,12,10 and 1,6,16
    conv = lambda v, o, i, k, **a: node("Conv", v, const(o, i, k, k), const(o), **a)
    end(conv(x, 6, 8, 3, pads=[1, 1, 1, 1]), conv(x, 6, 8, 3), conv(x, 6, 8, 3, pads=[1, 1, 1, 1], strides=[2, 2]))
    end(conv(x, 6, 8, 3, auto_pad="SAME_UPPER", strides=[2, 2]), conv(x, 6, 8, 3, dilations=[2, 2], pads=[2, 2, 2, 2]))
    end(conv(x, 8, 1, 3, group=8, pads=[1, 1, 1, 1]), conv(x, 16, 1, 3, group=8, pads=[0, 1, 2, 1]), conv(x, 8, 4, 3, group=2))
    end(node("Relu", conv(x, 6, 8, 1)), node("Clip", conv(x, 6, 8, 1), num(0), num(6)), node("Clip", conv(x, 6, 8, 1), num(-1), num(1)))
    end(node("Conv", t, const(5, 6, 3), const(5), pads=[1, 1]), node("Conv", x, const(6, 8, 3, 3)))
    end(node("ConvTranspose", x, const(8, 5, 4, 4), const(5), strides=[2, 2], pads=[1, 1, 1, 1]))
    end(node("ConvTranspose", x, const(8, 5, 3, 3), const(5), strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]))
    end(node("ConvTranspose", x, const(8, 5, 2, 2), strides=[2, 2]))
    flat = node("Flatten", x)
    end(node("Gemm", flat, const(960, 7), const(7)), node("Gemm", flat, const(7, 960), const(7), transB=1))
    end(node("MatMul", t, const(16, 9)), node("MatMul", t, node("Transpose", t, perm=[0, 2, 1])), node("MatMul", x, const(10, 4)))
    end(node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]))
    end(node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]))
    end(node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1))
    end(node("AveragePool", x, kernel_shape=[3, 3], auto_pad="SAME_UPPER"), node("GlobalAveragePool", x), node("GlobalMaxPool", x))
    end(node("ReduceMean", x, axes=[2, 3], keepdims=0), node("ReduceMean", x, axes=[1], keepdims=1), node("ReduceMean", t, axes=[-1], keepdims=0))
    end(node("Add", x, x), node("Add", x, const(8, 1, 1)), node("Sub", x, node("Relu", x)), node("Mul", x, node("Sigmoid", x)))
    end(node("Relu", node("Add", x, node("Tanh", x))), node("Add", t, const(16)), node("Mul", x, node("GlobalAveragePool", x)))
    end(node("Add", x, const(10)), node("Div", x, num(3)), node("Max", x, num(0.1)), node("Pow", x, num(2)))
    end(node("Relu", x), node("Clip", x, num(-0.5), num(0.7)), node("Clip", x, num(0), num(6)), node("LeakyRelu", x, alpha=0.1))
    end(node("PRelu", x, const(8, 1, 1, low=0)), node("Elu", x), node("HardSwish", x), node("HardSigmoid", x), node("Sigmoid", x), node("Tanh", x))
    end(node("Softmax", x, axis=1), node("Softmax", t, axis=-1), node("Softmax", x, axis=3))
    end(node("Concat", x, node("Relu", x), axis=1), node("Concat", t, node("Sigmoid", t), axis=2))
    end(node("Reshape", x, ints(1, 8, 120)), node("Reshape", t, ints(1, 4, 6, 4)), node("Squeeze", node("GlobalAveragePool", x), ints(2, 3)))
    end(node("Unsqueeze", t, ints(1)), node("Transpose", x, perm=[0, 2, 3, 1]), node("Transpose", t, perm=[0, 2, 1]))
    end(node("Transpose", node("Reshape", x, ints(1, 2, 4, 12, 10)), perm=[0, 2, 1, 3, 4]))
    end(node("Slice", x, ints(1), ints(7), ints(1), ints(2)), node("Slice", x, ints(-3), ints(-1), ints(3)), node("Slice", t, ints(-1), ints(-99), ints(2), ints(-1)))
    end(*node("Split", x, ints(3, 5), out=2, axis=1), *node("Split", x, out=2, axis=2))
    end(node("Pad", x, ints(0, 0, 1, 2, 0, 0, 3, 1)), node("Pad", x, ints(0, 0, 1, 2, 0, 0, 3, 1), mode="reflect"), node("Pad", x, ints(0, 1, 0, 0, 0, 0, 0, 0), num(0.5)))
    end(node("Tile", x, ints(1, 2, 1, 1)), node("Gather", x, ints(3, 0, 5), axis=1))
    end(node("DepthToSpace", x, blocksize=2), node("DepthToSpace", x, blocksize=2, mode="CRD"), node("SpaceToDepth", x, blocksize=2))
    sizes = lambda h, w: ("", "", ints(1, 8, h, w))
    end(node("Resize", x, *sizes(24, 20), mode="linear"), node("Resize", x, *sizes(17, 9), mode="linear", coordinate_transformation_mode="align_corners"))
    end(node("Resize", x, *sizes(24, 20), mode="linear", coordinate_transformation_mode="asymmetric"))
    end(node("Resize", x, *sizes(24, 30), mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"), node("Resize", x, *sizes(24, 20), mode="nearest"))
    end(node("Exp", x), node("Sqrt", node("Abs", x)), node("Neg", x))
    end(node("LayerNormalization", t, const(16), const(16)), node("ReduceMax", x, axes=[1]), node("ReduceSum", x, ints(2)))
    end(node("Identity", node("Relu", t)), node("BatchNormalization", node("Reshape", x, ints(1, 8, 12, 10)), const(8), const(8), const(8), const(8, low=0.1)))
    end(node("MaxPool", t, kernel_shape=[2], strides=[2]))
    graph = helper.make_graph(nodes, "operators", [helper.make_tensor_value_info("x", F, [1, 8, 12, 10]), helper.make_tensor_value_info("t", F, [1, 6, 16])],
                              [helper.make_tensor_value_info(o, F, None) for o in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return onnx.shape_inference.infer_shapes(model)


def main():
    detent, folder = sys.argv[1:3]
    target = sys.argv[3] if len(sys.argv) > 3 else "litert"
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "operators.onnx")
    onnx.save(build(), path)
    data = {"x": rng.standard_normal((8, 8, 12, 10)).astype(np.float32), "t": rng.standard_normal((8, 6, 16)).astype(np.float32)}
    for name, values in data.items():
        np.save(os.path.join(folder, name + ".npy"), values)
    calibration = ",".join(f"{n}={os.path.join(folder, n)}.npy" for n in data)
    for form in ("tflite", "qdq"):
        subprocess.run([detent, "quantize", path, "--backend", target, "--format", form, "--set", "dispatcher=allin", "--calibration", calibration,
                        "--out", os.path.join(folder, form)], check=True, stdout=subprocess.DEVNULL)
    lite = interpreter.Interpreter(os.path.join(folder, "tflite", "operators.tflite"),
                                   experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    runner = lite.get_signature_runner()
    feeds, results = runner.get_input_details(), runner.get_output_details()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(os.path.join(folder, "qdq", "operators.qdq.onnx"), options, providers=["CPUExecutionProvider"])
    sample = {n: v[:1] for n, v in data.items()}
    wanted = dict(zip([o.name for o in session.get_outputs()], session.run(None, sample)))
    got = runner(**{n: codes(last(v), feeds[n]) for n, v in sample.items()})
    bad = 0
    for name in outputs:
        d = results[name]
        expected = codes(last(wanted[name]), d)
        if expected.shape != got[name].shape:
            print(f"{name}: shape {got[name].shape}, not {expected.shape}")
            bad += 1
        elif d["quantization"][0]:
            difference = np.abs(expected.astype(int) - got[name].astype(int))
            print(f"{name}: {100 * (difference == 0).mean():.1f} % equal, largest difference {difference.max()}")
            bad += difference.max() > 2
        else:
            difference = np.abs(expected - got[name]).max() / np.abs(expected).max()
            print(f"{name}: float, largest difference {difference:.1e}")
            bad += difference > 1e-3
    print(f"LiteRT: {len(outputs)} operators of {target}, {bad} with a difference beyond rounding")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
