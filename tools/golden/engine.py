"""Golden numbers of the engine's composites, from PyTorch in double precision, stored as float32.

    python tools/golden/engine.py tests/golden/engine.safetensors

For each case: its inputs, a cotangent, the output, and the gradient of sum(output * cotangent) for each float input.
Tensors are named case/input/i, case/cotangent, case/output and case/gradient/i.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20)
torch.set_num_threads(1)
B, H, G, T, S, d, D = 2, 4, 2, 7, 9, 8, 24


def draw(*shape, scale=1.0):
    # Rounded to float32 first, so that both sides start from the same numbers.
    return (scale * torch.randn(*shape)).float().double()


def attention(q, k, v, mask):
    k, v = (x.repeat_interleave(H // G, dim=1) for x in (k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def rotate(x, cos, sin):
    """Rotary embedding as in the Llama and Qwen models: the table is repeated, the halves are swapped."""
    cos, sin = (torch.cat((t, t), -1)[:, None] for t in (cos, sin))
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


def swiglu(x, gate, up, down):
    return F.linear(F.silu(F.linear(x, gate)) * F.linear(x, up), down)


angles = torch.rand(B, T, d // 2) * 6
allowed = torch.rand(B, 1, T, S) < 0.7
allowed[..., 0] = True
mask = torch.where(allowed, 0.0, -1e9)

CASES = {
    "attention": (attention, [draw(B, H, T, d), draw(B, G, S, d), draw(B, G, S, d)], [mask.double()]),
    "rope": (rotate, [draw(B, H, T, d)], [angles.cos().float().double(), angles.sin().float().double()]),
    "layerNorm": (
        lambda x, w, b: F.layer_norm(x, (D,), w, b, 1e-5),
        [draw(B, T, D) + 0.5, draw(D), draw(D)],
        [],
    ),
    "rmsNorm": (lambda x, w: F.rms_norm(x, (D,), w, 1e-6), [draw(B, T, D), draw(D)], []),
    "conv2d": (
        lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1),
        [draw(2, 3, 9, 8), draw(5, 3, 3, 3), draw(5)],
        [],
    ),
    "patchEmbedding": (lambda x, w, b: F.conv2d(x, w, b, stride=4), [draw(2, 3, 8, 12), draw(6, 3, 4, 4), draw(6)], []),
    "embedding": (lambda table, i: F.embedding(i, table), [draw(11, 5)], [torch.randint(0, 11, (B, T))]),
    "crossEntropy": (
        lambda x, y: F.cross_entropy(x.flatten(0, 1), y.flatten(), reduction="none").view(B, T),
        [draw(B, T, 13, scale=3.0)],
        [torch.randint(0, 13, (B, T))],
    ),
    "swiGlu": (swiglu, [draw(B, T, D), draw(32, D), draw(32, D), draw(D, 32)], []),
    "geluTanh": (lambda x: F.gelu(x, approximate="tanh"), [draw(4, 16, scale=2.0)], []),
    "gelu": (F.gelu, [draw(4, 16, scale=2.0)], []),
}

tensors = {}
for name, (function, inputs, fixed) in CASES.items():
    for x in inputs:
        x.requires_grad_(True)
    output = function(*inputs, *fixed)
    cotangent = draw(*output.shape)
    gradients = torch.autograd.grad((output * cotangent).sum(), inputs)
    for i, x in enumerate([*inputs, *fixed]):
        tensors[f"{name}/input/{i}"] = x.detach() if x.dtype == torch.int64 else x.detach().float()
    tensors[f"{name}/cotangent"] = cotangent.float()
    tensors[f"{name}/output"] = output.detach().float()
    for i, g in enumerate(gradients):
        tensors[f"{name}/gradient/{i}"] = g.float()
save_file({name: x.contiguous() for name, x in tensors.items()}, sys.argv[1], {"torch": torch.__version__})
