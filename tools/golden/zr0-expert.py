"""Golden velocities, losses, gradients and samples of ZR-0's action expert at a small size, from its equations in PyTorch:
python tools/golden/zr0-expert.py tests/golden/zr0-expert.safetensors

Weights have the names and layouts of the published action_expert.safetensors. Time is ZR-0's own: tau = 1 - n, network
output a - noise; the sampler walks forward in tau.
"""

import math
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
D, HEADS, BLOCKS, PERIOD, INNER, OUT, TIME = 12, 2, 5, 4, 20, 10, 8
STATE, A, MLP, ROWS, BUCKETS = 5, 4, 7, 6, 1000
B, K, H, S, STEPS = 2, 2, 3, 7, 4
w = {}


def linear(name, n_in, n_out):
    w[f"{name}.weight"] = torch.randn(n_out, n_in) / n_in**0.5
    w[f"{name}.bias"] = torch.randn(n_out) * 0.3


def embodiment(name, n_in, n_out):
    w[f"{name}.W"] = torch.randn(1, n_in, n_out) / n_in**0.5
    w[f"{name}.b"] = torch.randn(1, n_out) * 0.3


linear("dit.timestep_encoder.timestep_embedder.linear_1", TIME, D)
linear("dit.timestep_encoder.timestep_embedder.linear_2", D, D)
for i in range(BLOCKS):
    at = f"dit.transformer_blocks.{i}"
    linear(f"{at}.norm1.linear", D, 2 * D)
    for part in ["to_q", "to_k", "to_v", "to_out.0"]:
        linear(f"{at}.attn1.{part}", D, D)
    linear(f"{at}.ff.net.0.proj", D, INNER)
    linear(f"{at}.ff.net.2", INNER, D)
linear("dit.proj_out_1", D, 2 * D)
linear("dit.proj_out_2", D, OUT)
embodiment("state_encoder.layer1", STATE, MLP)
embodiment("state_encoder.layer2", MLP, D)
embodiment("action_encoder.W1", A, D)
embodiment("action_encoder.W2", 2 * D, D)
embodiment("action_encoder.W3", D, D)
embodiment("action_decoder.layer1", OUT, MLP)
embodiment("action_decoder.layer2", MLP, A)
w["position_embedding.weight"] = torch.randn(ROWS, D)
for p in w.values():
    p.requires_grad_()


def lin(name, x):
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def emb(name, x):
    return x @ w[f"{name}.W"][0] + w[f"{name}.b"][0]


def waves(t, width, shift):
    half = width // 2
    angle = t.float()[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / (half - shift))
    return angle.sin(), angle.cos()


def heads(x):
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def velocity(context, mask, state, noisy, bucket):
    """noisy [N, H, A], context [N, S, D], mask [N, S] bool, state [N, STATE], bucket [N] -> [N, H, A]"""
    sin, cos = waves(bucket, D, 0)
    time = torch.cat([sin, cos], -1)[:, None].expand(-1, noisy.shape[1], -1)
    x = emb("action_encoder.W2", torch.cat([emb("action_encoder.W1", noisy), time], -1))
    x = emb("action_encoder.W3", F.silu(x)) + w["position_embedding.weight"][: noisy.shape[1]]
    token = emb("state_encoder.layer2", F.relu(emb("state_encoder.layer1", state)))[:, None]
    x = torch.cat([token, x], 1)
    sin, cos = waves(bucket, TIME, 1)
    temb = lin("dit.timestep_encoder.timestep_embedder.linear_1", torch.cat([cos, sin], -1))
    temb = lin("dit.timestep_encoder.timestep_embedder.linear_2", F.silu(temb))
    for i in range(BLOCKS):
        at = f"dit.transformer_blocks.{i}"
        scale, shift = lin(f"{at}.norm1.linear", F.silu(temb)).chunk(2, 1)
        h = F.layer_norm(x, (D,), eps=1e-5) * (1 + scale[:, None]) + shift[:, None]
        cross = i % PERIOD != 0
        source = context if cross else h
        q, k, v = (heads(lin(f"{at}.attn1.{part}", y)) for part, y in [("to_q", h), ("to_k", source), ("to_v", source)])
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None] if cross else None)
        x = x + lin(f"{at}.attn1.to_out.0", seen.transpose(1, 2).flatten(2))
        h = F.gelu(lin(f"{at}.ff.net.0.proj", F.layer_norm(x, (D,), eps=1e-5)), approximate="tanh")
        x = x + lin(f"{at}.ff.net.2", h)
    shift, scale = lin("dit.proj_out_1", F.silu(temb)).chunk(2, 1)
    x = F.layer_norm(x, (D,), eps=1e-6) * (1 + scale[:, None]) + shift[:, None]
    x = lin("dit.proj_out_2", x)
    return emb("action_decoder.layer2", F.relu(emb("action_decoder.layer1", x)))[:, -H:]


context = torch.randn(B, S, D)
mask = torch.ones(B, S, dtype=torch.bool)
mask[0, 5:] = False
state = torch.randn(B, STATE)
actions = torch.randn(B, H, A)
dimensions = torch.tensor([1.0, 1, 1, 0])
action_mask = dimensions.repeat(B, H, 1)
action_mask[1, 2] = 0
noise = torch.randn(B, K, H, A)
bucket = torch.tensor([[0, 137], [512, 998]])
tau = (bucket + 0.5) / BUCKETS
every = lambda x: x.repeat_interleave(K, 0)
m = every(action_mask)
e = noise.flatten(0, 1) * m
t = tau.flatten()[:, None, None]
noisy = ((1 - t) * e + t * every(actions)) * m
predicted = velocity(every(context), every(mask), every(state), noisy, bucket.flatten())
loss = F.mse_loss(predicted * m, (every(actions) - e) * m, reduction="sum") / m.sum().clamp_min(1)
loss.backward()

with torch.no_grad():
    x = noise[:, 0] * dimensions
    for k in range(STEPS):
        v = velocity(context, mask, state, x * dimensions, torch.full((B,), int(k / STEPS * BUCKETS)))
        x = (x + v * dimensions / STEPS) * dimensions

save_file(
    {
        **{name: p.detach() for name, p in w.items()},
        **{f"gradient.{name}": p.grad for name, p in w.items()},
        "io.context": context, "io.mask": mask.float(), "io.state": state, "io.actions": actions,
        "io.actionMask": action_mask, "io.noise": noise, "io.noiseFraction": 1 - tau, "io.bucket": bucket.float(),
        "io.dimensions": dimensions, "io.velocity": predicted.detach().contiguous(), "io.loss": loss.detach(), "io.sample": x,
    },
    sys.argv[1],
)  # fmt: skip
