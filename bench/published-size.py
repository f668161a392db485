"""The shapes of bench/published-size.ts in PyTorch. Reads one line per chunk ("fp32 5": element type and Euler steps), answers with
one line of JSON: the seconds of the chunk. The last argument is the device, cpu or cuda. Weights are random; see published_size_prompts.py for how they fit into memory.
"""

import copy
import json
import sys
import time

import torch

from published_size_experts import EXPERTS
from published_size_prompts import IMAGE, PROMPTS

sizes = json.loads(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
torch.manual_seed(0)
torch.set_default_device(sys.argv[3])
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Inputs:
    """One observation: places of images and text as in the codec's prompt."""

    kinds = torch.tensor(sizes["tokenKinds"])[None]
    tokens = torch.where(kinds == 1, IMAGE, 5)
    mask = torch.ones_like(tokens)
    grids = torch.tensor(sizes["grids"])
    pixels = torch.randn(int(grids.prod(1).sum()), sizes["patchSize"])
    state = torch.randn(1, sizes["stateSize"])
    noise = torch.randn(1, sizes["horizon"], sizes["expert"]["actionDim"])


class Prompt:
    """What the experts read of the prompt."""

    def __init__(self, hidden):
        self.hidden, self.mask = hidden, Inputs.mask


models = {"fp32": (PROMPTS[sizes["family"]](sizes).eval(), EXPERTS[sizes["family"]](sizes).eval())}
models["bf16"] = tuple(copy.deepcopy(model).to(torch.bfloat16) for model in models["fp32"])


def chunk(kind, steps):
    (encoder, expert), dtype = models[kind], TYPES[kind]
    expert.read(Prompt(encoder(Inputs, dtype)))
    x, state = Inputs.noise.to(dtype), Inputs.state.to(dtype)
    for k in range(steps):
        x = x - expert.velocity(x, 1 - k / steps, state) / steps
    return x


with torch.inference_mode():
    for line in sys.stdin:
        if not line.strip():
            break
        kind, steps = line.split()
        start, cpu = time.perf_counter(), time.process_time()
        result = chunk(kind, int(steps)).cpu()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "finite": bool(result.isfinite().all())}), flush=True)
