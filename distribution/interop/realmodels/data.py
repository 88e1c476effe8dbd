"""Inputs of each network, one dictionary of arrays with the network's own shapes per sample; calibration and evaluation draw from other seeds."""
import functools
import json
import pathlib
import sysconfig

import numpy as np
import onnxruntime as ort

import sounds
from fetch import fetch


@functools.lru_cache(maxsize=None)
def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options)


class Data:
    """cache: where the models are; images: a folder of photographs, or None."""

    def __init__(self, cache, images):
        self.cache, self.images = cache, images

    def samples(self, name, part, count):
        seed = {"calibration": 1000, "evaluation": 5000}[part]
        return getattr(self, name)(seed, count)

    # --- speech
    def silero_ov16k(self, seed, count):
        """The states are the network's own, from what it heard before."""
        model = session(fetch(self.cache, "silero_ov16k"))
        found, k = [], 0
        while len(found) < count:
            wave, state = sounds.speech(seed + k, 6), np.zeros((2, 1, 128), np.float32)
            for i in range(64, len(wave) - 512, 512):
                feed = {"input": wave[None, i - 64:i + 512], "state": state}
                if (i // 512) % 20 == 7:
                    found.append(feed)
                state = model.run(None, feed)[1]
            k += 1
        return found[:count]

    silero_half = silero_ov16k

    def silero_seq(self, seed, count):
        zero = np.zeros((1, 1, 128), np.float32)
        return [{"input": np.stack([w[i - 64:i + 512] for i in range(64, len(w) - 512, 512)]), "h": zero, "c": zero}
                for w in (sounds.speech(seed + k, 3) for k in range(count))]

    def dnsmos(self, seed, count):
        return [{"input_1": sounds.speech(seed + k, 9.01)[None, :144160]} for k in range(count)]

    def dnsmos_p808(self, seed, count):
        rng = np.random.default_rng(seed)
        bank = mel_bank(120, 321)
        return [{"input_1": decibels(power(sounds.speech(seed + k, 9.1), 321, 160)[:900] @ bank.T + rng.uniform(1e-9, 1e-8))[None].astype(np.float32)}
                for k in range(count)]

    def plcmos(self, seed, count):
        rng = np.random.default_rng(seed)
        return [{"degraded_audio": (np.log(np.maximum(power(lossy(rng, sounds.speech(seed + k, 4)), 512, 256), 1e-12)) / 20)[None, None].astype(np.float32),
                 "rater_embed": rng.normal(size=(1, 64)).astype(np.float32)} for k in range(count)]

    def basic_pitch(self, seed, count):
        return [{"serving_default_input_2:0": sounds.music(seed + k, 43844, 22050)[None, :, None]} for k in range(count)]

    # --- wake words: each network takes what the one before makes
    def oww_melspec(self, seed, count):
        return [{"input": self.words(seed + k, k)[None] * 32767} for k in range(count)]

    def words(self, seed, k):
        return sounds.speech(seed, 2.2, [None, "alexa", "hey jarvis"][k % 3])

    def oww_embedding(self, seed, count):
        rng = np.random.default_rng(seed)
        return [{"input_1": self.windows(seed + k, k)[rng.integers(16)][None, :, :, None]} for k in range(count)]

    def windows(self, seed, k):
        mel = session(fetch(self.cache, "oww_melspec")).run(None, {"input": self.words(seed, k)[None] * 32767})[0].squeeze() / 10 + 2
        return [mel[i:i + 76] for i in range(0, len(mel) - 75, 8)][:16]

    def features(self, seed, k):
        w = np.stack(self.windows(seed, k))[..., None]
        return session(fetch(self.cache, "oww_embedding")).run(None, {"input_1": w})[0].reshape(1, 16, 96)

    def oww_alexa(self, seed, count):
        return [{"onnx::Flatten_0": self.features(seed + k, k)} for k in range(count)]

    def oww_jarvis(self, seed, count):
        return [{"x.1": self.features(seed + k, k)} for k in range(count)]

    # --- brain waves: background, spindles of 11 to 16 Hz, their power in 15 bands
    def eeg_spindle(self, seed, count):
        found = []
        for k in range(count):
            rng = np.random.default_rng(seed + k)
            t = np.arange(7500) / 250
            x = sounds.noise(rng, 7500, 1) * 2
            for _ in range(rng.integers(2, 7)):
                x += rng.uniform(0.5, 2) * np.exp(-((t - rng.uniform(0, 30)) / 0.4) ** 2) * np.sin(2 * np.pi * rng.uniform(11, 16) * t)
            spectrum = np.fft.rfft(x)
            f = np.fft.rfftfreq(7500, 1 / 250)
            bands = np.stack([np.abs(analytic(spectrum * np.exp(-((f - c) / 1.5) ** 2))) for c in np.linspace(4, 25, 15)])
            found.append({"raw_signal": (x / x.std())[None, None].astype(np.float32), "spectrogram": (bands / bands.std())[None].astype(np.float32)})
        return found

    # --- pictures
    def photographs(self, seed, count, size):
        from PIL import Image
        files = sorted(p for p in pathlib.Path(self.images).rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
        chosen = np.random.default_rng(7).permutation(len(files))[seed // 1000 * 64 % max(1, len(files) - count):][:count]
        return [np.asarray(Image.open(files[i]).convert("RGB").resize((size, size)), np.float32) for i in chosen]

    def nudenet320n(self, seed, count):
        return [{"images": p.transpose(2, 0, 1)[None] / 255} for p in self.photographs(seed, count, 320)]

    def open_nsfw(self, seed, count):
        return [{"input_0": p[None, :, :, ::-1] - np.array([104, 117, 123], np.float32)} for p in self.photographs(seed, count, 224)]

    def line(self, seed, height, width, colour=True):
        from PIL import Image, ImageDraw, ImageFont
        rng = np.random.default_rng(seed)
        fonts = sorted(pathlib.Path("/usr/share/fonts").rglob("*.ttf"))
        words = " ".join(sounds.SENTENCES).split()
        text = " ".join(words[i] for i in rng.integers(len(words), size=rng.integers(2, 5)))[:26]
        back = rng.integers(150, 256, 3)
        picture = Image.new("RGB", (width, height), tuple(int(v) for v in back))
        font = ImageFont.truetype(str(fonts[rng.integers(len(fonts))]), int(height * 0.55)) if fonts else ImageFont.load_default(height * 0.5)
        ImageDraw.Draw(picture).text((6, height * 0.12), text, fill=tuple(int(v) for v in rng.integers(0, 90, 3)), font=font)
        x = np.asarray(picture, np.float32) + rng.normal(0, rng.uniform(0, 12), (height, width, 3))
        return np.clip(x, 0, 255).astype(np.float32)

    def ppocr_rec_v4(self, seed, count):
        return [{"x": (self.line(seed + k, 48, 320).transpose(2, 0, 1)[None] / 255 - 0.5) / 0.5} for k in range(count)]

    def ppocr_cls(self, seed, count):
        return [{"x": ((self.line(seed + k, 48, 192)[::-1, ::-1] if k % 2 else self.line(seed + k, 48, 192)).transpose(2, 0, 1)[None] / 255 - 0.5) / 0.5}
                for k in range(count)]

    def ddddocr_crnn(self, seed, count):
        return [{"input1": (self.line(seed + k, 64, 160).mean(2)[None, None] / 255 - 0.5) / 0.5} for k in range(count)]

    # --- text and bytes
    def slovorez(self, seed, count):
        words = [w for w in json.loads(fetch(self.cache, "slovorez_words").read_text()) if w.isalpha()]
        letters = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
        rng = np.random.default_rng(seed)
        found = []
        for i in rng.integers(len(words), size=count):
            code = [2 + letters.find(c) for c in words[i].lower() if c in letters][:64]
            found.append({"input_layer": np.array([code + [0] * (64 - len(code))], np.int32)})
        return found

    def magika(self, seed, count):
        files = sorted(p for s in (".py", ".txt", ".so", ".json", ".pyc", ".h", ".exe", ".md", ".toml", ".png", ".c")
                       for p in sorted(pathlib.Path(sysconfig.get_paths()["purelib"]).rglob("*" + s))[:40])
        rng = np.random.default_rng(seed)
        found = []
        for i in rng.permutation(len(files))[:count]:
            raw = files[i].read_bytes().strip()
            head, tail = list(raw[:1024]), list(raw[-1024:])
            found.append({"bytes": np.array([head + [256] * (1024 - len(head)) + [256] * (1024 - len(tail)) + tail], np.int32)})
        return found

    def bge_small(self, seed, count):
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(str(fetch(self.cache, "bge_small_tokenizer")))
        lines = [line.strip() for f in sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py")) for line in f.read_text(errors="ignore").splitlines()
                 if 40 < len(line.strip()) < 200 and line.strip()[0].isupper() and line.strip()[-1] == "."]
        rng = np.random.default_rng(seed)
        found = []
        for i in rng.integers(len(lines), size=count):
            ids = tokenizer.encode(lines[i]).ids
            ids = ids[:ids.index(0)] if 0 in ids else ids
            a = np.array([ids[:64]], np.int64)
            found.append({"input_ids": a, "attention_mask": np.ones_like(a), "token_type_ids": np.zeros_like(a)})
        return found


def power(x, size, hop):
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x.astype(np.float64), size // 2), size)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(size), 2 * (size // 2) if size % 2 == 0 else 640)) ** 2


def decibels(x):
    return (10 * np.log10(np.maximum(x / x.max(), 1e-8)) + 40) / 40


def mel_bank(bands, bins):
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), bands + 2) / 2595) - 1)
    f = np.linspace(0, 8000, bins)
    return np.maximum(0, np.minimum((f - edges[:-2, None]) / np.diff(edges)[:-1, None], (edges[2:, None] - f) / np.diff(edges)[1:, None]))


def lossy(rng, x):
    """Packets of 20 ms are lost, as on a bad line."""
    x = x.copy()
    for i in range(0, len(x), 320):
        if rng.uniform() < 0.08:
            x[i:i + 320] = 0
    return x


def analytic(half):
    full = np.zeros(2 * (len(half) - 1), complex)
    full[:len(half)] = 2 * half
    return np.fft.ifft(full)
