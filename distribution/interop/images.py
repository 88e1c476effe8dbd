"""Writes preprocessed float32 samples, NCHW, for the scripts beside it.

    python images.py FOLDER_OR_U8_NPY COUNT OUT.npy

As `--preset imagenet` does it for a folder of pictures (shorter side 256, centre 224), as `--preset cifar10` for a uint8 array.
"""
import glob
import os
import sys

import numpy as np

MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


def picture(path, crop=True):
    from PIL import Image
    image = Image.open(path).convert("RGB")
    if not crop:
        return np.asarray(image, np.float32).transpose(2, 0, 1)
    scale = 256 / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.BILINEAR)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    return np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32).transpose(2, 0, 1)


if __name__ == "__main__":
    source, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if os.path.isdir(source):
        files = sorted(glob.glob(os.path.join(source, "*.png")) + glob.glob(os.path.join(source, "*.jpg")))
        pixels = np.stack([picture(f) for f in files[:count]])
    else:
        pixels = np.load(source, mmap_mode="r")[:count].astype(np.float32)
    np.save(out, (pixels / 255 - MEAN) / STD)
