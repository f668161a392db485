"""The transformer of bench/train-step.ts in PyTorch eager: one line in ("step" or "quit"), one line of JSON out.

The last arguments are the device (cpu, cuda) and the arithmetic: fp32; tf32, which only graphics cards have; bf16 for autocast.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

batch, tokens, width, heads, layers = (int(x) for x in sys.argv[1:6])
inner, style, threads = int(sys.argv[6]), sys.argv[7], int(sys.argv[8])
device, arithmetic = sys.argv[9:11]
torch.set_num_threads(threads)
torch.manual_seed(0)
torch.set_default_device(device)
torch.backends.cuda.matmul.allow_tf32 = arithmetic == "tf32"


class ClassicBlock(torch.nn.Module):
    """Layer norm, attention with biases, GELU."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (torch.nn.Linear(width, width) for _ in range(4))
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.norm1(x)
        q, k, v = (f(h).view(batch, tokens, heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.out(mixed)
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


angles = torch.arange(tokens)[:, None] * 10000 ** (-2 * torch.arange(width // heads // 2) / (width // heads))
cos, sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)


def rotate(x):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class ModernBlock(torch.nn.Module):
    """RMS norm, normalised queries and keys, rotary positions, SwiGLU; no biases (Qwen3)."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = torch.nn.RMSNorm(width, 1e-6), torch.nn.RMSNorm(width, 1e-6)
        self.q, self.k, self.v, self.out = (torch.nn.Linear(width, width, bias=False) for _ in range(4))
        self.q_norm, self.k_norm = (torch.nn.RMSNorm(width // heads, 1e-6) for _ in range(2))
        self.gate, self.up = (torch.nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = torch.nn.Linear(inner, width, bias=False)

    def forward(self, x):
        h = self.norm1(x)
        q, k, v = (f(h).view(batch, tokens, heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = rotate(self.q_norm(q)), rotate(self.k_norm(k))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.out(mixed)
        h = self.norm2(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


blocks = torch.nn.Sequential(*({"classic": ClassicBlock, "modern": ModernBlock}[style]() for _ in range(layers)))
optimiser = torch.optim.AdamW(blocks.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.01, fused=True)
x, y = torch.randn(batch, tokens, width), torch.randn(batch, tokens, width)


def step():
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(device, torch.bfloat16, enabled=arithmetic == "bf16"):
        loss = F.mse_loss(blocks(x), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(blocks.parameters(), 1.0)
    optimiser.step()
    return loss.item()


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


for line in sys.stdin:
    if line.strip() != "step":
        break
    start, cpu = time.perf_counter(), cpu_seconds()
    loss = step()
    result = {"seconds": time.perf_counter() - start, "cpuSeconds": cpu_seconds() - cpu, "loss": loss}
    result["parameters"] = sum(p.numel() for p in blocks.parameters())
    print(json.dumps(result), flush=True)
