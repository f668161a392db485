"""Makes tests/golden/lerobot-pickles.json: pickles by Python of what LeRobot's robot client sends with what they hold,
and of what nobody should send.

    python tools/golden/lerobot-pickles.py LEROBOT_SRC tests/golden/lerobot-pickles.json

Needs numpy and torch, and LEROBOT_SRC, the src folder of a LeRobot checkout. The messages' classes are LeRobot's own: their parts of
its files are run under their modules' names, without the models and robots that the rest of the package imports.
"""

import ast
import base64
import functools
import importlib
import json
import os
import pathlib
import pickle
import subprocess
import sys
import types
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import torch

source, target = sys.argv[1:]


def module(name, file, wanted, **known):
    """A module of this name with the classes of these names in LeRobot's file."""
    made = types.ModuleType(name)
    made.__dict__.update(dataclass=dataclass, field=field, Any=Any, Enum=Enum, **known)
    for i in range(1, name.count(".") + 1):
        package = ".".join(name.split(".")[:i])
        sys.modules.setdefault(package, types.ModuleType(package)).__path__ = []
    sys.modules[name] = made
    classes = [n for n in ast.parse(open(f"{source}/lerobot/{file}").read()).body if isinstance(n, ast.ClassDef)]
    exec(compile(ast.Module([c for c in classes if c.name in wanted], []), name, "exec"), made.__dict__)
    return made


def messages(name):
    wanted = ("TimedData", "TimedAction", "TimedObservation", "RemotePolicyConfig")
    known = {"Action": torch.Tensor, "RawObservation": dict[str, Any], "PolicyFeature": PolicyFeature}
    return module(name, "async_inference/helpers.py", wanted, **known)


def plain(value):
    """What the reader is expected to make of it."""
    if isinstance(value, (np.ndarray, torch.Tensor)):
        value = np.asarray(value)
        return {"shape": list(value.shape), "type": value.dtype.str[1:], "numbers": value.astype(float).ravel().tolist()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "__dataclass_fields__"):
        return {"class": type(value).__name__, **{k: plain(v) for k, v in vars(value).items()}}
    return value.value if hasattr(value, "value") else value


kinds = module("lerobot.configs.types", "configs/types.py", ("FeatureType", "PolicyFeature"))
FeatureType, PolicyFeature = kinds.FeatureType, kinds.PolicyFeature
new, old = messages("lerobot.async_inference.helpers"), messages("lerobot.scripts.server.helpers")

joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
rng = np.random.default_rng(0)
picture = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
features = {
    "observation.state": {"dtype": "float32", "shape": (6,), "names": [f"{j}.pos" for j in joints]},
    "observation.images.front": {
        "dtype": "image",
        "shape": (6, 8, 3),
        "names": ["height", "width", "channels"],
        "info": {"is_depth_map": False},
    },
}


def observation(of, **extra):
    state = {f"{j}.pos": i / 4 - 1 for i, j in enumerate(joints)}
    return of.TimedObservation(
        timestamp=1700000000.25, observation={**state, "front": picture, "task": "pick the cube", **extra}, timestep=7
    )


setup = new.RemotePolicyConfig("act", "user/model", features, 10, "cpu")
typed = new.RemotePolicyConfig("act", "m", {"a": PolicyFeature(FeatureType.VISUAL, (3, 6, 8))}, 1)
cube = np.arange(24).reshape(2, 3, 4)
values = {
    "setup": setup,
    "setup-old": old.RemotePolicyConfig("act", "user/model", features, 10, "cpu"),
    "setup-typed": typed,
    "observation": observation(new),
    "observation-old": observation(old),
    "observation-scalars": observation(new, **{"gripper.pos": np.float32(0.5), "shoulder_pan.pos": np.float64(-2.25)}),
    "actions": [
        new.TimedAction(timestamp=1.5 + i / 30, timestep=i, action=torch.tensor([i / 2, -1.0, 3.25])) for i in range(3)
    ],
    "plain": {"n": None, "t": True, "f": False, "i": [0, 255, 65535, -1, 2**31 - 1, -(2**31), 2**40, -(2**52)]},
    "texts": ["", "é", "机器人", "x" * 300, {"k": (1.5, -0.0, 1e300)}, (), (1,), (1, 2), (1, 2, 3, 4)],
    "bytes": [b"", b"ab", b"z" * 300],
    "many": list(range(1200)),
    "ordered": OrderedDict(a=1, b=[2]),
    "shared": [[1, 2]] * 3,
    "sets": [{3, 1, 2}, frozenset([5, 4]), set()],
    "arrays": {
        **{t: np.array([0, 1, 3]).astype(t) for t in "bool u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8".split()},
        "empty": np.zeros((0, 3), np.float32),
        "zero-rank": np.array(2.5),
        "by-columns": np.asfortranarray(cube.astype(np.float32)),
        "transposed": cube.astype(np.int16).transpose(2, 0, 1),
        "reversed": cube.astype(np.uint8)[:, ::-1],
        "big-endian": cube.astype(">f8"),
        "big-endian-by-columns": np.asfortranarray(cube.astype(">i4")),
    },
    "tensors": {
        "f4": torch.tensor([[1.5, 2.0], [3.0, -4.0]]),
        "u1": torch.arange(12, dtype=torch.uint8).reshape(3, 4),
        "i8": torch.tensor([2**40, -1]),
        "f2": torch.tensor([0.5], dtype=torch.float16),
        "bool": torch.tensor([True, False]),
        "transposed": torch.arange(6.0).reshape(2, 3).T,
        "view": torch.arange(10.0)[2:8:2],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
        "scalar": torch.tensor(3.0, dtype=torch.float64),
    },
}
written = []
for name, value in values.items():
    for protocol in (2, 3, 4, 5):
        if protocol != 4 and name in ("setup-old", "observation-old", "observation-scalars", "setup-typed", "many"):
            continue
        if protocol < 4 and name == "sets":
            continue  # calls of set and frozenset there
        data = pickle.dumps(value, protocol)
        written.append({"name": name, "protocol": protocol, "pickle": base64.b64encode(data).decode()})


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


itself = []
itself.append(itself)
around = {"a": []}
around["a"].append((around,))
bomb = [0]
for _ in range(60):
    bomb = [bomb] * 2
hostile = {
    "os.system": Call(os.system, "touch pwned"),
    "eval": Call(eval, "1+1"),
    "exec": Call(exec, "x = 1"),
    "getattr": Call(getattr, "x", "format"),
    "partial": Call(functools.partial, os.system, "true"),
    "subprocess": Call(subprocess.Popen, ["true"]),
    "torch.load": Call(torch.load, "x.pt"),
    "numpy.load": Call(np.load, "x.npy"),
    "import": Call(importlib.import_module, "os"),
    "in an observation": observation(new, evil=Call(os.system, "true")),
    "in an array's shape": Call(np._core.multiarray._reconstruct, np.ndarray, Call(eval, "(0,)"), b"b"),
    "in a list of actions": [new.TimedAction(0.0, 0, Call(eval, "1"))],
    "builtins.object": object(),
    "a class itself": np.ndarray,
    "an enum itself": FeatureType,
    "holds itself": itself,
    "holds itself, around corners": around,
    "a tower of shared lists": bomb,
    "an array of objects": np.array([None, Call(eval, "1")], dtype=object),
    "an array of texts": np.array(["a"]),
    "an array of records": np.zeros(2, [("a", "f4")]),
    "an array of dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "complex": np.zeros(2, complex),
    "a complex number": 1j,
    "a wide int": 2**200,
    "bfloat16": torch.zeros(2, dtype=torch.bfloat16),
    "a parameter": torch.nn.Parameter(torch.zeros(2)),
    "a module": torch.nn.Linear(1, 1),
    "a path": pathlib.PurePosixPath("/etc"),
    "a key that is a tuple": {(1, 2): 3},
}
refused = [
    {"name": name, "protocol": protocol, "pickle": base64.b64encode(pickle.dumps(value, protocol)).decode()}
    for name, value in hostile.items()
    for protocol in (2, 4)
    if protocol == 4 or name in ("os.system", "eval", "holds itself")
]
held = {name: plain(value) for name, value in values.items()}
held["plain"]["i"] = values["plain"]["i"]
json.dump({"expected": held, "pickles": written, "refused": refused}, open(target, "w"), ensure_ascii=False)
