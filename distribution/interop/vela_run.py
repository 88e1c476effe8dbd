"""Compiles Detent's .tflite for Arm's Ethos-U with Vela and says how many operators the NPU takes.

    python vela_run.py OUT

OUT is the folder of `detent quantize --backend litert`. What Vela cannot place runs on the Cortex-M and counts as a CPU operator.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

from common import need

need("ethosu.vela")

if __name__ == "__main__":
    file = glob.glob(os.path.join(sys.argv[1], "*.tflite"))[0]
    tool = os.path.join(os.path.dirname(sys.executable), "vela")
    with tempfile.TemporaryDirectory() as work:
        run = subprocess.run([tool, file, "--accelerator-config", "ethos-u55-128", "--output-dir", work], capture_output=True, text=True)
    text = run.stdout + run.stderr
    counts = [int(n) for kind in ("NPU", "CPU") for n in re.findall(kind + r" operators = (\d+)", text)]
    if run.returncode or len(counts) != 2:
        sys.exit("Vela refuses " + os.path.basename(file) + ": " + text.strip().splitlines()[-1])
    print(f"Vela: {os.path.basename(file)}: {counts[0]} operators on the Ethos-U55, {counts[1]} on the CPU: "
          + ("ok" if counts[1] == 0 else "not all on the NPU"))
