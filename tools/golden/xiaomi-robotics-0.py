"""Golden prompts, velocities, samples, losses and gradients of Xiaomi-Robotics-0 at a small size, from its own code:
python tools/golden/xiaomi-robotics-0.py CODE tests/golden/xiaomi-robotics-0.safetensors

CODE is a folder with `modeling_mibot.py` and `configuration_mibot.py` (what lies beside the published weights) and with `XR0.py`
(mibot/models/VLA of the post-training code). The first gives the plain causal mask, the second the lambda-shaped one, the clean
prefix and the training loss. Both get the same random weights; the second reads the keys and values that the first's
vision-language model made. Two prompts of 21 and 24 tokens, right-padded, with two images each.

The committed numbers come from copies in public repositories, not from the publisher's own download: the first two files as
OpenEnvision/WorldFoundry vendors (and slightly adapts) them; XR0.py typed over from rosmontis2005/Xiaomi-Robotics-0-orchardbech
without its docstrings. They ran under transformers 5.18 instead of 4.57, in fp32, with the rotary frequencies unrounded.

Names: `io.*` inputs, `causal.*`, `lambda.*` (clean prefix of 3, none of it hidden), `free.*` (lambda-shaped mask, no prefix) and
`hidden.*` (clean prefix of 5, whose second and third action are hidden from what follows) results. Times are Xiaomi's t = 1 - n,
velocities a - noise.
"""

import importlib
import random
import sys
import types

import torch
from safetensors.torch import save_file
from transformers import Qwen3VLTextConfig

CODE, OUT = sys.argv[1:]
D, HEAD, HEADS, STATE, A, H, B, K, T, PREFIX, STEPS = 16, 8, 2, 5, 4, 7, 2, 2, 24, 3, 5
IMAGE, START = 31, 30
ROPE = dict(mrope_section=[2, 1, 1], mrope_interleaved=True, rope_type="default")
TEXT = dict(
    vocab_size=32, hidden_size=D, intermediate_size=24, num_hidden_layers=3, num_attention_heads=HEADS,
    num_key_value_heads=1, head_dim=HEAD, rms_norm_eps=1e-6, max_position_embeddings=128,
)  # fmt: skip
VISION = dict(
    depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=2, temporal_patch_size=2,
    spatial_merge_size=2, out_hidden_size=D, num_position_embeddings=16, deepstack_visual_indexes=[0],
)  # fmt: skip


def load_deploy():
    """The package of the published weights' code; a relative import asks for a package."""
    package = types.ModuleType("published")
    package.__path__ = [CODE]
    sys.modules["published"] = package
    configuration = importlib.import_module("published.configuration_mibot")
    modeling = importlib.import_module("published.modeling_mibot")
    # Written for transformers 4.57; later versions name two arguments of the mask otherwise.
    mask_of = modeling.create_causal_mask
    modeling.create_causal_mask = lambda input_embeds, cache_position, **rest: mask_of(inputs_embeds=input_embeds, **rest)
    config = configuration.MiBoTConfig(
        vlm_config=dict(
            text_config=dict(**TEXT, rope_theta=1000.0, rope_scaling=dict(ROPE)), vision_config=VISION,
            image_token_id=IMAGE, video_token_id=29, vision_start_token_id=START, vision_end_token_id=28,
        ),
        dit_config=dict(hidden_size=D, num_hidden_layers=2, head_dim=HEAD, num_key_value_heads=1),
        state_dim=STATE, action_dim=A, action_length=H,
    )  # fmt: skip
    config._attn_implementation = "sdpa"
    return modeling.MiBoTForActionGeneration(config).eval()


class Recorded(torch.nn.Module):
    """Stands for the vision-language model of the training code: answers with what was recorded."""

    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs
        rope = dict(rope_theta=1000.0, **ROPE)
        self.config = types.SimpleNamespace(text_config=Qwen3VLTextConfig(**TEXT, rope_parameters=rope))
        anything = types.SimpleNamespace(requires_grad_=lambda _: None)
        self.model = types.SimpleNamespace(
            get_input_embeddings=lambda: anything, visual=types.SimpleNamespace(gradient_checkpointing_enable=lambda: None)
        )

    def forward(self, **_):
        return self.outputs


def load_training(outputs):
    """The training code with the packages it imports replaced by the little it needs of them."""
    registry = types.SimpleNamespace(register_module=lambda: lambda cls: cls)
    vlm = types.SimpleNamespace(from_pretrained=lambda *_, **__: Recorded(outputs))
    for name, content in {
        "mibot": {}, "mibot.models": dict(MIMODEL=registry), "mibot.models.VLM": {}, "mibot.utils": {},
        "mibot.models.VLM.qwen3vl": dict(Qwen3VLForConditionalGeneration=vlm),
        "mibot.utils.model_utils": dict(auto_cast=lambda f: f),
    }.items():  # fmt: skip
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(content)
    sys.path.insert(0, CODE)
    module = importlib.import_module("XR0")
    whole = module.DiT
    module.DiT = lambda hidden_size, kv_heads, layer_num: whole(hidden_size, layer_num, head_dim=HEAD, kv_heads=1)
    model = module.XR0((1, STATE), (H, A), 2, D, num_steps=STEPS, training_repeat=K, prefix_mask_prob=0.0)
    model.float()
    model.t_embedder.dtype = torch.float32
    # It was cast to bf16 with the rest, which rounds the rotary frequencies and moves these velocities by 2e-3.
    model.rotary_emb = type(model.rotary_emb)(model.vlm.config.text_config)
    return model


torch.manual_seed(0)
deploy = load_deploy()
for name, parameter in deploy.named_parameters():
    noise = torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.5 / parameter[0].numel() ** 0.25)
    parameter.data = noise + (1 if "norm" in name and name.endswith("weight") else 0)
weights = {name: p.data.contiguous() for name, p in deploy.named_parameters() if "lm_head" not in name}

grid = torch.tensor([[1, 8, 4], [1, 4, 4]] * B)
places = [START, *[IMAGE] * 8, 1, START, *[IMAGE] * 4]
tokens = torch.tensor([places + torch.randint(0, 27, (T - len(places),)).tolist() for _ in range(B)])
mask = torch.ones(B, T, dtype=torch.long)
mask[0, 21:] = 0
base, wrist = torch.randn(B, 32, 24), torch.randn(B, 16, 24)
pixels = torch.cat([torch.cat([base[b], wrist[b]]) for b in range(B)])
state, action, noise = torch.randn(B, 1, STATE), torch.randn(B, H, A), torch.randn(B * K, H, A)
action_mask = torch.tensor([1.0, 1, 1, 0]).repeat(B, H, 1)
dimensions = action_mask.clone()
action_mask[1, H - 1] = 0
t = torch.tensor([0.125, 0.875, 0.3125, 0.65625])
prompt = dict(input_ids=tokens, attention_mask=mask, pixel_values=pixels, image_grid_thw=grid)
every = lambda x: x.repeat_interleave(K, 0)
clean = every(action)


def interpolate(prefix):
    noisy = (1 - t[:, None, None]) * noise + t[:, None, None] * clean
    return torch.cat([clean[:, :prefix], noisy[:, prefix:]], 1)


result = {}
with torch.no_grad():
    outputs = deploy.vlm(**prompt, use_cache=True)
    cache = [(layer.keys, layer.values) for layer in outputs.past_key_values.layers]
    position = outputs.position_ids.max(-1)[0] + 1
    assert (position == position[0]).all()
    # The second prompt has no padding: its positions are those of all places.
    positions = outputs.position_ids[:, 1].contiguous()
    torch.manual_seed(5)
    start = torch.randn_like(action_mask)
    result["causal.sample"] = deploy(state=state, action_mask=dimensions, num_steps=STEPS, seed=5, **prompt).actions
    length = H + 2
    places = (torch.arange(length) + position[0][:, None]).repeat(3, K, 1).view(3, K, B, length).transpose(1, 2).flatten(1, 2)
    seen = torch.cat([mask[:, None].expand(-1, length, -1), torch.ones(length, length).tril().expand(B, -1, -1)], -1)
    result["causal.velocity"] = deploy.dit_forward(
        interpolate(0), t[:, None, None], every(action_mask), deploy.state_projector(every(state)),
        deploy.rotary_emb(action, places), [(every(k), every(v)) for k, v in cache], every(seen)[:, None].bool(),
    )  # fmt: skip

cache = [(k.clone().requires_grad_(), v.clone().requires_grad_()) for k, v in cache]
outputs = types.SimpleNamespace(past_key_values=cache, position_ids=outputs.position_ids)
training = load_training(outputs)
training.load_state_dict({n: w for n, w in weights.items() if not n.startswith("vlm.")}, strict=False)
original = training.dit_forward, torch.randn_like, random.random, random.randint
training._sample_timestep = lambda *_, **__: t
for name, prefix in [("lambda", PREFIX), ("free", 0)]:
    batch = lambda counts: dict(
        input_ids=tokens, attention_mask=mask, action=action, action_mask=counts, state=state, prefix_length=prefix
    )
    random.random, random.randint = lambda: 0.0, lambda *_: prefix
    training.async_train, training.freq_coefficient = prefix > 0, 1.0 if prefix > 0 else 0.0
    velocities = []

    def record(*args, **kwargs):
        velocities.append(original[0](*args, **kwargs))
        return velocities[-1]

    training.dit_forward = record
    torch.randn_like = lambda _: noise
    losses = training.train()(batch(action_mask), return_loss=True)
    result |= {f"{name}.{key}": value.detach() for key, value in losses.items()}
    result[f"{name}.velocity"] = velocities[0].detach()
    if prefix > 0:
        losses["loss"].backward()
    torch.randn_like = lambda _: start
    result[f"{name}.sample"] = training.eval().generate(batch(dimensions))

gradients = {f"gradient.{name}": p.grad for name, p in training.named_parameters() if p.grad is not None}
gradients |= {f"gradient.keys.{i}": k.grad for i, (k, _) in enumerate(cache) if k.grad is not None}
gradients |= {f"gradient.values.{i}": v.grad for i, (_, v) in enumerate(cache) if v.grad is not None}

# Of the first three of five given actions, those whose number is below the probability are hidden.
torch.rand = lambda *_, **__: torch.tensor([0.9, 0.1, 0.2])
random.randint, torch.randn_like = lambda *_: 5, lambda _: noise
training.prefix_mask_prob, training.async_train, training.freq_coefficient = 0.5, True, 1.0
velocities.clear()
losses = training.train()(dict(input_ids=tokens, attention_mask=mask, action=action, action_mask=action_mask, state=state), return_loss=True)
watched = "dit.layers.0.attn.qkv_proj.weight"
(gradient,) = torch.autograd.grad(losses["loss"], dict(training.named_parameters())[watched])
result |= {f"hidden.{key}": value.detach() for key, value in losses.items()}
result |= {"hidden.velocity": velocities[0].detach(), f"hidden.gradient.{watched}": gradient}

save_file(
    {
        **weights,
        **gradients,
        **{f"io.keys.{i}": k.detach() for i, (k, _) in enumerate(cache)},
        **{f"io.values.{i}": v.detach() for i, (_, v) in enumerate(cache)},
        "io.base": base, "io.wrist": wrist, "io.tokens": tokens, "io.tokenMask": mask.float(),
        "io.positions": positions, "io.nextPosition": position[0].float(), "io.state": state[:, 0].contiguous(), "io.actions": action,
        "io.actionMask": action_mask, "io.noise": noise.view(B, K, H, A), "io.start": start,
        "io.noiseFraction": (1 - t).view(B, K), **{name: value.contiguous() for name, value in result.items()},
    },
    OUT,
)  # fmt: skip
print({k: v.item() for k, v in result.items() if v.numel() == 1})
