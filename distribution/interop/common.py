"""What the scripts share: leaving with a reason when a consumer is absent, and one line per result."""
import importlib
import sys


def need(module):
    """Imports a consumer, or ends the script with exit code 77 (skipped) and a reason."""
    try:
        return importlib.import_module(module)
    except Exception as e:  # a consumer may fail in many ways while it loads
        print(f"skipped: {module} is not usable here ({e}); pip install {module}")
        sys.exit(77)


def snr(reference, result):
    import numpy as np
    noise = np.sum((reference.astype(np.float64) - result) ** 2)
    return float("inf") if noise == 0 else 10 * np.log10(np.sum(reference.astype(np.float64) ** 2) / noise)


def report(consumer, what, reference, result, note=""):
    import os
    agree = (reference.argmax(1) == result.argmax(1)).mean()
    print(f"{consumer}: {os.path.basename(what)}: agreement {100 * agree:.2f} %, SNR {snr(reference, result):.2f} dB over {len(reference)} samples"
          + (f"; {note}" if note else ""))
