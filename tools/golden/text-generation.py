"""Golden text generation with the small Qwen3-VL of qwen3-vl.py, by transformers' own `generate` with its cache:
python tools/golden/text-generation.py tests/golden/qwen3-vl.safetensors tests/golden/text-generation.safetensors

Greedy continuations of the first prompt's 36 tokens with its two images, and of 9 tokens of text alone, with the logits
of every step; and which tokens transformers' top-p keeps of some logits.
"""

import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, TemperatureLogitsWarper, TopPLogitsWarper

IMAGE, NEW = 31, 14
tensors = load_file(sys.argv[1])
config = Qwen3VLConfig(
    image_token_id=IMAGE, tie_word_embeddings=True,
    vision_config=dict(
        depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=2, temporal_patch_size=2,
        spatial_merge_size=2, out_hidden_size=24, num_position_embeddings=25, deepstack_visual_indexes=[0],
    ),
    text_config=dict(
        vocab_size=32, hidden_size=24, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=12, rms_norm_eps=1e-6, max_position_embeddings=128, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=1000.0, mrope_section=[3, 2, 1], mrope_interleaved=True),
    ),
)  # fmt: skip
model = Qwen3VLForConditionalGeneration(config).eval()
weights = {name: tensor for name, tensor in tensors.items() if name.startswith("model.")}
missing, unexpected = model.load_state_dict(weights, strict=False)
assert unexpected == [] and missing == ["lm_head.weight"], (missing, unexpected)
model.tie_weights()
assert model.lm_head.weight is model.model.language_model.embed_tokens.weight

out = {}


def generate(name, tokens, **inputs):
    types = (tokens == IMAGE).long()
    found = model.generate(
        input_ids=tokens, attention_mask=torch.ones_like(tokens), mm_token_type_ids=types, **inputs, max_new_tokens=NEW,
        do_sample=False, use_cache=True, eos_token_id=None, pad_token_id=0, output_logits=True,
        return_dict_in_generate=True,
    )  # fmt: skip
    out[f"{name}.tokens"] = tokens[0].contiguous()
    out[f"{name}.generated"] = found.sequences[0, tokens.shape[1] :].contiguous()
    out[f"{name}.logits"] = torch.cat(found.logits).contiguous()


pixels = torch.cat([tensors["io.front"][0], tensors["io.wrist"][0]])
generate("images", tensors["io.tokens"][:1, :36], pixel_values=pixels, image_grid_thw=torch.tensor([[1, 8, 8], [1, 4, 4]]))
generate("text", torch.arange(3, 12)[None])

torch.manual_seed(0)
scores = torch.randn(40, 32) * 3
warped = TopPLogitsWarper(0.8)(None, TemperatureLogitsWarper(0.7)(None, scores))
out |= {"topP.logits": scores, "topP.probabilities": warped.softmax(-1)}
save_file(out, sys.argv[2])
