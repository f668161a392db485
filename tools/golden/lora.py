"""Golden low-rank adaptation, recomputed with PyTorch as peft's Linear does, on outputs instead of weights:
python tools/golden/lora.py tests/golden/lora.safetensors

Two maps with a tanh between; the first is frozen and has an adapter, the second has an adapter and a bias that learns.
"""

import sys

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
RANK, ALPHA = 3, 6
frozen = {"layers.0.weight": torch.randn(7, 5), "layers.0.bias": torch.randn(7), "layers.1.weight": torch.randn(4, 7)}
trained = {
    "layers.0.lora_A.weight": torch.randn(RANK, 5), "layers.0.lora_B.weight": torch.randn(7, RANK),
    "layers.1.lora_A.weight": torch.randn(RANK, 7), "layers.1.lora_B.weight": torch.randn(4, RANK),
    "layers.1.bias": torch.randn(4),
}  # fmt: skip
for parameter in trained.values():
    parameter.mul_(0.3).requires_grad_()
x, y = torch.randn(6, 5), torch.randn(6, 4)


def layer(i, x):
    A, B = (trained[f"layers.{i}.lora_{k}.weight"] for k in "AB")
    bias = (frozen | trained)[f"layers.{i}.bias"]
    return x @ frozen[f"layers.{i}.weight"].T + bias + ALPHA / RANK * (x @ A.T) @ B.T


loss = ((layer(1, torch.tanh(layer(0, x))) - y) ** 2).mean()
gradients = torch.autograd.grad(loss, list(trained.values()))
save_file(
    {
        **frozen, **{name: parameter.detach() for name, parameter in trained.items()}, "x": x, "y": y, "loss": loss.detach(),
        **{f"gradient.{name}": gradient.contiguous() for name, gradient in zip(trained, gradients, strict=True)},
    },
    sys.argv[1],
)  # fmt: skip
