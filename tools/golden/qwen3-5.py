"""Golden hidden states, gradients and decoded tokens of a small Qwen3.5 from Hugging Face's transformers (its plain torch path):
python tools/golden/qwen3-5.py tests/golden/qwen3-5.safetensors

Two prompts of 70 and 84 tokens, right-padded, with images of 4 x 4 and 2 x 2 merged patches: more than one chunk of 64. Four layers in the 3:1
pattern, every parameter random enough to matter. The decoded tokens' hidden states come from running each row
whole and without padding.
"""

import sys

import torch
from safetensors.torch import save_file
from transformers import Qwen3_5Config, Qwen3_5Model

torch.manual_seed(0)
IMAGE = 31
config = Qwen3_5Config(
    image_token_id=IMAGE,
    vision_config=dict(
        depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=2, temporal_patch_size=2,
        spatial_merge_size=2, out_hidden_size=20, num_position_embeddings=25,
    ),
    text_config=dict(
        vocab_size=32, hidden_size=20, intermediate_size=28, num_hidden_layers=4, num_attention_heads=2,
        num_key_value_heads=1, head_dim=24, rms_norm_eps=1e-6, max_position_embeddings=256, hidden_act="silu",
        linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=6, linear_value_head_dim=5,
        linear_conv_kernel_dim=4,
        rope_parameters=dict(
            rope_type="default", rope_theta=1000.0, partial_rotary_factor=0.5, mrope_section=[3, 2, 1],
            mrope_interleaved=True,
        ),
    ),
)  # fmt: skip
model = Qwen3_5Model(config).eval()
for name, parameter in model.named_parameters():
    noise = torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.5 / parameter[0].numel() ** 0.25)
    ones = "linear_attn.norm" in name or ("visual" in name and "norm" in name and name.endswith("weight"))
    parameter.data = noise + (1 if ones else 0)
    if name.endswith("A_log"):
        parameter.data = torch.linspace(-4, 1, len(parameter))

T, NEW = 84, 3
LENGTHS = [70, 84]
grids = torch.tensor([[1, 8, 8], [1, 4, 4]])
segments = [("text", 2), ("image", 16), ("text", 3), ("image", 4), ("text", 59)]
types = torch.tensor([sum(([int(kind == "image")] * n for kind, n in segments), [])] * 2)
tokens = torch.where(types == 1, IMAGE, torch.randint(0, 30, (2, T)))
new_tokens = torch.randint(0, 30, (2, NEW))
mask = (torch.arange(T) < torch.tensor(LENGTHS)[:, None]).long()
front = torch.randn(2, 64, 3 * 2 * 2 * 2)
wrist = torch.randn(2, 16, 3 * 2 * 2 * 2)
pixels = torch.cat([front[0], wrist[0], front[1], wrist[1]])
grid = torch.cat([grids, grids])
weighting = torch.randn(2, T, 20) * mask[..., None]

out = model(
    input_ids=tokens, attention_mask=mask, pixel_values=pixels, image_grid_thw=grid, mm_token_type_ids=types
).last_hidden_state
(out * weighting).sum().backward()
with torch.no_grad():
    visual = model.visual(pixels, grid).pooler_output
    positions, _ = model.get_rope_index(tokens, types, image_grid_thw=grid, attention_mask=torch.ones_like(mask))
    decoded = []
    for b, n in enumerate(LENGTHS):
        row = torch.cat([tokens[b, :n], new_tokens[b]])[None]
        kinds = torch.cat([types[b, :n], torch.zeros(NEW, dtype=torch.long)])[None]
        whole = model(
            input_ids=row, attention_mask=torch.ones_like(row), pixel_values=torch.cat([front[b], wrist[b]]),
            image_grid_thw=grids, mm_token_type_ids=kinds,
        ).last_hidden_state  # fmt: skip
        decoded.append(whole[0, n:])
save_file(
    {
        **{f"model.{name}": p.data.contiguous() for name, p in model.named_parameters()},
        **{f"gradient.{name}": p.grad for name, p in model.language_model.named_parameters()},
        "io.front": front, "io.wrist": wrist, "io.tokens": tokens, "io.newTokens": new_tokens,
        "io.tokenMask": mask.float(), "io.positions": positions[:, 0].contiguous(),
        "io.visual": visual.reshape(2, 20, 20).contiguous(), "io.weighting": weighting,
        "io.hidden": out.detach().contiguous(), "io.decoded": torch.stack(decoded),
    },
    sys.argv[1],
)  # fmt: skip
