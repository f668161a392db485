"""Golden numbers of the optimiser: 200 AdamW steps with clipping, of a small network, in PyTorch in double precision.

    python tools/golden/adamw.py > tests/golden/adamw.json

Weights and batches are sines of their indices, rounded to float32, so that the test makes the same ones without PyTorch. A
part of the target cannot be learnt: the loss stays near 0.15, where float32 still has six digits of it.
"""

import json
import math

import torch

STEPS, BATCH = 200, 16
SHAPES = {
    "layers.0.weight": (3, 24),
    "layers.0.bias": (24,),
    "layers.1.weight": (24, 1),
    "layers.1.bias": (1,),
}


def wave(shape, phase, amplitude=0.6):
    count = math.prod(shape)
    values = [amplitude * math.sin(1.7 * i + phase) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).float().double().reshape(shape)


def learning_rate(step, peak=1e-2, warmup=10, final=0.1):
    if step < warmup:
        return peak * (step + 1) / warmup
    progress = (step - warmup) / (STEPS - warmup)
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * progress)))


torch.set_num_threads(1)
parameters = {
    name: torch.nn.Parameter(wave(shape, phase))
    for phase, (name, shape) in enumerate(SHAPES.items())
}
groups = [
    {"params": [p for p in parameters.values() if p.ndim > 1], "weight_decay": 0.02},
    {"params": [p for p in parameters.values() if p.ndim == 1], "weight_decay": 0.0},
]
optimiser = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.98), eps=1e-8, foreach=False)
average = {name: p.detach().clone() for name, p in parameters.items()}
losses, norms = [], []
for step in range(STEPS):
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(step)
    x = wave((BATCH, 3), 10 + step, 1.0)
    noise = torch.sin(37.0 * torch.arange(BATCH, dtype=torch.float64) + 5 * step)
    y = (torch.sin(3 * x[:, 0]) * x[:, 1] + 0.5 * x[:, 2] + 2 + 0.6 * noise).float().double()
    hidden = torch.tanh(x @ parameters["layers.0.weight"] + parameters["layers.0.bias"])
    error = hidden @ parameters["layers.1.weight"] + parameters["layers.1.bias"] - y[:, None]
    loss = (error * error).mean()
    optimiser.zero_grad()
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0).item())
    optimiser.step()
    losses.append(loss.item())
    rate = 1 - min(0.99, (1 + step) / (10 + step))
    for name, p in parameters.items():
        average[name] += (p.detach() - average[name]) * rate

digits = lambda values: [float(f"{value:.12g}") for value in values]
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "losses": digits(losses),
            "norms": digits(norms),
            "weights": {k: digits(p.detach().flatten().tolist()) for k, p in parameters.items()},
            "average": {k: digits(p.flatten().tolist()) for k, p in average.items()},
        },
        indent=1,
    )
)
