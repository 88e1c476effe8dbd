"""Speech by espeak-ng, and music, both with noise: numpy arrays between -1 and 1, the same at every run."""
import ctypes
import functools

import numpy as np

VOICES = ["en-us", "en-gb", "de", "fr-fr", "es", "it", "nl", "pl"]
SENTENCES = [
    "The quick brown fox jumps over the lazy dog.", "Please turn the light in the kitchen off at nine.", "Wednesday will be cloudy with some rain.",
    "She sells sea shells by the sea shore.", "Four hundred and twenty seven people came.", "Where did you leave the keys of the blue car?",
    "alexa, what time is it", "hey jarvis, play some music", "alexa", "hey jarvis", "I would like a cup of tea, thank you.", "It never rains but it pours."]


@functools.lru_cache(maxsize=None)
def library():
    import espeakng_loader
    lib = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = lib.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
    return lib, rate


@functools.lru_cache(maxsize=None)
def spoken(text, voice, words_per_minute, pitch, rate=16000):
    lib, native = library()
    chunks = []
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

    def take(wave, n, events):
        if wave and n:
            chunks.append(np.ctypeslib.as_array(wave, (n,)).copy())
        return 0

    kept = callback(take)
    lib.espeak_SetSynthCallback(kept)
    lib.espeak_SetVoiceByName(voice.encode())
    lib.espeak_SetParameter(1, words_per_minute, 0)
    lib.espeak_SetParameter(3, pitch, 0)
    data = text.encode() + b"\0"
    lib.espeak_Synth(data, len(data), 0, 0, 0, 1, None, None)
    lib.espeak_Synchronize()
    wave = np.concatenate(chunks).astype(np.float64) / 32768
    at = np.arange(0, len(wave) - 1, native / rate)
    return np.interp(at, np.arange(len(wave)), wave)


def noise(rng, n, colour):
    spectrum = rng.normal(size=n // 2 + 1) + 1j * rng.normal(size=n // 2 + 1)
    x = np.fft.irfft(spectrum / np.maximum(np.arange(n // 2 + 1), 1) ** colour, n)
    return x / np.abs(x).max()


def speech(seed, seconds, only=None):
    """Sentences and pauses of several voices over noise of 0 to 40 dB below."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 16000)
    x = np.zeros(n)
    at = int(rng.uniform(0, 0.4) * 16000)
    while at < n:
        text = only or SENTENCES[rng.integers(len(SENTENCES))]
        wave = spoken(text, VOICES[rng.integers(len(VOICES))], int(rng.integers(13, 20)) * 10, int(rng.integers(2, 8)) * 10) * rng.uniform(0.2, 1)
        k = min(len(wave), n - at)
        x[at:at + k] += wave[:k]
        at += len(wave) + int(rng.uniform(0.1, 0.8) * 16000)
    x += noise(rng, n, rng.uniform(0, 1)) * 10 ** (-rng.uniform(0, 40) / 20) * 0.3
    return (x / max(1, np.abs(x).max())).astype(np.float32)


def music(seed, n, rate):
    rng = np.random.default_rng(seed)
    x = np.zeros(n)
    t = np.arange(n) / rate
    for _ in range(rng.integers(4, 16)):
        f = 440 * 2 ** (rng.integers(-30, 28) / 12)
        start = rng.uniform(0, t[-1])
        envelope = np.where(t >= start, np.exp(-(t - start) * rng.uniform(1, 8)), 0)
        for h in range(1, 8):
            if f * h < rate / 2:
                x += envelope * np.sin(2 * np.pi * f * h * (t - start)) * rng.uniform(0.2, 1) / h
    x += noise(rng, n, 0.5) * 10 ** (-rng.uniform(20, 50) / 20)
    return (x / np.abs(x).max() * rng.uniform(0.1, 0.9)).astype(np.float32)
