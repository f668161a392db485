"""The shapes of bench/published-size.ts in PyTorch: Qwen3-VL from transformers and a plain expert of the same sizes. Reads
one word per line ("fp32 5": element type and Euler steps), answers one line of JSON with the seconds of a whole chunk.

Weights are random, and the layers of each stack take turns with SETS sets of them, so that the model fits beside the others
in memory; a layer's weights are read from memory again each time, as they are larger than the cache together.
"""

import copy
import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from transformers import Qwen3VLConfig, Qwen3VLModel

SETS = 4
sizes = json.loads(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
torch.manual_seed(0)
vision, language, expert = sizes["vision"], sizes["language"], sizes["expert"]
IMAGE = 999


def stack(modules, layers):
    """`layers` layers that take turns with the given modules."""
    return torch.nn.ModuleList([modules[i % len(modules)] for i in range(layers)])


def prompt_model():
    config = Qwen3VLConfig(
        image_token_id=IMAGE,
        vision_config=dict(
            depth=SETS, hidden_size=vision["width"], intermediate_size=vision["mlpWidth"], num_heads=vision["heads"],
            patch_size=vision["patch"], temporal_patch_size=vision["temporal"], spatial_merge_size=vision["merge"],
            out_hidden_size=vision["outputWidth"], num_position_embeddings=vision["positionGrid"] ** 2,
            deepstack_visual_indexes=vision["deepstackLayers"],
        ),
        text_config=dict(
            vocab_size=1000, hidden_size=language["width"], intermediate_size=language["mlpWidth"],
            num_hidden_layers=SETS, num_attention_heads=language["heads"], num_key_value_heads=language["kvHeads"],
            head_dim=language["headWidth"], rms_norm_eps=language["normEpsilon"], max_position_embeddings=4096,
            rope_parameters=dict(
                rope_type="default", rope_theta=language["ropeTheta"], mrope_section=language["ropeSections"],
                mrope_interleaved=True,
            ),
        ),
    )  # fmt: skip
    model = Qwen3VLModel(config).eval()
    model.visual.blocks = stack(model.visual.blocks, vision["layers"])
    model.language_model.layers = stack(model.language_model.layers, language["layers"])
    model.language_model.config.num_hidden_layers = language["layers"]
    return model


class CrossExpert(torch.nn.Module):
    """ZR-0's expert: self-attention in every `period`-th block, else cross-attention to the prompt's last hidden states."""

    def __init__(self, c):
        super().__init__()
        t = c["transformer"]
        self.c, self.heads, self.period = c, t["heads"], t["selfAttentionPeriod"]
        width, inner = t["heads"] * t["headWidth"], t["mlpWidth"]
        self.width, self.waves = width, t["timeFeatures"]
        linear = torch.nn.Linear
        block = lambda: torch.nn.ModuleDict(
            dict(
                norm=linear(width, 2 * width), q=linear(width, width), k=linear(width, width), v=linear(width, width),
                o=linear(width, width), up=linear(width, inner), down=linear(inner, width),
            )
        )  # fmt: skip
        self.blocks = stack([block() for _ in range(SETS)], t["blocks"])
        self.time = torch.nn.Sequential(linear(t["timeFeatures"], width), torch.nn.SiLU(), linear(width, width))
        self.out1, self.out2 = linear(width, 2 * width), linear(width, t["outputWidth"])
        mlp = lambda i, o: torch.nn.Sequential(linear(i, c["mlpWidth"]), torch.nn.ReLU(), linear(c["mlpWidth"], o))
        self.state, self.decode = mlp(c["stateDim"], width), mlp(t["outputWidth"], c["actionDim"])
        self.w1, self.w2, self.w3 = linear(c["actionDim"], width), linear(2 * width, width), linear(width, width)
        self.positions = torch.nn.Parameter(torch.zeros(c["maxHorizon"], width), False)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def read(self, prompt):
        """Keys and values of the prompt, once for all steps."""
        self.reading = [
            None if i % self.period == 0 else (self.split(b["k"](prompt.hidden)), self.split(b["v"](prompt.hidden)))
            for i, b in enumerate(self.blocks)
        ]
        self.mask = prompt.mask[:, None, None].bool()

    def velocity(self, x, n, state):
        bucket = int((1 - n) * self.c["timeBuckets"])
        wide = waves(bucket, self.width, x)[:, None].expand(-1, x.shape[1], -1)
        x = self.w3(F.silu(self.w2(torch.cat([self.w1(x), wide], -1)))) + self.positions[: x.shape[1]]
        x = torch.cat([self.state(state)[:, None], x], 1)
        condition = F.silu(self.time(waves(bucket, self.waves, x)))
        norm = lambda x: F.layer_norm(x, (self.width,))
        for b, reading in zip(self.blocks, self.reading):
            scale, shift = b["norm"](condition)[:, None].chunk(2, -1)
            h = norm(x) * (1 + scale) + shift
            k, v = reading or (self.split(b["k"](h)), self.split(b["v"](h)))
            seen = F.scaled_dot_product_attention(
                self.split(b["q"](h)), k, v, attn_mask=None if reading is None else self.mask
            )
            x = x + b["o"](seen.transpose(1, 2).flatten(2))
            x = x + b["down"](F.gelu(b["up"](norm(x)), approximate="tanh"))
        shift, scale = self.out1(condition)[:, None].chunk(2, -1)
        return -self.decode(self.out2(norm(x) * (1 + scale) + shift))[:, 1:]


def waves(t, width, like):
    angle = t * torch.exp(-math.log(10000) * torch.arange(width // 2) / (width // 2))
    return torch.cat([angle.sin(), angle.cos()])[None].to(like.dtype)


class Prompt:
    """What the experts read of the prompt."""

    def __init__(self, hidden, mask):
        self.hidden, self.mask = hidden, mask


EXPERTS = {"zr-0": CrossExpert}

kinds = torch.tensor(sizes["tokenKinds"])[None]
tokens = torch.where(kinds == 1, IMAGE, 5)
mask = torch.ones_like(tokens)
grids = torch.tensor(sizes["grids"])
pixels = torch.randn(int(grids.prod(1).sum()), 3 * vision["temporal"] * vision["patch"] ** 2)
state, noise = torch.randn(1, expert.get("stateDim", 1)), torch.randn(1, sizes["horizon"], expert["actionDim"])

models = {"fp32": (prompt_model(), EXPERTS[sizes["family"]](expert).eval())}
models["bf16"] = tuple(copy.deepcopy(model).to(torch.bfloat16) for model in models["fp32"])


def chunk(kind, steps):
    encoder, head = models[kind]
    dtype = torch.float32 if kind == "fp32" else torch.bfloat16
    hidden = encoder(
        input_ids=tokens, attention_mask=mask, pixel_values=pixels.to(dtype), image_grid_thw=grids,
        mm_token_type_ids=kinds, use_cache=False,
    ).last_hidden_state  # fmt: skip
    head.read(Prompt(hidden, mask))
    x, s = noise.to(dtype), state.to(dtype)
    for k in range(steps):
        x = x - head.velocity(x, 1 - k / steps, s) / steps
    return x


with torch.inference_mode():
    for line in sys.stdin:
        if not line.strip():
            break
        kind, steps = line.split()
        start, cpu = time.perf_counter(), time.process_time()
        result = chunk(kind, int(steps))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "finite": bool(result.isfinite().all())}), flush=True)
