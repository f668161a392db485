"""Golden hidden states of a small Qwen3-VL from Hugging Face's transformers:
python tools/golden/qwen3-vl.py tests/golden/qwen3-vl.safetensors

Two prompts of 36 and 44 tokens, right-padded, with images of 4 x 4 and 2 x 2 merged patches. The position table has another
size than both images, one vision layer feeds DeepStack, and every parameter is random enough to matter.
Only the first prompt's images differ from the second's by their values; places are equal.
"""

import sys

import torch
from safetensors.torch import save_file
from transformers import Qwen3VLConfig, Qwen3VLModel

torch.manual_seed(0)
IMAGE = 31
config = Qwen3VLConfig(
    image_token_id=IMAGE,
    vision_config=dict(
        depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=2, temporal_patch_size=2,
        spatial_merge_size=2, out_hidden_size=24, num_position_embeddings=25, deepstack_visual_indexes=[0],
    ),
    text_config=dict(
        vocab_size=32, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=12, rms_norm_eps=1e-6, max_position_embeddings=128,
        rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[3, 2, 1], mrope_interleaved=True),
    ),
)  # fmt: skip
model = Qwen3VLModel(config).eval()
for name, parameter in model.named_parameters():
    noise = torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.5 / parameter[0].numel() ** 0.25)
    parameter.data = noise + (1 if "norm" in name and name.endswith("weight") else 0)

T = 44
grids = torch.tensor([[1, 8, 8], [1, 4, 4]])
segments = [("text", 2), ("image", 16), ("text", 3), ("image", 4), ("text", 19)]
types = torch.tensor([sum(([int(kind == "image")] * n for kind, n in segments), [])] * 2)
tokens = torch.where(types == 1, IMAGE, torch.randint(0, 30, (2, T)))
mask = torch.ones(2, T, dtype=torch.long)
mask[0, 36:] = 0
front = torch.randn(2, 64, 3 * 2 * 2 * 2)
wrist = torch.randn(2, 16, 3 * 2 * 2 * 2)
pixels = torch.cat([front[0], wrist[0], front[1], wrist[1]])
grid = torch.cat([grids, grids])
with torch.no_grad():
    visual = model.visual(pixels, grid)
    out = model(
        input_ids=tokens, attention_mask=mask, pixel_values=pixels, image_grid_thw=grid, mm_token_type_ids=types,
        use_cache=True,
    )
    positions, _ = model.get_rope_index(tokens, types, image_grid_thw=grid, attention_mask=torch.ones_like(mask))
save_file(
    {
        **{f"model.{name}": parameter.data.contiguous() for name, parameter in model.named_parameters()},
        "io.front": front, "io.wrist": wrist, "io.tokens": tokens, "io.tokenMask": mask.float(),
        "io.positions": positions[:, 0].contiguous(), "io.visual": visual.pooler_output.reshape(2, 20, 24).contiguous(),
        "io.deepstack": visual.deepstack_features[0].reshape(2, 20, 24).contiguous(), "io.hidden": out.last_hidden_state.contiguous(),
        **{f"io.{part}.{i}": getattr(layer, part).contiguous()
           for i, layer in enumerate(out.past_key_values.layers) for part in ["keys", "values"]},
    },
    sys.argv[1],
)  # fmt: skip
