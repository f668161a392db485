"""Golden features, losses, gradients and samples of DM0 at a small size, from Dexmal's own code:
python tools/golden/dm0.py tests/golden/dm0.safetensors <checkout of dexmal/dexbotic>

Runs with torch, einops and a current transformers, whose cache lacks the lists that the official code reads: `Cache` below
stands in for it. Two prompts, right-padded, of two images and text; two draws of noise and time. The tower also reads an image
smaller than its table of positions.
"""

import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[2])
from dexbotic.model.dm0 import DM0Config, DM0ForCausalLM, DM0ProgConfig, DM0ProgForCausalLM, dm0_arch, dm0_prog_arch, dm0_utils  # noqa: E402
from dexbotic.model.modules.mm_vision.pe import pe_encoder  # noqa: E402
from dexbotic.model.modules.mm_vision.pe.pe_configuration import PE_LANG_L14_728  # noqa: E402

IMAGE, PATCH, MERGE, CAMERAS, TEXT = 16, 2, 4, 2, 7
B, K, H, A, STEPS = 2, 2, 5, 4, 10
pe_encoder.get_config = lambda name: PE_LANG_L14_728(
    image_size=IMAGE, patch_size=PATCH, width=16, layers=2, heads=2, mlp_ratio=1.5
)


class Cache:
    """The cache of transformers 4.52, for which the official code is written: lists of keys and values by layer."""

    def __init__(self):
        self.key_cache, self.value_cache = [], []

    def update(self, keys, values, layer):
        assert layer == len(self.key_cache)
        self.key_cache.append(keys)
        self.value_cache.append(values)
        return keys, values


dm0_arch.DynamicCache = dm0_prog_arch.DynamicCache = Cache


class Double:
    """torch with double for float: on a GPU the official sinusoids of time are computed so, and then rounded."""

    def __getattr__(self, name):
        return getattr(torch, "float64" if name == "float32" else name)


dm0_utils.torch = Double()


def qwen3(**sizes):
    return dict(
        model_type="qwen3", num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
        rms_norm_eps=1e-6, rope_theta=1000.0, max_position_embeddings=128, attn_implementation="eager", **sizes,
    )  # fmt: skip


sizes = dict(
    llm_config=qwen3(vocab_size=32, hidden_size=16, intermediate_size=24),
    action_config=qwen3(vocab_size=8, hidden_size=12, intermediate_size=10),
    mm_vision_tower="pe_small", mm_projector_type="linear4x", mm_hidden_size=16, hidden_size=16, vocab_size=32,
    action_dim=A, chunk_size=H, bf16=False,
)  # fmt: skip
torch.manual_seed(0)
model = DM0ProgForCausalLM(DM0ProgConfig(**sizes)).eval()
for name, p in model.named_parameters():
    noise = torch.randn_like(p) * (0.2 if p.ndim == 1 else 0.5 / p[0].numel() ** 0.25)
    one = "norm" in name or ".ln_" in name or name.endswith("gamma")
    p.data = noise + (1 if one and not name.endswith("bias") else 0)
plain = DM0ForCausalLM(DM0Config(**sizes)).eval()
plain.load_state_dict(model.state_dict(), strict=False)

images = torch.randn(B, CAMERAS, 3, IMAGE, IMAGE)
seen = torch.ones(B, CAMERAS, dtype=torch.bool)
tokens = torch.randint(0, 30, (B, TEXT))
mask = torch.ones(B, TEXT, dtype=torch.bool)
mask[0, 4:] = False
prompt = dict(input_ids=tokens, attention_mask=mask, images=images, image_masks=seen)
actions = torch.randn(B, H, A)


def patches(image, rows, columns):
    """[B, 3, h, w] to [B, patches, 3 * patch * patch] in merge order."""
    x = image.reshape(len(image), 3, rows, MERGE, PATCH, columns, MERGE, PATCH)
    return x.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(len(image), -1, 3 * PATCH**2).contiguous()


def forward(draw):
    """The official training forward with the noise and times it draws under a seed."""
    torch.manual_seed(100 + draw)
    noise = torch.normal(mean=torch.zeros_like(actions), std=torch.ones_like(actions))
    time = torch.distributions.Beta(1.5, 1.0).sample((B,)) * 0.999 + 0.001
    torch.manual_seed(100 + draw)
    out = plain(actions=actions, states=actions[:, 0], **prompt)
    x, t = time[:, None, None] * noise + (1 - time[:, None, None]) * actions, time
    assert torch.isclose(((out.logits - (noise - actions)) ** 2).mean(), out.loss)
    return noise, x, t, out.logits, out.loss


draws = [forward(draw) for draw in range(K)]
noise, noisy, times, velocity = (torch.stack([d[i] for d in draws], 1).detach() for i in range(4))
loss = sum(d[4] for d in draws) / K
loss.backward()
gradients = {name: p.grad for name, p in plain.named_parameters() if p.grad is not None}
# The second downsampler is the largest tensor: one of its input channels is enough.
gradients["model.mm_vision_tower.vision_tower.vit_downsampler2.weight"] = gradients[
    "model.mm_vision_tower.vision_tower.vit_downsampler2.weight"
][:, :1]

with torch.no_grad():
    features = model.encode_images(images.flatten(0, 1)).unflatten(0, (B, CAMERAS)).flatten(1, 2)
    smaller = torch.randn(B, 3, 8, 8)
    small = model.encode_images(smaller)
    hidden, padding, flags = plain.get_prefix_hidden_states(**prompt)
    where = dm0_arch.make_attn_mask_4d(dm0_arch.make_attn_mask_2d(padding, flags), dtype=torch.float32)
    cache = Cache()
    (encoded, _), _ = plain._merged_attention_forward(
        [plain.model.llm, plain.model.action_expert.model], where, padding.cumsum(1) - 1, cache, [hidden, None], True
    )
    torch.manual_seed(7)
    start = torch.normal(0, 1, size=(B, H, A))
    torch.manual_seed(7)
    sample = plain.inference_action(states=actions[:, 0], diffusion_steps=STEPS, **prompt)
    begun = torch.tensor([[0.25], [0.75]])
    torch.manual_seed(7)
    with_progress, progress = model.inference_action(
        states=actions[:, 0], progress=begun, diffusion_steps=STEPS, **prompt
    )
    # Hugging Face's own decoder, masked as decoders are, says the same as the merged attention of the prefix alone.
    theirs = plain.model.llm(inputs_embeds=hidden, attention_mask=padding.long()).last_hidden_state
    assert torch.allclose(theirs[padding], encoded[padding], atol=1e-5)

save_file(
    {
        **{n: p.data.contiguous() for n, p in model.named_parameters() if "lm_head" not in n},
        **{f"gradient.{n}": g.contiguous() for n, g in gradients.items()},
        "io.front": patches(images[:, 0], 2, 2), "io.wrist": patches(images[:, 1], 2, 2),
        "io.smaller": patches(smaller, 1, 1), "io.small": small, "io.features": features,
        "io.tokens": tokens, "io.tokenMask": mask.float(), "io.hidden": encoded,
        "io.keys": torch.stack(cache.key_cache), "io.values": torch.stack(cache.value_cache),
        "io.actions": actions, "io.noise": noise, "io.noiseFraction": times, "io.noisy": noisy,
        "io.velocity": velocity, "io.loss": loss.detach(), "io.start": start, "io.sample": sample,
        "io.progress": begun, "io.sampleWithProgress": with_progress, "io.endProgress": progress.reshape(B, 1),
    },
    sys.argv[1],
)  # fmt: skip
