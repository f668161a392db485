"""The stock Python clients and servers of other projects, driven by tests/serving/python-peers.test.ts.

    python tests/serving/peers.py client PROTOCOL PORT     asks a server of ours; prints what it got as JSON
    python tests/serving/peers.py server PROTOCOL PORT     serves for a client of ours until it is ended

PYTHONPATH leads to the unmodified sources: starVLA, vla-evaluation-harness (src), Isaac-GR00T (N1.6 or N1.7), dexbotic, openpi (src, and
packages/openpi-client/src). Everybody
sees what the toy policy's robot sees (tests/serving/toy-observation.ts).
"""

import asyncio
import json
import sys

import numpy as np


def image(last):
    pixels = (np.arange(192) * 7 % 256).astype(np.uint8)
    pixels[-1] = last
    return pixels.reshape(8, 8, 3)


FRONT, WRIST = image(3), image(40)


def state(value):
    return np.array([0.25, value], np.float32)


def starvla_client(port):
    from deployment.model_server.tools.websocket_policy_client import WebsocketClientPolicy

    client = WebsocketClientPolicy("127.0.0.1", port)
    results = []
    for value in (0.5, 0.75):
        example = {"image": [FRONT, WRIST], "lang": "go", "state": state(value)[None]}
        response = client.predict_action({"examples": [example], "unnorm_key": "toy", "do_sample": False})
        results.append(np.asarray(response["data"]["actions"])[0].tolist())
    failed = client.predict_action({"examples": [{"image": [FRONT], "lang": "go"}]})
    meta = client.get_server_metadata()
    return {"chunk": meta["action_chunk_size"], "results": results, "failed": failed["ok"]}


def gr00t_client(port):
    from gr00t.policy.server_client import PolicyClient

    client = PolicyClient("127.0.0.1", port, api_token="a token of some length")
    assert client.ping()
    config = client.get_modality_config()
    client.reset({"seed": 5})
    results = []
    for value in (0.5, 0.75):
        observation = {
            "video": {"front": FRONT[None, None], "wrist": WRIST[None, None]},
            "state": {"state": state(value)[None, None]},
            "language": {"task": [["go"]]},
        }
        action, info = client.get_action(observation)
        assert action["action"].dtype == np.float32, action
        results.append(action["action"][0].tolist())
    try:
        client.kill_server()
        killed = True
    except RuntimeError:
        killed = False
    return {"video": config["video"].modality_keys, "results": results, "killed": killed}


def vla_eval_client(port):
    from vla_eval.connection import Connection
    from vla_eval.protocol import numpy_codec

    async def play():
        results = []
        connection = Connection(f"ws://127.0.0.1:{port}", timeout=120)
        await connection.connect(benchmark="toy")
        for coding in ("png", "raw"):
            numpy_codec.set_image_format(coding)
            await connection.start_episode({"task": {"name": "go"}})
            for value in (0.5, 0.625, 0.75):
                seen = {"images": {"front": FRONT, "wrist": WRIST}, "task_description": "go", "states": state(value)}
                results.append((await connection.act(seen))["actions"].tolist())
            await connection.end_episode({"metrics": {"success": True}, "steps": 3, "elapsed_sec": 0.5})
        await connection.start_episode({"task": {"name": "go"}})
        try:
            await connection.act({"images": {}})
            failed = False
        except RuntimeError:
            failed = True
        info = connection.server_info
        await connection.close()
        return {"protocol": info["protocol_version"], "results": results, "failed": failed}

    return asyncio.run(play())


def dm0_client(port):
    from dexbotic.client import DexClient

    client = DexClient(f"http://127.0.0.1:{port}", use_delta=False)
    results = [np.asarray(client.act({"image": FRONT}, "go")).tolist() for _ in range(5)]
    return {"results": results}


class ToyModel:
    """Answers as the toy policy does, but for the number of the call."""

    metadata = {"action_chunk_size": 2, "available_unnorm_keys": ["toy", "other"]}

    def actions(self, front, wrist, values, text):
        action = [len(text), 0, values[1], int(front.reshape(-1)[-1]) + int(wrist.reshape(-1)[-1])]
        return np.array([[action, action]], np.float32)

    def predict_action(self, examples, unnorm_key=None, **_):
        assert unnorm_key == "toy", unnorm_key
        example = examples[0]
        return {"actions": self.actions(*example["image"], example["state"][0], example["lang"]).astype(np.float64)}

    def get_action(self, observation, options=None):
        video, values = observation["video"], observation["state"]["state"]
        assert video["front"].shape == (1, 1, 8, 8, 3) and values.dtype == np.float32
        action = self.actions(video["front"], video["wrist"], values[0, 0], observation["language"]["task"][0][0])
        return {"arm": action[..., :3], "hand": action[..., 3:]}, {}

    def infer(self, obs):
        values = obs["observation/state"]
        assert obs["observation/image"].shape == (8, 8, 3) and values.dtype == np.float32, "expected 8 by 8 pixels"
        return {"actions": self.actions(obs["observation/image"], obs["observation/wrist_image"], values, obs["prompt"])[0]}

    def reset(self, options=None):
        return {}

    def get_modality_config(self):
        from gr00t.data.types import ModalityConfig

        keys = {"video": ["front", "wrist"], "state": ["state"], "action": ["arm", "hand"], "language": ["task"]}
        return {name: ModalityConfig(delta_indices=[0], modality_keys=names) for name, names in keys.items()}


def starvla_server(port):
    from deployment.model_server.tools.websocket_policy_server import WebsocketPolicyServer

    WebsocketPolicyServer(ToyModel(), "127.0.0.1", port, metadata=ToyModel.metadata).serve_forever()


def openpi_server(port):
    from openpi.serving.websocket_policy_server import WebsocketPolicyServer

    WebsocketPolicyServer(ToyModel(), "127.0.0.1", port, metadata={"model": "toy"}).serve_forever()


def gr00t_server(port):
    from gr00t.policy.server_client import PolicyServer

    PolicyServer(ToyModel(), "127.0.0.1", port).run()


def vla_eval_server(port):
    from vla_eval.model_servers.predict import PredictModelServer
    from vla_eval.model_servers.serve import serve
    from vla_eval.specs import LANGUAGE, RAW

    class ToyServer(PredictModelServer):
        """The harness's own class gives out the actions of a chunk of 2; the first number is the episode's name's length."""

        def __init__(self):
            super().__init__(chunk_size=2)
            self.name = ""

        def get_observation_params(self):
            return {"send_state": True, "send_wrist_image": True}

        def get_action_spec(self):
            return {"actions": RAW}

        def get_observation_spec(self):
            return {"language": LANGUAGE, "state": RAW}

        async def on_episode_start(self, config, ctx):
            self.name = config["task"]["name"]
            await super().on_episode_start(config, ctx)

        def predict(self, obs, ctx):
            images = obs["images"]
            assert list(images) == ["agentview", "wrist"] and images["wrist"].shape == (8, 8, 3)
            assert obs["task_description"] == self.name and obs["states"].dtype == np.float32
            chunk = ToyModel().actions(images["agentview"], images["wrist"], obs["states"], self.name)[0]
            return {"actions": chunk + np.array([[0, 0, 0, 0], [0, 1, 0, 0]], np.float32)}

    serve(ToyServer(), "127.0.0.1", port)


if __name__ == "__main__":
    role, protocol, port = sys.argv[1:]
    answer = globals()[f"{protocol.replace('-', '_')}_{role}"](int(port))
    print(json.dumps(answer), flush=True)
