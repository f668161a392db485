"""Golden velocities, losses, gradients and samples of Qwen-VLA's action expert at a small size, from its equations in PyTorch:
python tools/golden/qwen-vla-expert.py tests/golden/qwen-vla-expert.safetensors

The paper has no code: what it leaves open is chosen as the head of src/models/qwen-vla/expert.ts says. Once with prompt and
action tokens in one sequence (joint), once with a prompt that does not see the actions (shared).
"""

import math
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
CONTEXT, HEADS, d, BLOCKS, INNER, TIME, A = 10, 2, 12, 2, 20, 8, 4
D = HEADS * d
ROTARY, THETA, SECTIONS = 8, 100.0, [2, 1, 1]
B, K, H, S, STEPS = 2, 2, 3, 7, 4
w = {}


def linear(name, n_in, n_out, bias=True):
    w[f"{name}.weight"] = torch.randn(n_out, n_in) / n_in**0.5
    if bias:
        w[f"{name}.bias"] = torch.randn(n_out) * 0.3


linear("context_proj", CONTEXT, D)
linear("time_embed.linear_1", TIME, D)
linear("time_embed.linear_2", D, D)
linear("action_in.linear_1", A, D)
linear("action_in.linear_2", D, D)
linear("norm_out", D, 2 * D)
linear("action_out.linear_1", D, D)
linear("action_out.linear_2", D, A)
for i in range(BLOCKS):
    linear(f"blocks.{i}.modulation", D, 6 * D, bias=False)
    for part in "qkvo":
        linear(f"blocks.{i}.attn.{part}_proj", D, D, bias=False)
    for part in "qk":
        w[f"blocks.{i}.attn.{part}_norm.weight"] = 1 + 0.2 * torch.randn(d)
    linear(f"blocks.{i}.mlp.gate_proj", D, INNER, bias=False)
    linear(f"blocks.{i}.mlp.up_proj", D, INNER, bias=False)
    linear(f"blocks.{i}.mlp.down_proj", INNER, D, bias=False)
for p in w.values():
    p.requires_grad_()


def lin(name, x):
    return F.linear(x, w[f"{name}.weight"], w.get(f"{name}.bias"))


def mlp(name, x):
    return lin(f"{name}.linear_2", F.silu(lin(f"{name}.linear_1", x)))


def time(tau):
    half = TIME // 2
    angle = 1000 * tau[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
    return mlp("time_embed", torch.cat([angle.cos(), angle.sin()], -1))


def rotate(x, angles):
    """x [N, heads, T, d], angles [N, T, ROTARY / 2]"""
    turned, rest = x[..., :ROTARY], x[..., ROTARY:]
    cos, sin = angles.cos()[:, None], angles.sin()[:, None]
    a, b = turned.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin, rest], -1)


def angles_of(positions):
    """positions [3, N, T]: frequency j follows height where j % 3 = 1, width where j % 3 = 2, within their sections"""
    f = THETA ** (-2 * torch.arange(ROTARY // 2) / ROTARY)
    axes = [j % 3 if j % 3 and j < 3 * SECTIONS[j % 3] else 0 for j in range(ROTARY // 2)]
    return torch.stack([positions[axis] * f[j] for j, axis in enumerate(axes)], -1)


def block(i, x, temb, angles, mask, prefix=None):
    """x [N, T, D]; mask [N, 1, 1, keys] bool; prefix: keys and values that stand before -> x, its own keys and values"""
    parts = lin(f"blocks.{i}.modulation", F.silu(temb))[:, None].chunk(6, -1)
    shift1, scale1, gate1, shift2, scale2, gate2 = parts
    h = F.layer_norm(x, (D,), eps=1e-6) * (1 + scale1) + shift1
    q, k, v = (lin(f"blocks.{i}.attn.{part}_proj", h).unflatten(-1, (HEADS, d)).transpose(1, 2) for part in "qkv")
    q = rotate(F.rms_norm(q, (d,), w[f"blocks.{i}.attn.q_norm.weight"], 1e-6), angles)
    k = rotate(F.rms_norm(k, (d,), w[f"blocks.{i}.attn.k_norm.weight"], 1e-6), angles)
    keys, values = (k, v) if prefix is None else (torch.cat([prefix[0], k], 2), torch.cat([prefix[1], v], 2))
    seen = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + gate1 * lin(f"blocks.{i}.attn.o_proj", seen)
    h = F.layer_norm(x, (D,), eps=1e-6) * (1 + scale2) + shift2
    h = F.silu(lin(f"blocks.{i}.mlp.gate_proj", h)) * lin(f"blocks.{i}.mlp.up_proj", h)
    return x + gate2 * lin(f"blocks.{i}.mlp.down_proj", h), (k, v)


def velocity(hidden, valid, positions, start, noisy, tau, shared):
    """hidden [N, S, CONTEXT], valid [N, S] bool, positions [3, S], start [N], noisy [N, H, A], tau [N] -> [N, H, A]"""
    N = len(noisy)
    prompt, actions, temb = lin("context_proj", hidden), mlp("action_in", noisy), time(tau)
    prompt_angles = angles_of(positions[:, None].expand(-1, N, -1).float())
    action_angles = angles_of((start[:, None] + torch.arange(H)).expand(3, -1, -1).float())
    every = torch.cat([valid, torch.ones(N, H, dtype=torch.bool)], 1)[:, None, None]
    x = actions if shared else torch.cat([prompt, actions], 1)
    clean = time(torch.zeros(N))
    for i in range(BLOCKS):
        if shared:
            prompt, prefix = block(i, prompt, clean, prompt_angles, valid[:, None, None])
            x, _ = block(i, x, temb, action_angles, every, prefix)
        else:
            x, _ = block(i, x, temb, torch.cat([prompt_angles, action_angles], 1), every)
    x = x[:, -H:]
    shift, scale = lin("norm_out", F.silu(temb))[:, None].chunk(2, -1)
    return mlp("action_out", F.layer_norm(x, (D,), eps=1e-6) * (1 + scale) + shift)


hidden = torch.randn(B, S, CONTEXT)
valid = torch.ones(B, S, dtype=torch.bool)
valid[0, 5:] = False
positions = torch.tensor([[0, 1, 1, 1, 1, 3, 4], [0, 1, 1, 2, 2, 3, 4], [0, 1, 2, 1, 2, 3, 4]])
start = torch.tensor([3.0, 5.0])
actions = torch.randn(B, H, A)
dimensions = torch.tensor([1.0, 1, 1, 0])
action_mask = dimensions.repeat(B, H, 1)
action_mask[1, 2] = 0
action_mask[0, 1, 1] = 0
noise = torch.randn(B, K, H, A)
fraction = torch.tensor([[0.03, 0.4], [0.75, 0.999]])
every = lambda x: x.repeat_interleave(K, 0)
m, e, a, tau = every(action_mask), noise.flatten(0, 1) * every(action_mask), every(actions), fraction.flatten()
t = tau[:, None, None]
noisy = (t * e + (1 - t) * a) * m
context = (hidden, valid, positions, start)
result = {}
for kind in ["joint", "shared"]:
    v = velocity(every(hidden), every(valid), positions, every(start), noisy, tau, kind == "shared")
    error = (v - (e - a)) ** 2 * m
    channels = error.sum(1) / m.sum(1).clamp_min(1)
    active = (m.sum(1) > 0).float()
    loss = ((channels * active).sum(1) / active.sum(1)).mean()
    gradients = torch.autograd.grad(loss, list(w.values()))
    result |= {f"{kind}.gradient.{name}": g for name, g in zip(w, gradients)}
    with torch.no_grad():
        x = noise[:, 0] * dimensions
        for k in range(STEPS):
            x = x - velocity(*context, x, torch.full((B,), 1 - k / STEPS), kind == "shared") * dimensions / STEPS
    result |= {f"{kind}.velocity": v.detach(), f"{kind}.loss": loss.detach(), f"{kind}.sample": x}

save_file(
    {
        **{name: p.detach() for name, p in w.items()}, **{name: x.contiguous() for name, x in result.items()},
        "io.hidden": hidden, "io.valid": valid.float(), "io.positions": positions, "io.start": start,
        "io.actions": actions, "io.actionMask": action_mask, "io.noise": noise, "io.noiseFraction": fraction,
        "io.dimensions": dimensions,
    },
    sys.argv[1],
)  # fmt: skip
