"""Lets LeRobot itself write a tiny v3.0 dataset, which our reader must read: tests/golden/lerobot-v3.

    python tools/golden/lerobot-dataset.py tests/golden/lerobot-v3 [--lerobot path/to/lerobot/src]

Two episodes of 5 and 3 frames at 10 fps; every value follows from episode and frame (see the test beside the reader).
"""

import argparse
import os
import shutil
import sys

parser = argparse.ArgumentParser(description="Writes a tiny dataset with LeRobot itself.")
parser.add_argument("folder")
parser.add_argument("--lerobot", help="the src folder of a LeRobot checkout; default: the installed package")
options = parser.parse_args()
if options.lerobot:
    sys.path.insert(0, options.lerobot)
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # A torchvision without its compiled operators, of which LeRobot needs none here.
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    for module in [m for m in sys.modules if m.startswith("torchvision")]:
        del sys.modules[module]

from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

shutil.rmtree(options.folder, ignore_errors=True)
picture = {"shape": (32, 48, 3), "names": ["height", "width", "channels"]}
dataset = LeRobotDataset.create(
    "local/golden",
    fps=10,
    root=options.folder,
    robot_type="golden",
    features={
        "observation.images.still": {"dtype": "image", **picture},
        "observation.images.film": {"dtype": "video", **picture},
        "observation.state": {"dtype": "float32", "shape": (2,), "names": ["a", "b"]},
        "action": {"dtype": "float32", "shape": (2,), "names": {"motors": ["a", "b"]}},
        "grid": {"dtype": "float32", "shape": (2, 2), "names": None},
        "done": {"dtype": "bool", "shape": (1,), "names": None},
        "count": {"dtype": "int64", "shape": (1,), "names": None},
    },
)
y, x = np.mgrid[0:32, 0:48]
for episode, length in enumerate((5, 3)):
    for frame in range(length):
        pixels = np.stack([np.full_like(x, 40 + frame * 30), 40 + x * 2, 60 + episode * 90 + y], 2).astype(np.uint8)
        dataset.add_frame(
            {
                "observation.images.still": pixels,
                "observation.images.film": pixels,
                "observation.state": np.float32([episode, frame / 4]),
                "action": np.float32([-frame, episode + 0.5]),
                "grid": np.float32([[frame, 1], [2, episode]]),
                "done": np.array([frame == length - 1]),
                "count": np.array([frame * 7], np.int64),
                "task": "fold the towel" if episode == 0 else "hang the towel",
            }
        )
    dataset.save_episode()
dataset.finalize()
shutil.rmtree(os.path.join(options.folder, "images"), ignore_errors=True)
