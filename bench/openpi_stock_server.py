"""openpi's own policy server with a policy that takes no time: python openpi_stock_server.py FILE PORT

FILE is src/openpi/serving/websocket_policy_server.py of openpi; its package openpi-client must be installed.
"""

import importlib.util
import sys

import numpy as np

spec = importlib.util.spec_from_file_location("websocket_policy_server", sys.argv[1])
server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(server)


class Dummy:
    """As bench/serving-policy.ts: ten actions of four numbers, of what was seen."""

    def infer(self, observation):
        last = sum(int(observation[f"observation/images/{name}"][-1, -1, -1]) for name in ("front", "left", "right"))
        action = np.array([0, 0, observation["observation/state"][1], last], np.float32)
        return {"actions": np.tile(action, (10, 1))}


server.WebsocketPolicyServer(Dummy(), host="127.0.0.1", port=int(sys.argv[2])).serve_forever()
