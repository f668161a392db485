"""Golden FAST tokens from the official processor: python tools/golden/fast.py PROCESSOR_FOLDER tests/golden/fast

PROCESSOR_FOLDER holds the processing_action_tokenizer.py of physical-intelligence/fast. Chunks are random walks made from
a formula (tests/fast-chunks.ts makes the same), so only a hash of their ids is kept. Needs scipy and transformers.
"""

import hashlib
import json
import pathlib
import sys
import tempfile

import numpy

sys.path.insert(0, sys.argv[1])
from processing_action_tokenizer import UniversalActionProcessor  # noqa: E402

SHAPES = [(10, 7), (16, 7), (8, 32), (32, 14), (50, 8), (1, 3), (7, 1)]
FITTED, FIRST, COUNT = 1500, 100_000, 10_000


def walk(seed: int) -> numpy.ndarray:
    """A random walk in [-1, 1] of whole 32-bit fractions: sums and products that every language rounds alike."""
    horizon, dim = SHAPES[seed % len(SHAPES)]
    state = (seed * 2654435761) & 0xFFFFFFFF
    out, now = numpy.zeros((horizon, dim)), [0.0] * dim
    for t in range(horizon):
        for d in range(dim):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            step = state / 4294967296 - 0.5
            now[d] = min(1.0, max(-1.0, now[d] + step * (2 if t == 0 else 1 / (1 + d % 4))))
            out[t, d] = now[d]
    return out


# The constant chunks have the largest coefficients that any chunk in [-1, 1] can have.
fitted = [walk(seed) for seed in range(FITTED)] + [numpy.full((50, 1), sign) for sign in (1.0, -1.0)]
processor = UniversalActionProcessor.fit(fitted, scale=25, vocab_size=1024)
digest, samples = hashlib.sha256(), []
for seed in range(FIRST, FIRST + COUNT):
    chunk = walk(seed)
    ids = processor(chunk)[0]
    digest.update(numpy.array([len(ids), *ids], "<u4").tobytes())
    if seed < FIRST + len(SHAPES):
        decoded = processor.decode([ids], time_horizon=chunk.shape[0], action_dim=chunk.shape[1])[0]
        samples.append({"seed": seed, "ids": ids, "decoded": [float(f"{x:.8f}") for x in decoded.flatten()]})

out = pathlib.Path(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    processor.time_horizon = processor.action_dim = None
    processor.save_pretrained(folder)
    # Newer versions of transformers save the tokenizer in a folder of its own; physical-intelligence/fast is flat.
    for file in sorted(pathlib.Path(folder).rglob("*.json")):
        (out / file.name).write_text(json.dumps(json.loads(file.read_text()), separators=(",", ":")) + "\n")
rows = ",\n".join(json.dumps(sample, separators=(",", ":")) for sample in samples)
(out / "ids.json").write_text(
    f'{{"shapes": {SHAPES}, "fitted": {FITTED}, "first": {FIRST}, "count": {COUNT},\n'.replace("(", "[").replace(")", "]")
    + f'"sha256": "{digest.hexdigest()}", "samples": [\n{rows}\n]}}\n'
)
