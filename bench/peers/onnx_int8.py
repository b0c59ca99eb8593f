"""Peer: the network of the model file in ONNX Runtime, int8 (dynamic quantisation), one thread, over given pieces as in torch_float32.py.

Of a few settings the fastest one here is used. Fusing attention with onnxruntime.transformers before quantisation changed no time (docs/performance.md).
The exported networks are kept in BUILD/bench/onnx; they are made in a process of their own (--variant export), so that PyTorch's memory is not counted.
"""
from __future__ import annotations

import statistics
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

from peer import arguments, missing, serve

try:
    import onnxruntime
    from model_file import Cutter, read_tensors
except ImportError as error:
    missing(error)

SETTINGS = {"int8 a channel, 7 bits": {"per_channel": True, "reduce_range": True}, "int8 a matrix, 7 bits": {"reduce_range": True}, "uint8": {}}
TRIES = 5


def folder(args: Namespace) -> Path:
    return Path(args.build) / "bench" / "onnx"


def path_of(args: Namespace, setting: str) -> Path:
    return folder(args) / f"{setting.replace(' ', '-').replace(',', '')}.onnx"


def export(args: Namespace) -> None:
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from torch_network import read_network

    folder(args).mkdir(parents=True, exist_ok=True)
    whole, axes = folder(args) / "float32.onnx", {0: "batch", 1: "pieces"}
    torch.onnx.export(read_network(read_tensors(args.model)), (torch.zeros((1, 16), dtype=torch.long),), str(whole), input_names=["ids"], output_names=["logits"],
                      dynamic_axes={"ids": axes, "logits": axes}, dynamo=False, opset_version=17)
    for setting, options in SETTINGS.items():
        kind = QuantType.QUInt8 if setting == "uint8" else QuantType.QInt8
        quantize_dynamic(whole, path_of(args, setting), weight_type=kind, **options)


def is_fresh(args: Namespace) -> bool:
    made = [path_of(args, setting) for setting in SETTINGS]
    return all(p.exists() and p.stat().st_mtime > Path(args.model).stat().st_mtime for p in made)


def main() -> None:
    args = arguments()
    if args.variant == "export":
        return export(args)
    if not is_fresh(args):
        done = subprocess.run([sys.executable, *sys.argv, "--variant", "export"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            missing((done.stderr.strip().splitlines() or ["the export failed"])[-1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    cutter = Cutter(read_tensors(args.model))
    sample = cutter.windows((Path(__file__).parents[1] / "article.txt").read_text(encoding="utf-8"))
    best = None
    for setting in SETTINGS:
        session = onnxruntime.InferenceSession(path_of(args, setting), options, providers=["CPUExecutionProvider"])
        times = []
        for _ in range(TRIES):
            began = time.perf_counter()
            session.run(None, {"ids": sample[0]})
            times.append(time.perf_counter() - began)
        if best is None or statistics.median(times) < best[0]:
            best = statistics.median(times), setting, session
    _, setting, session = best

    def annotate(windows: list) -> None:
        for window in windows:
            session.run(None, {"ids": window})

    serve("ONNX Runtime int8, same weights", f"ONNX Runtime {onnxruntime.__version__}, {setting}, one thread, the network alone", annotate, cutter.windows)


if __name__ == "__main__":
    main()
