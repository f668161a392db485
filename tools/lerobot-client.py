"""Runs LeRobot's own robot client, unchanged, with a robot of numbers against a server of ours, and prints what the robot did as JSON.

    python tools/lerobot-client.py LEROBOT_SRC HOST:PORT POLICY [STEPS]

Needs numpy, torch, grpcio and grpcio-tools, and LEROBOT_SRC, the src folder of a LeRobot checkout. The client's modules are
LeRobot's files; models, cameras and drivers, which they import and do not use here, are replaced by empty modules, and the messages
are compiled from LeRobot's own .proto for the protobuf that is installed.
"""

import importlib.abc
import importlib.util
import json
import os
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

import numpy as np
from grpc_tools import _protoc_compiler

source, address, policy = sys.argv[1:4]
steps = int(sys.argv[4]) if len(sys.argv) > 4 else 40
OWN = {
    "lerobot.async_inference.robot_client",
    "lerobot.async_inference.helpers",
    "lerobot.async_inference.configs",
    "lerobot.async_inference.constants",
    "lerobot.configs.types",
    "lerobot.transport.utils",
    "lerobot.utils.constants",
    "lerobot.utils.feature_utils",
    "lerobot.utils.transition",
}
JOINTS = [f"{j}.pos" for j in "shoulder_pan shoulder_lift elbow_flex wrist_flex wrist_roll gripper".split()]


class Empty(types.ModuleType):
    """A module in which every name is a class that does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "wrap":  # draccus.wrap()
            return lambda: lambda function: function
        return type(name, (), {"__init__": lambda self, *args, **kwargs: None, "__module__": self.__name__})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name in OWN:
            return importlib.util.spec_from_file_location(name, Path(source, name.replace(".", "/") + ".py"))
        if name.split(".")[0] in ("lerobot", "draccus"):
            return importlib.util.spec_from_loader(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        module.__path__ = []


def compile_messages():
    out = tempfile.mkdtemp()
    proto = "lerobot/transport/services.proto"
    arguments = ["protoc", f"-I{source}", f"--python_out={out}", f"--grpc_python_out={out}", proto]
    if _protoc_compiler.run_main([a.encode() for a in arguments]) != 0:
        raise SystemExit("the messages cannot be compiled")
    for name in ("lerobot.transport.services_pb2", "lerobot.transport.services_pb2_grpc"):
        spec = importlib.util.spec_from_file_location(name, Path(out, name.replace(".", "/") + ".py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        setattr(sys.modules["lerobot.transport"], name.split(".")[-1], module)
        spec.loader.exec_module(module)


class Robot:
    """Moves at once to where it is told; its camera shows the number of its last step."""

    observation_features = {**dict.fromkeys(JOINTS, float), "front": (6, 8, 3)}
    action_features = dict.fromkeys(JOINTS, float)

    def __init__(self):
        self.at, self.done = dict.fromkeys(JOINTS, 0.0), []

    def connect(self):
        pass

    def disconnect(self):
        pass

    def get_observation(self):
        return {**self.at, "front": np.full((6, 8, 3), len(self.done) % 256, np.uint8)}

    def send_action(self, action):
        self.done.append([action[joint] for joint in JOINTS])
        return action


os.chdir(tempfile.mkdtemp())  # the client writes its log where it is
sys.meta_path.insert(0, Finder())
import lerobot.configs  # noqa: E402
import lerobot.transport  # noqa: E402
import lerobot.configs.types  # noqa: E402

lerobot.configs.PolicyFeature = lerobot.configs.types.PolicyFeature
lerobot.configs.FeatureType = lerobot.configs.types.FeatureType
compile_messages()
import lerobot.async_inference.helpers as helpers  # noqa: E402
import logging  # noqa: E402

helpers.init_logging = lambda **kwargs: logging.basicConfig(level=logging.WARNING)
import lerobot.async_inference.configs as configs  # noqa: E402
import lerobot.async_inference.robot_client as robot_client  # noqa: E402

robot = Robot()
robot_client.make_robot_from_config = lambda config: robot
config = configs.RobotClientConfig(
    policy_type="act", pretrained_name_or_path=policy, robot=None, actions_per_chunk=10, task="lift", server_address=address
)
client = robot_client.RobotClient(config)
if not client.start():
    raise SystemExit("the server refused the client")
receiver = threading.Thread(target=client.receive_actions, daemon=True)
receiver.start()
loop = threading.Thread(target=client.control_loop, args=("lift",), daemon=True)
loop.start()
until = time.time() + 60
while len(robot.done) < steps and time.time() < until:
    time.sleep(0.02)
client.shutdown_event.set()
loop.join(5)
receiver.join(5)
client.stop()
print(json.dumps({"actions": robot.done[:steps], "latest": client.latest_action}))
