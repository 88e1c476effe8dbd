"""Quantizes each network with `detent` and with ONNX Runtime's quantize_static on the same samples, and prints what each is worth."""
import argparse
import concurrent.futures
import multiprocessing
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort

from data import Data
from fetch import fetch

#: samples for calibration and for evaluation
MODELS = {
    "silero_ov16k": 64, "silero_seq": 12, "silero_half": 64, "oww_melspec": 24, "oww_embedding": 48, "oww_alexa": 48, "oww_jarvis": 48,
    "dnsmos": 5, "dnsmos_p808": 16, "plcmos": 16, "basic_pitch": 12, "eeg_spindle": 12, "nudenet320n": 16, "open_nsfw": 16, "ppocr_rec_v4": 24,
    "ppocr_cls": 24, "ddddocr_crnn": 24, "slovorez": 64, "magika": 32, "bge_small": 24}
PHOTOGRAPHS = {"nudenet320n", "open_nsfw"}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--cache", type=pathlib.Path, required=True)
    p.add_argument("--images", type=pathlib.Path, help="folder of photographs; without it the models of photographs are left out")
    p.add_argument("--only", default=",".join(MODELS))
    p.add_argument("--backend", default="onnxruntime")
    p.add_argument("--detent", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / "target")
    p.add_argument("--set", action="append", default=[])
    p.add_argument("--option", action="append", default=[], help="any other option of detent quantize, as NAME=VALUE")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--no-speed", action="store_true")
    args = p.parse_args()
    if args.detent.is_dir():
        args.detent = next(args.detent.glob("detent-*/bin/detent"))
    data = Data(args.cache, args.images)
    print("| model | outputs of detent, dB (agreement) | of quantize_static | speed, float/int8: detent | quantize_static | size: detent | quantize_static | s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.only.split(","):
        if name in PHOTOGRAPHS and not args.images:
            print(f"| {name} | needs --images |")
            continue
        print(row(name, args, data), flush=True)


def row(name, args, data):
    model = fetch(args.cache, name)
    work = args.cache / "runs" / name
    parts = {part: made(work / part, data, name, part) for part in ("calibration", "evaluation")}
    clean = work / "float.onnx"
    if not clean.exists():
        shutil.copy(model, clean)
    ours = work / args.backend
    started = time.time()
    failure = detent(args, clean, parts["calibration"], ours)
    seconds = time.time() - started
    theirs = work / "static.onnx"
    if not theirs.exists():
        apart(static, model, parts["calibration"], theirs)
    mine = next((f for f in sorted(ours.glob("*.onnx"))), None) if not failure else None
    cells = [failure or apart(score, name, clean, mine, parts["evaluation"]), apart(score, name, clean, theirs, parts["evaluation"])]
    runs = [f if f and cell not in ("crashed", "INVALID") else None for f, cell in zip((mine, theirs), cells)]
    speeds = ["-", "-"] if args.no_speed else apart(speed, clean, runs, parts["evaluation"], args.threads)
    speeds = [speeds, speeds] if speeds == "crashed" else speeds
    sizes = [f"{f.stat().st_size / clean.stat().st_size:.2f}" if f and f.exists() else "-" for f in (mine, theirs)]
    return "| " + " | ".join([name, *cells, *speeds, *sizes, f"{seconds:.0f}"]) + " |"


def apart(work, *args):
    """What work(*args) returns, from a process of its own: "crashed" when native code took that process down with it."""
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        try:
            return one.submit(work, *args).result()
        except concurrent.futures.process.BrokenProcessPool:
            print(f"{work.__name__}: the process died ({args[0]})", file=sys.stderr)
            return "crashed"


def read(folder):
    return [dict(np.load(f)) for f in sorted(folder.glob("*.npz"))]


def made(folder, data, name, part):
    """One .npz per sample, made once."""
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for i, sample in enumerate(data.samples(name, part, MODELS[name])):
            np.savez(partial / f"{i:04}.npz", **{k: np.ascontiguousarray(v) for k, v in sample.items()})
        partial.rename(folder)
    return folder


def detent(args, model, calibration, out):
    command = [args.detent, "quantize", model, "--backend", args.backend, "--calibration", calibration, "--out", out]
    command += [f"--set={s}" for s in args.set] + [f"--{o}" for o in args.option]
    done = subprocess.run(command, capture_output=True, text=True)
    (out.parent / "detent.log").write_text(done.stdout + done.stderr)
    return "" if done.returncode == 0 else f"rc {done.returncode}: " + done.stderr.strip().split("\n")[-1][:100]


def static(model, calibration, out):
    """As ONNX Runtime's documentation advises: shapes inferred first, Q/DQ, per channel, uint8 activations and int8 weights."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quant_pre_process, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.files = iter(sorted(calibration.glob("*.npz")))

        def get_next(self):
            f = next(self.files, None)
            return dict(np.load(f)) if f else None

    ready = out.with_suffix(".pre.onnx")
    try:
        try:
            quant_pre_process(str(model), str(ready), auto_merge=True)
        except Exception:
            try:
                quant_pre_process(str(model), str(ready), skip_symbolic_shape=True)
            except Exception:
                shutil.copy(model, ready)
        quantize_static(str(ready), str(out), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    except Exception as e:
        print(f"quantize_static: {e}", file=sys.stderr)
    finally:
        ready.unlink(missing_ok=True)


def session(path, threads=1):
    """On one thread: with two, ONNX Runtime 1.28 dies of the file that quantize_static makes of eeg_spindle."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(path), options)


def outputs(path, samples):
    s = session(path)
    names = [o.name for o in s.get_outputs() if "float" in o.type]
    return names, [s.run(names, x) for x in samples]


def score(name, clean, path, evaluation):
    """SNR of each output over all samples, and the rows of the first whose arg-max stays."""
    if path is None or not path.exists():
        return "-"
    samples = read(evaluation)
    names, exact = outputs(clean, samples)
    try:
        s = session(path)
        got = [s.run(names, x) for x in samples]
    except Exception:
        return "INVALID"
    texts = []
    for k in range(len(names)):
        noise = sum(np.sum((e[k].astype(np.float64) - g[k]) ** 2) for e, g in zip(exact, got))
        signal = sum(np.sum(e[k].astype(np.float64) ** 2) for e in exact)
        texts.append("exact" if noise == 0 else f"{10 * np.log10(signal / noise):.1f}")
    special = {"nudenet320n": scores_alone, "ppocr_rec_v4": lines, "ddddocr_crnn": lines}.get(name)
    if special:
        return "/".join(texts) + special([e[0] for e in exact], [g[0] for g in got])
    if exact[0][0].shape[-1:] in ((), (1,)):
        return "/".join(texts)
    agree = np.mean([np.mean(e[0].argmax(-1) == g[0].argmax(-1)) for e, g in zip(exact, got)])
    return "/".join(texts) + f" ({100 * agree:.1f} %)"


def scores_alone(exact, got):
    noise = sum(np.sum((e[:, 4:].astype(np.float64) - g[:, 4:]) ** 2) for e, g in zip(exact, got))
    signal = sum(np.sum(e[:, 4:].astype(np.float64) ** 2) for e in exact)
    return f" (scores alone {10 * np.log10(signal / noise):.1f})"


def lines(exact, got):
    def text(x):
        best = x.reshape(-1, x.shape[-1]).argmax(-1)
        return [b for i, b in enumerate(best) if b and (i == 0 or best[i - 1] != b)]
    return f" ({sum(text(e) == text(g) for e, g in zip(exact, got))} of {len(exact)} lines)"


def speed(clean, files, evaluation, threads):
    """Float over quantized processor time: by turns over the same samples, best of several rounds."""
    def seconds(s):
        start = time.perf_counter()
        for x in some:
            s.run(None, x)
        return time.perf_counter() - start

    samples = read(evaluation)
    sessions = []
    for f in [clean, *files]:
        try:
            sessions.append(session(f, threads) if f and f.exists() else None)
        except Exception:
            sessions.append(None)
    some = samples[:1]
    once = max(1e-5, seconds(sessions[0]))
    some = (samples * max(1, int(0.05 / once / len(samples))))[:max(1, int(0.2 / once))]
    best = [float("inf")] * len(sessions)
    for _ in range(9):
        for i, s in enumerate(sessions):
            if s:
                best[i] = min(best[i], seconds(s))
    return [f"{best[0] / b:.2f}" if s else "-" for s, b in zip(sessions[1:], best[1:])]


if __name__ == "__main__":
    main()
