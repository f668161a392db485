"""Golden eigengrasps: numpy's PCA of fixed hand poses.

    python tools/golden/eigengrasps.py > tests/golden/eigengrasps.json
"""

import json

import numpy as np

rows, joints, kept = 60, 45, 10
i = np.arange(rows)[:, None]
j = np.arange(joints)[None, :]
# A few smooth synergies of unlike strength, and a little of everything.
poses = sum(
    (1.0 / (k + 1)) * np.sin(0.7 * (k + 1) * i + 0.3 * k) * np.cos(0.21 * (k + 1) * j + 0.5 * k) for k in range(14)
) + 0.05 * np.sin(1.3 * i * j + 0.1 * j)
mean = poses.mean(axis=0)
centred = poses - mean
values, vectors = np.linalg.eigh(centred.T @ centred / rows)
order = np.argsort(values)[::-1][:kept]
components = vectors[:, order].T
largest = np.abs(components).argmax(axis=1)
components *= np.sign(components[np.arange(kept), largest])[:, None]
weights = centred @ components.T

print(
    json.dumps(
        {
            "variances": values[order].tolist(),
            "totalVariance": float(values.sum()),
            "mean": mean.tolist(),
            "components": components.tolist(),
            "weights": weights[:3].tolist(),
        }
    )
)
