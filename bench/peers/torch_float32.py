"""Peer: the network of the model file in PyTorch, float32, one thread, over given pieces; words, heads' labels and document cost it nothing."""
from __future__ import annotations

from peer import arguments, missing, serve

try:
    import torch
    from model_file import Cutter, read_tensors
    from torch_network import read_network
except ImportError as error:
    missing(error)


def main() -> None:
    torch.set_num_threads(1)
    tensors = read_tensors(arguments().model)
    network, cutter = read_network(tensors), Cutter(tensors)

    @torch.inference_mode()
    def annotate(windows: list[torch.Tensor]) -> None:
        for window in windows:
            network(window)

    serve("PyTorch float32, same weights", f"PyTorch {torch.__version__}, one thread, the network alone", annotate,
          lambda text: [torch.from_numpy(window) for window in cutter.windows(text)])


if __name__ == "__main__":
    main()
