"""Asks a server through openpi's stock client: python stock_openpi_client.py PORT. Prints what it saw as JSON."""

import json
import sys
import urllib.request

import numpy as np
from openpi_client import websocket_client_policy

port = int(sys.argv[1])
rng = np.random.default_rng(3)


def observation(instruction, k):
    return {
        "observation/image": rng.integers(256, size=(8, 8, 3), dtype=np.uint8),
        "observation/wrist_image": np.full((8, 8, 3), k, np.uint8),
        "observation/state": np.array([0.0, 0.5]),
        "prompt": instruction,
    }


health = urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz")
seen = {"health": [health.status, health.read().decode()]}
client = websocket_client_policy.WebsocketClientPolicy("127.0.0.1", port)
seen["policy"] = client.get_server_metadata()["vlakit"]["policy"]
answers = []
for k in range(2):
    asked = observation("go", k)
    answer = client.infer(asked)
    actions = answer["actions"]
    last = int(asked["observation/image"][-1, -1, -1]) + k
    answers.append(
        {
            "dtype": str(actions.dtype),
            "shape": actions.shape,
            "first": actions[0].tolist(),
            "expected": last,
            "timing": sorted(answer["server_timing"]),
        }
    )
seen["answers"] = answers
try:
    client.infer({"prompt": "go"})
except RuntimeError as error:
    seen["error"] = str(error)
print(json.dumps(seen))
