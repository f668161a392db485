"""The action experts of the published models in plain PyTorch, for bench/published-size.py: the same shapes and the same work for
each Euler step, with random weights. What a prompt leaves for all steps is prepared once, in `read`."""

import math

import torch
import torch.nn.functional as F

from published_size_prompts import SETS, stack

linear = torch.nn.Linear


def waves(t, width, like):
    angle = t * torch.exp(-math.log(10000) * torch.arange(width // 2) / (width // 2))
    return torch.cat([angle.sin(), angle.cos()])[None].to(like.dtype)


def heads(x, width):
    """[B, T, H * width] -> [B, H, T, width]"""
    return x.unflatten(-1, (-1, width)).transpose(1, 2)


def turn(x, table):
    cos, sin = table
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def rotary(length, width, like):
    angles = torch.arange(length)[:, None] * 10000 ** (-torch.arange(width // 2) / (width // 2))
    return [f(angles).repeat(1, 2).to(like.dtype) for f in (torch.cos, torch.sin)]


def attend(q, k, v, mask=None):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True).transpose(1, 2).flatten(2)


def rms(width):
    return torch.nn.RMSNorm(width, 1e-6)


class CrossExpert(torch.nn.Module):
    """ZR-0's expert: self-attention in every `period`-th block, else cross-attention to the prompt's last hidden states."""

    def __init__(self, sizes):
        super().__init__()
        c = sizes["expert"]
        t = c["transformer"]
        self.c, self.heads, self.period = c, t["heads"], t["selfAttentionPeriod"]
        width, inner = t["heads"] * t["headWidth"], t["mlpWidth"]
        self.width, self.waves = width, t["timeFeatures"]
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
        return heads(x, self.width // self.heads)

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


class LayerReader(torch.nn.Module):
    """Xiaomi-Robotics-0's expert: layer i reads the keys and values that a late layer of the language model kept."""

    def __init__(self, sizes):
        super().__init__()
        c = sizes["expert"]
        D, self.d, inner = c["width"], c["headWidth"], c["mlpWidth"]
        self.width, self.waves = D, c["timeFeatures"]
        block = lambda: torch.nn.ModuleDict(
            dict(
                n1=rms(D), n2=rms(D), n3=rms(D), n4=rms(D), qn=rms(self.d), kn=rms(self.d), qkv=linear(D, 3 * D),
                o=linear(D, D, False), gate=linear(D, inner, False), up=linear(D, inner, False),
                down=linear(inner, D, False),
            )
        )  # fmt: skip
        self.blocks = stack([block() for _ in range(SETS)], c["layers"])
        self.tables = torch.nn.ParameterList([torch.randn(6, D) / D for _ in range(c["layers"])])
        mlp = lambda i, h, o: torch.nn.Sequential(linear(i, h, False), torch.nn.GELU("tanh"), linear(h, o, False))
        self.state, self.enter = mlp(c["stateDim"], D, D), mlp(c["actionDim"], D, D)
        self.leave = mlp(D, c["actionDim"], c["actionDim"])
        self.time = torch.nn.Sequential(linear(self.waves, D, False), torch.nn.SiLU(), linear(D, D, False))
        self.modulation = linear(D, 6 * D)
        self.sink = torch.nn.Parameter(torch.zeros(1, 1, D))

    def read(self, prompt):
        """Keys and values stand for those that the language model kept: handing them over costs nothing."""
        shape = (1, self.width // self.d, prompt.hidden.shape[1], self.d)
        self.kept = torch.randn(2, *shape, dtype=prompt.hidden.dtype)

    def velocity(self, x, n, state):
        x = torch.cat([self.sink.to(x.dtype), self.state(state)[:, None], self.enter(x)], 1)
        shift = self.modulation(F.silu(self.time(waves(1000 * n, self.waves, x)))).view(6, -1)
        T, S = x.shape[1], self.kept.shape[3]
        table = rotary(T, self.d, x)
        mask = torch.cat([torch.ones(T, S), torch.ones(T, T).tril()], 1).bool()
        for b, own in zip(self.blocks, self.tables):
            s1, c1, g1, s2, c2, g2 = shift + own
            q, k, v = (heads(y, self.d) for y in b["qkv"](b["n1"](x) * (1 + c1) + s1).chunk(3, -1))
            q, k = turn(b["qn"](q), table), turn(b["kn"](k), table)
            k, v = torch.cat([self.kept[0], k], 2), torch.cat([self.kept[1], v], 2)
            x = b["n2"](x + g1 * b["o"](attend(q, k, v, mask)))
            h = b["n3"](x) * (1 + c2) + s2
            x = b["n4"](x + g2 * b["down"](F.silu(b["gate"](h)) * b["up"](h)))
        return -self.leave(x[:, 2:])


class JointLayers(torch.nn.Module):
    """DM0's expert: as many layers as the language model, each with its keys and values before its own."""

    def __init__(self, sizes):
        super().__init__()
        c, vlm = sizes["expert"], sizes["language"]
        D, self.d, inner = c["width"], vlm["headWidth"], c["mlpWidth"]
        self.width, self.keys = D, vlm["kvHeads"]
        n, k = vlm["heads"] * self.d, self.keys * self.d
        block = lambda: torch.nn.ModuleDict(
            dict(
                n1=rms(D), n2=rms(D), qn=rms(self.d), kn=rms(self.d), q=linear(D, n, False), k=linear(D, k, False),
                v=linear(D, k, False), o=linear(n, D, False), gate=linear(D, inner, False),
                up=linear(D, inner, False), down=linear(inner, D, False),
            )
        )  # fmt: skip
        self.blocks = stack([block() for _ in range(SETS)], vlm["layers"])
        self.enter, self.leave, self.norm = linear(c["actionDim"], D), linear(D, c["actionDim"]), rms(D)
        self.mix = torch.nn.Sequential(linear(2 * D, D), torch.nn.SiLU(), linear(D, D))

    def read(self, prompt):
        shape = (1, self.keys, prompt.hidden.shape[1], self.d)
        self.kept = torch.randn(2, *shape, dtype=prompt.hidden.dtype)

    def velocity(self, x, n, state):
        x = self.enter(x)
        x = self.mix(torch.cat([x, waves(n, self.width, x)[:, None].expand_as(x)], -1))
        table = rotary(x.shape[1], self.d, x)
        for b in self.blocks:
            h = b["n1"](x)
            q, k = turn(b["qn"](heads(b["q"](h), self.d)), table), turn(b["kn"](heads(b["k"](h), self.d)), table)
            k, v = torch.cat([self.kept[0], k], 2), torch.cat([self.kept[1], heads(b["v"](h), self.d)], 2)
            x = x + b["o"](attend(q, k, v))
            h = b["n2"](x)
            x = x + b["down"](F.silu(b["gate"](h)) * b["up"](h))
        return self.leave(self.norm(x))


class SingleStream(torch.nn.Module):
    """Qwen-VLA's expert: projected prompt tokens and action tokens in one sequence, all of it anew in each step."""

    def __init__(self, sizes):
        super().__init__()
        c = sizes["expert"]
        t = c["transformer"]
        self.d, self.waves = t["headWidth"], c["timeFeatures"]
        self.width = D = t["heads"] * self.d
        inner = t["mlpWidth"]
        block = lambda: torch.nn.ModuleDict(
            dict(
                mod=linear(D, 6 * D, False), qn=rms(self.d), kn=rms(self.d), q=linear(D, D, False),
                k=linear(D, D, False), v=linear(D, D, False), o=linear(D, D, False), gate=linear(D, inner, False),
                up=linear(D, inner, False), down=linear(inner, D, False),
            )
        )  # fmt: skip
        self.blocks = stack([block() for _ in range(SETS)], t["blocks"])
        self.prompt = linear(sizes["language"]["width"], D)
        self.time = torch.nn.Sequential(linear(self.waves, D), torch.nn.SiLU(), linear(D, D))
        mlp = lambda i, h, o: torch.nn.Sequential(linear(i, h), torch.nn.SiLU(), linear(h, o))
        self.enter, self.leave = mlp(c["actionDim"], D, D), mlp(D, D, c["actionDim"])
        self.last = linear(D, 2 * D)

    def read(self, prompt):
        self.tokens = self.prompt(prompt.hidden)

    def velocity(self, x, n, state):
        H = x.shape[1]
        x = torch.cat([self.tokens, self.enter(x)], 1)
        condition = F.silu(self.time(waves(1000 * n, self.waves, x)))
        table = rotary(x.shape[1], self.d, x)
        norm = lambda x: F.layer_norm(x, (self.width,), eps=1e-6)
        for b in self.blocks:
            s1, c1, g1, s2, c2, g2 = b["mod"](condition)[:, None].chunk(6, -1)
            h = norm(x) * (1 + c1) + s1
            q, k = turn(b["qn"](heads(b["q"](h), self.d)), table), turn(b["kn"](heads(b["k"](h), self.d)), table)
            x = x + g1 * b["o"](attend(q, k, heads(b["v"](h), self.d)))
            h = norm(x) * (1 + c2) + s2
            x = x + g2 * b["down"](F.silu(b["gate"](h)) * b["up"](h))
        shift, scale = self.last(condition)[:, None].chunk(2, -1)
        return self.leave(norm(x[:, -H:]) * (1 + scale) + shift)


EXPERTS = {
    "zr-0": CrossExpert,
    "xiaomi-robotics-0": LayerReader,
    "dm0": JointLayers,
    "qwen-vla": SingleStream,
}
