"""Golden proposals, loss and gradients of Xiaomi-Robotics-0's first pre-training step, with transformers' Qwen3-VL:
python tools/golden/choice-stage.py tests/golden/xiaomi-robotics-0.safetensors tests/golden/choice-stage.safetensors

No code of that step is public: this is the paper's description over the small model of the first file, whose weights, prompts and
actions are read again. Each prompt runs alone and without padding: its tokens, the state, an action query per step, the score
query. `choice.*` are the weights of the choice policy, `gradient.*` those of the loss for them and for every sixth tensor of the
vision-language model.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import Qwen3VLConfig
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLModel

given = load_file(sys.argv[1])
D, A, STATE, H, C, LAYERS = 16, 4, 5, 7, 3, 2
config = Qwen3VLConfig(
    text_config=dict(
        vocab_size=32, hidden_size=D, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, rms_norm_eps=1e-6, max_position_embeddings=128,
        rope_parameters=dict(rope_theta=1000.0, mrope_section=[2, 1, 1], mrope_interleaved=True, rope_type="default"),
    ),
    vision_config=dict(
        depth=2, hidden_size=16, intermediate_size=24, num_heads=2, patch_size=2, temporal_patch_size=2,
        spatial_merge_size=2, out_hidden_size=D, num_position_embeddings=16, deepstack_visual_indexes=[0],
    ),
    image_token_id=31, vision_start_token_id=30,
)  # fmt: skip
config._attn_implementation = "eager"
vlm = Qwen3VLModel(config)
prefix = "vlm.model."
vlm.load_state_dict({n[len(prefix) :]: w for n, w in given.items() if n.startswith(prefix)})

torch.manual_seed(1)


def head(outputs):
    return nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(D, D) for _ in range(LAYERS)]), "out": nn.Linear(D, outputs)})


policy = nn.ModuleDict(
    {
        "state": nn.ModuleDict({"in": nn.Linear(STATE, D), "out": nn.Linear(D, D)}),
        "queries": nn.Embedding(H + 1, D),
        "action_head": head(C * A),
        "score_head": head(C),
    }
)
for parameter in policy.parameters():
    parameter.data = torch.randn_like(parameter) * (0.2 if parameter.ndim == 1 else 0.4)
gelu = lambda x: F.gelu(x, approximate="tanh")


def run(one, x):
    for layer in one["layers"]:
        x = gelu(layer(x))
    return one["out"](x)


grid = torch.tensor([[1, 8, 4], [1, 4, 4]])
candidates, scores = [], []
for b, mask in enumerate(given["io.tokenMask"]):
    n = int(mask.sum())
    tokens = given["io.tokens"][b : b + 1, :n]
    pixels = torch.cat([given["io.base"][b], given["io.wrist"][b]])
    seen = vlm.get_image_features(pixels, grid)
    at = tokens[0] == 31
    text = vlm.get_input_embeddings()(tokens)
    text = text.masked_scatter(at[None, :, None].expand_as(text), torch.cat(seen.pooler_output))
    state = policy["state"]["out"](gelu(policy["state"]["in"](given["io.state"][b])))
    tail = torch.cat([state[None], policy["queries"].weight])[None]
    positions = given["io.positions"].view(3, 1, -1)[..., :n]
    after = positions.max() + 1 + torch.arange(H + 2)
    hidden = vlm.language_model(
        inputs_embeds=torch.cat([text, tail], 1),
        position_ids=torch.cat([positions, after.expand(3, 1, -1)], -1),
        visual_pos_masks=torch.cat([at, torch.zeros(H + 2, dtype=torch.bool)])[None],
        deepstack_visual_embeds=[torch.cat(layer) for layer in seen.deepstack_features],
        use_cache=False,
    ).last_hidden_state[0, n:]
    candidates.append(run(policy["action_head"], hidden[1:-1]).view(H, C, A).transpose(0, 1))
    scores.append(run(policy["score_head"], hidden[-1]))
candidates, scores = torch.stack(candidates), torch.stack(scores)
actions, mask = given["io.actions"], given["io.actionMask"]
errors = ((candidates - actions[:, None]).abs() * mask[:, None]).sum((2, 3)) / mask.sum((1, 2))[:, None]
winner, score = errors.min(1).values.mean(), F.mse_loss(scores, errors.detach())
(winner + score).backward()
weights = {f"choice.{name}": parameter.data for name, parameter in policy.named_parameters()}
gradients = {f"choice.{name}": parameter.grad for name, parameter in policy.named_parameters()}
learnt = [(name, p.grad) for name, p in vlm.named_parameters() if p.grad is not None]
gradients |= {f"vlm.model.{name}": gradient for name, gradient in learnt[::6]}
result = {
    **weights, **{f"gradient.{name}": gradient for name, gradient in gradients.items()},
    "candidates": candidates.detach(), "scores": scores.detach(), "winner": winner.detach(), "score": score.detach(),
    "picked": candidates[torch.arange(2), scores.argmin(1)].detach(),
}  # fmt: skip
save_file({name: tensor.contiguous() for name, tensor in result.items()}, sys.argv[2])
print(winner.item(), score.item(), errors.argmin(1), scores.argmin(1), len(learnt))
