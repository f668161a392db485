"""The vision-language models of the published systems for bench/published-size.py: transformers' own classes where there is one,
with random weights. The layers of each stack take turns with SETS sets of them, so that the model fits beside others in
memory; a layer's weights are read from memory again each time, as they are larger than the cache together.
"""

import torch
import torch.nn.functional as F
from transformers import Qwen3_5Config, Qwen3_5Model, Qwen3Config, Qwen3Model, Qwen3VLConfig, Qwen3VLModel

SETS = 4
IMAGE, WORDS = 999, 1000


def stack(modules, layers):
    """`layers` layers that take turns with the given modules."""
    return torch.nn.ModuleList([modules[i % len(modules)] for i in range(layers)])


def qwen_vision(c, **more):
    return dict(
        depth=SETS, hidden_size=c["width"], intermediate_size=c["mlpWidth"], num_heads=c["heads"],
        patch_size=c["patch"], temporal_patch_size=c["temporal"], spatial_merge_size=c["merge"],
        out_hidden_size=c["outputWidth"], num_position_embeddings=c["positionGrid"] ** 2, **more,
    )  # fmt: skip


def qwen_text(c, layers, **more):
    return dict(
        vocab_size=WORDS, hidden_size=c["width"], intermediate_size=c["mlpWidth"], num_hidden_layers=layers,
        num_attention_heads=c["heads"], num_key_value_heads=c["kvHeads"], head_dim=c["headWidth"],
        rms_norm_eps=c["normEpsilon"], max_position_embeddings=4096, **more,
    )  # fmt: skip


def rope(c, **more):
    return dict(rope_type="default", rope_theta=c["ropeTheta"], mrope_section=c["ropeSections"],
                mrope_interleaved=True, **more)  # fmt: skip


class QwenPrompt(torch.nn.Module):
    """Qwen3-VL or Qwen3.5 as transformers runs them."""

    def __init__(self, model, vision, language):
        super().__init__()
        model.visual.blocks = stack(model.visual.blocks, vision["layers"])
        model.language_model.layers = stack(model.language_model.layers, language["layers"])
        model.language_model.config.num_hidden_layers = language["layers"]
        self.model = model

    def forward(self, inputs, dtype):
        return self.model(
            input_ids=inputs.tokens, attention_mask=inputs.mask, pixel_values=inputs.pixels.to(dtype),
            image_grid_thw=inputs.grids, mm_token_type_ids=inputs.kinds, use_cache=False,
        ).last_hidden_state  # fmt: skip


def qwen3_vl(sizes):
    vision, language = sizes["vision"], sizes["language"]
    config = Qwen3VLConfig(
        image_token_id=IMAGE,
        vision_config=qwen_vision(vision, deepstack_visual_indexes=vision["deepstackLayers"]),
        text_config=qwen_text(language, SETS, rope_parameters=rope(language)),
    )
    return QwenPrompt(Qwen3VLModel(config), vision, language)


def qwen3_5(sizes):
    """Three gated delta nets to one gated attention: four layers are one turn of the pattern."""
    vision, language = sizes["vision"], sizes["language"]
    delta = language["delta"]
    config = Qwen3_5Config(
        image_token_id=IMAGE,
        vision_config=qwen_vision(vision),
        text_config=qwen_text(
            language, SETS, hidden_act="silu", linear_num_key_heads=delta["keyHeads"],
            linear_num_value_heads=delta["valueHeads"], linear_key_head_dim=delta["keyWidth"],
            linear_value_head_dim=delta["valueWidth"], linear_conv_kernel_dim=delta["kernel"],
            rope_parameters=rope(language, partial_rotary_factor=language["rotaryWidth"] / language["headWidth"]),
        ),
    )  # fmt: skip
    model = Qwen3_5Model(config)
    types = model.language_model.config.layer_types
    model.language_model.config.layer_types = [types[i % SETS] for i in range(language["layers"])]
    return QwenPrompt(model, vision, language)


class PeBlock(torch.nn.Module):
    """A block of Perception Encoder's tower, without the rotation of its queries and keys, which costs little."""

    def __init__(self, width, inner, heads):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.o = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, inner), torch.nn.Linear(inner, width)
        self.s1, self.s2 = (torch.nn.Parameter(torch.full((width,), 0.1)) for _ in range(2))

    def forward(self, x):
        q, k, v = self.qkv(self.n1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.s1 * self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.s2 * self.down(F.gelu(self.up(self.n2(x))))


class Dm0Prompt(torch.nn.Module):
    """DM0: PE's tower and its convolutions in plain PyTorch, Qwen3 from transformers."""

    def __init__(self, sizes):
        super().__init__()
        vision, language = sizes["vision"], sizes["language"]
        width = vision["width"]
        self.embed = torch.nn.Linear(3 * vision["patch"] ** 2, width, bias=False)
        self.norm = torch.nn.LayerNorm(width)
        blocks = [PeBlock(width, vision["mlpWidth"], vision["heads"]) for _ in range(SETS)]
        self.blocks = stack(blocks, vision["layers"])
        self.halve = torch.nn.Sequential(
            torch.nn.Conv2d(width, 2 * width, 3, 2, 1), torch.nn.Conv2d(2 * width, 4 * width, 3, 2, 1)
        )
        self.project = torch.nn.Linear(4 * width, language["width"], bias=False)
        text = dict(rope_type="default", rope_theta=language["ropeTheta"])
        self.text = Qwen3Model(Qwen3Config(**qwen_text(language, SETS, rope_parameters=text)))
        self.text.layers = stack(self.text.layers, language["layers"])
        self.text.config.num_hidden_layers = language["layers"]
        self.text.config.layer_types = ["full_attention"] * language["layers"]

    def forward(self, inputs, dtype):
        images, (_, rows, columns) = len(inputs.grids), inputs.grids[0].tolist()
        patches = inputs.pixels.to(dtype).view(images, rows * columns, -1)
        seen = []
        for image in patches:
            x = self.norm(self.embed(image[None]))
            for block in self.blocks:
                x = block(x)
            x = self.halve(x.transpose(1, 2).unflatten(-1, (rows, columns)))
            seen.append(self.project(x.flatten(2).transpose(1, 2)))
        words = self.text.embed_tokens(inputs.tokens[inputs.kinds == 0][None])
        embedded = torch.cat([*seen, words], 1)
        return self.text(inputs_embeds=embedded, attention_mask=inputs.mask, use_cache=False).last_hidden_state


PROMPTS = {"zr-0": qwen3_vl, "xiaomi-robotics-0": qwen3_vl, "qwen-vla": qwen3_5, "dm0": Dm0Prompt}
