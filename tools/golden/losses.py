"""Golden losses and their gradients, recomputed with PyTorch from the papers' equations:
python tools/golden/losses.py tests/golden/losses.safetensors

flow.*: reductions of a velocity's error over [B, H, A] with a padded channel, an episode that ends early and a sample
without actions. The weighted one is Xiaomi-Robotics-0's `compute_loss`: weights by error, half the mean square, and the
spectral term. tokens.*: cross-entropy with ignored labels over a tied table and a head. choice.*: a choice policy.
`x.gradient` is the gradient of `x.loss` with respect to the named inputs.
"""

import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(0)
out = {}


def keep(name, loss, **inputs):
    """Stores a loss and its gradient for each input."""
    gradients = torch.autograd.grad(loss, list(inputs.values()), retain_graph=True)
    out[f"{name}.loss"] = loss.detach()
    for key, gradient in zip(inputs, gradients, strict=True):
        out[f"{name}.gradient.{key}"] = gradient


# Reductions of the velocity's error.
B, H, A = 3, 5, 4
prediction = torch.randn(B, H, A, requires_grad=True)
target, sample, actions = torch.randn(B, H, A), torch.randn(B, H, A), torch.randn(B, H, A)
mask = torch.zeros(B, H, A)
mask[0, :, :3] = 1
mask[1, :2, :2] = 1
out |= {"flow.prediction": prediction.detach(), "flow.target": target, "flow.mask": mask}
out |= {"flow.sample": sample, "flow.actions": actions}
square = (prediction - target) ** 2
keep("flow.masked", square[mask.bool()].mean(), prediction=prediction)
keep("flow.plain", F.mse_loss(prediction, target), prediction=prediction)
per_sample = []
for b in range(B):
    channels = [square[b, mask[b, :, k].bool(), k].mean() for k in range(A) if mask[b, :, k].any()]
    if channels:
        per_sample.append(torch.stack(channels).mean())
keep("flow.channel", torch.stack(per_sample).mean(), prediction=prediction)
weights = (sample - actions).abs()
weights[mask.bool()] = weights[mask.bool()] / weights[mask.bool()].mean()
weights = weights.clamp(0.5, 5.0)
out["flow.weights"] = weights
keep("flow.weighted", 0.5 * (square * weights)[mask.bool()].mean(), prediction=prediction)
spectrum = (torch.fft.rfft(prediction, dim=1) - torch.fft.rfft(target, dim=1)).abs()
keep("flow.spectral", (spectrum * weights.mean(dim=[1, 2])[:, None, None]).mean(), prediction=prediction)

# Next-token cross-entropy: tokens 8 to 11 are actions and weigh 2.5 times as much.
T, D, V = 7, 6, 12
hidden = torch.randn(B, T, D, requires_grad=True)
table = torch.randn(V, D, requires_grad=True)
labels = torch.randint(0, V, (B, T))
labels[0, :4] = -100
labels[1] = -100
labels[2, 2] = -100
out |= {"tokens.hidden": hidden.detach(), "tokens.table": table.detach(), "tokens.labels": labels}
logits = (hidden @ table.T)[:, :-1].reshape(-1, V)
following = labels[:, 1:].reshape(-1)
keep("tokens.plain", F.cross_entropy(logits, following, ignore_index=-100), hidden=hidden, table=table)
each = F.cross_entropy(logits, following, ignore_index=-100, reduction="none")
weighted = (each * torch.where(following >= 8, 2.5, 1.0)).sum() / (following != -100).sum()
keep("tokens.weighted", weighted, hidden=hidden, table=table)

# Choice policy: 5 candidates, heads of 4 + 1 affine maps.
C = 5


def head(outputs):
    return nn.ModuleDict(
        {"layers": nn.ModuleList([nn.Linear(D, D) for _ in range(4)]), "out": nn.Linear(D, outputs)}
    )


policy = nn.ModuleDict({"queries": nn.Embedding(H + 1, D), "action_head": head(C * A), "score_head": head(C)})
mixer = torch.randn(H + 1, H + 1)
for parameter in policy.parameters():
    parameter.data = torch.randn_like(parameter) * (0.3 if parameter.ndim == 1 else 0.6)


def run(one, x):
    for layer in one["layers"]:
        x = F.gelu(layer(x), approximate="tanh")
    return one["out"](x)


context = torch.randn(B, H + 1, D)
states = mixer @ (context + policy["queries"].weight)
candidates = run(policy["action_head"], states[:, :H]).reshape(B, H, C, A).transpose(1, 2)
scores = run(policy["score_head"], states[:, H])
errors = ((candidates - actions[:, None]).abs() * mask[:, None]).sum((2, 3)) / mask.sum((1, 2))[:, None].clamp(min=1)
present = mask.amax((1, 2)).bool()
winner = errors.min(1).values[present].mean()
score = F.mse_loss(scores[present], errors[present].detach())
names, parameters = zip(*policy.named_parameters(), strict=True)
out |= {f"choice.{name}": parameter.data.contiguous() for name, parameter in zip(names, parameters, strict=True)}
out |= {"choice.context": context, "choice.mixer": mixer, "choice.winner": winner.detach(), "choice.score": score.detach()}
picked = candidates[torch.arange(B), scores.argmin(1)]
out |= {"choice.candidates": candidates.detach().contiguous(), "choice.scores": scores.detach(), "choice.picked": picked.detach()}
keep("choice", winner + score, **dict(zip(names, parameters, strict=True)))
save_file({name: tensor.contiguous() for name, tensor in out.items()}, sys.argv[1])
