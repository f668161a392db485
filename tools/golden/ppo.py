"""Numbers for PPO on the log-probabilities of flow-SDE steps, from PyTorch: the transition's Gaussian by torch.distributions, the
clipped losses, and the gradients of the velocity and of the values by autograd.

    python tools/golden/ppo.py

writes tests/golden/ppo.safetensors. Chunk b took its chance in step b mod 5 of 5; the last dimension of an action is padding,
and 3 of the 4 actions of a chunk were executed. GAE is computed over one environment by its definition, a double sum.
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

B, H, A, STEPS, EXECUTE, LEVEL = 10, 4, 3, 5, 3, 0.5
CLIP, DUAL, VALUE_CLIP, HUBER, VALUE_WEIGHT = 0.2, 3.0, 0.2, 0.5, 0.7
GAMMA, LAMBDA = 0.99, 0.95


def std_and_mean(kind, x, v, step):
    n, delta = 1 - step / STEPS, 1 / STEPS
    clean, noise = x - n * v, x + (1 - n) * v
    if kind == "flow-sde":
        before = n if step > 0 else 1 - delta
        sigma = LEVEL * math.sqrt(n / (1 - before))
        mean = (1 - (n - delta)) * clean + (n - delta - sigma**2 * delta / (2 * n)) * noise
        return math.sqrt(delta) * sigma, mean
    mean = (1 - (n - delta)) * clean + (n - delta) * math.cos(math.pi * LEVEL / 2) * noise
    return max(n - delta, 0) * math.sin(math.pi * LEVEL / 2), mean


def gae(rewards, values, next_values, ends):
    """The definition: every advantage is the sum of the discounted errors up to the end of its episode."""
    out = []
    for t in range(len(rewards)):
        total = 0.0
        for later in range(t, len(rewards)):
            error = rewards[later] + GAMMA * next_values[later] - values[later]
            total += (GAMMA * LAMBDA) ** (later - t) * error
            if ends[later]:
                break
        out.append(total)
    return torch.tensor(out, dtype=torch.float64)


def main():
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    out = {}
    for kind in ["flow-sde", "flow-cps"]:
        x = torch.randn(B, H, A).float().double()
        v = torch.randn(B, H, A).float().double().requires_grad_()
        value = torch.randn(B).float().double().requires_grad_()
        old_value = (value.detach() + 0.3 * torch.randn(B)).float().double()
        target = torch.randn(B).float().double()
        advantage = torch.randn(B).float().double()
        after, elements, entropies = torch.zeros(B, H, A), [], []
        for b in range(B):
            step = b % STEPS
            std, mean = std_and_mean(kind, x[b], v[b], step)
            after[b] = (mean.detach() + (std if std > 0 else 0) * torch.randn(H, A)).float().double()
            if std < 1e-12:
                elements.append(0 * mean)
                entropies.append(torch.tensor(0.0))
                continue
            normal = torch.distributions.Normal(mean, std)
            elements.append(normal.log_prob(after[b]))
            entropies.append(normal.entropy()[0, 0])
        per_element = torch.stack(elements)
        log_probability = per_element[:, :EXECUTE, : A - 1].sum(dim=(1, 2))
        old = (log_probability.detach() + torch.linspace(-1.5, 1.5, B)).float().double()
        ratio = (log_probability - old).exp()
        surrogate = torch.min(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage)
        surrogate = torch.where(advantage < 0, torch.max(surrogate, DUAL * advantage), surrogate)
        policy_loss = -surrogate.mean()
        huber = lambda e: torch.nn.functional.huber_loss(e, torch.zeros_like(e), delta=HUBER, reduction="none")
        near = old_value + (value - old_value).clamp(-VALUE_CLIP, VALUE_CLIP)
        value_loss = torch.max(huber(value - target), huber(near - target)).mean()
        loss = policy_loss + VALUE_WEIGHT * value_loss
        by_velocity, by_value = torch.autograd.grad(loss, [v, value])
        r = ratio.detach()
        out.update(
            {
                f"{kind}.before": x,
                f"{kind}.velocity": v.detach(),
                f"{kind}.after": after,
                f"{kind}.logProbability": per_element.detach(),
                f"{kind}.entropy": torch.stack(entropies),
                f"{kind}.oldLogProbability": old,
                f"{kind}.value": value.detach(),
                f"{kind}.oldValue": old_value,
                f"{kind}.target": target,
                f"{kind}.advantage": advantage,
                f"{kind}.scalars": torch.stack(
                    [
                        loss.detach(),
                        policy_loss.detach(),
                        value_loss.detach(),
                        ((r - 1) - r.log()).mean(),
                        ((r - 1).abs() > CLIP).double().mean(),
                        ((value.detach() - old_value).abs() > VALUE_CLIP).double().mean(),
                        (value.detach() - target).abs().mean(),
                    ]
                ),
                f"{kind}.gradient.velocity": by_velocity,
                f"{kind}.gradient.value": by_value,
            }
        )
    rewards = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    values, next_values = torch.randn(8), torch.randn(8)
    ends = torch.tensor([0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    next_values[2] = 0
    out.update({"gae.rewards": rewards, "gae.values": values, "gae.nextValues": next_values, "gae.ends": ends})
    out = {name: tensor.float().contiguous() for name, tensor in out.items()}
    exact = [out[f"gae.{name}"].double().tolist() for name in ["rewards", "values", "nextValues", "ends"]]
    out["gae.advantages"] = gae(*exact).float()
    root = pathlib.Path(__file__).parents[2]
    save_file(out, root / "tests/golden/ppo.safetensors")


main()
