"""Measures what 'detent analyze' says: one layer at a time is put back to float in the exported file, and ONNX Runtime runs it.

    leave_one_float.py MODEL.onnx RUN/MODEL.qdq.onnx DATA [--preset imagenet] [--samples 32] [--mode literal|fused] [--analysis RUN/analysis.json]

Of every node that reads quantized tensors, its weights, its bias and what it reads become float (Detent's definition of a layer); the gain in dB
of the outputs against the float model is printed, and, with --analysis, the rank correlation (Spearman) with what Detent measured.
literal runs the file's nodes one by one, as Detent's simulation does; fused lets ONNX Runtime use its integer kernels.
"""
import argparse
import json
import os

from common import need

onnx = need("onnx")
ort = need("onnxruntime")
np = need("numpy")
pictures = need("images")


def images(path, preset, count):
    """Samples of a folder of pictures or an array, as images.py makes them; preset none leaves the numbers alone."""
    scaled = (lambda x: (x / 255 - pictures.MEAN) / pictures.STD) if preset in ("imagenet", "cifar10") else (lambda x: x)
    if path.endswith(".npy"):
        data = np.load(path, mmap_mode="r")
        for i in range(min(count, len(data))):
            x = np.asarray(data[i:i + 1])
            yield np.ascontiguousarray(scaled(x.astype(np.float32)) if x.dtype == np.uint8 else x, dtype=np.float32)
        return
    for name in sorted(f for f in os.listdir(path) if f.lower().endswith((".png", ".jpg", ".jpeg", ".bmp")))[:count]:
        yield np.ascontiguousarray(scaled(pictures.picture(os.path.join(path, name), preset == "imagenet"))[None], dtype=np.float32)


def session(model, mode):
    options = ort.SessionOptions()
    options.graph_optimization_level = (
        ort.GraphOptimizationLevel.ORT_DISABLE_ALL if mode == "literal" else ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model, mode, samples):
    s = session(model, mode)
    names = [i.name for i in s.get_inputs()]
    return [s.run(None, dict(zip(names, x if isinstance(x, tuple) else (x,)))) for x in samples]


def error(reference, result):
    """Noise over signal, of several outputs the mean of that."""
    ratios = []
    for k in range(len(reference[0])):
        if reference[0][k].dtype != np.float32:
            continue
        signal = sum(float(np.sum(r[k].astype(np.float64) ** 2)) for r in reference)
        noise = sum(float(np.sum((r[k].astype(np.float64) - x[k]) ** 2)) for r, x in zip(reference, result))
        ratios.append(noise / signal if signal else 0)
    return float(np.mean(ratios))


def without(model, originals, name):
    """A copy in which the node reads float; None when it reads nothing that is quantized."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    producers = {o: n for n in copy.graph.node for o in n.output}
    node = next(n for n in copy.graph.node if n.name == name)
    changed = False
    for i, value in enumerate(node.input):
        dq = producers.get(value)
        if dq is None or dq.op_type != "DequantizeLinear":
            continue
        source = dq.input[0]
        q = producers.get(source)
        while q is not None and q.op_type == "Clip":  # narrower than its type
            q = producers.get(q.input[0])
        if q is not None and q.op_type == "QuantizeLinear":
            node.input[i] = q.input[0]
            changed = True
        elif source.endswith("_quantized") and source[:-len("_quantized")] in originals:
            stem = source[:-len("_quantized")]
            fresh = stem + "_leave_one_float"
            tensor = onnx.TensorProto()
            tensor.CopyFrom(originals[stem])
            tensor.name = fresh
            copy.graph.initializer.append(tensor)
            node.input[i] = fresh
            changed = True
        else:
            print(f"# {name}: no float values of {source}")
    return copy if changed else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("quantized")
    parser.add_argument("data")
    parser.add_argument("--preset", default="none")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--mode", default="literal")
    parser.add_argument("--analysis")
    parser.add_argument("--tsv")
    args = parser.parse_args()
    original, quantized = onnx.load(args.model), onnx.load(args.quantized)
    originals = {t.name: t for t in original.graph.initializer}
    if args.data.startswith("npz:") or "=" in args.data:
        parts = dict(p.split("=", 1) for p in args.data.removeprefix("npz:").split(","))
        order = [i.name for i in original.graph.input if i.name not in originals]
        arrays = [np.load(parts[n], mmap_mode="r") for n in order]
        samples = [tuple(np.asarray(a[i:i + 1]) for a in arrays) for i in range(min(args.samples, len(arrays[0])))]
    else:
        samples = list(images(args.data, args.preset, args.samples))
    reference = run(original, "fused", samples)
    base = error(reference, run(quantized, args.mode, samples))
    print(f"{os.path.basename(args.quantized)}, {len(samples)} samples, {args.mode}: all quantized {-10 * np.log10(base):.2f} dB")
    gains = {}
    for node in quantized.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            continue
        changed = without(quantized, originals, node.name)
        if changed is not None:
            gains[node.name] = 10 * np.log10(base / error(reference, run(changed, args.mode, samples)))
    for name, gain in sorted(gains.items(), key=lambda g: -g[1])[:10]:
        print(f"  {name}: {gain:+.3f} dB in float")
    if args.tsv:
        with open(args.tsv, "w") as f:
            f.writelines(f"{n}\t{g}\n" for n, g in gains.items())
    if args.analysis:
        stats = need("scipy.stats")
        told = {u["name"]: u["inContext"]["gain"] for u in json.load(open(args.analysis))["layers"]}
        both = [n for n in gains if n in told]
        rho = stats.spearmanr([gains[n] for n in both], [told[n] for n in both])[0]
        print(f"Spearman of Detent's ranking and this: {rho:.3f} over {len(both)} layers")


if __name__ == "__main__":
    main()
