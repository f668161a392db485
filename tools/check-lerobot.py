"""Checks a dataset that vlakit wrote with the real LeRobot classes: every frame, task, chunk, mask and statistic.

    node tools/lerobot-sample.mjs FOLDER image|video
    python tools/check-lerobot.py FOLDER [--lerobot path/to/lerobot/src]

Needs LeRobot (installed, or its source given) with torch, datasets, pyarrow and av. Exits with 1 at the first difference.
"""

import argparse
import base64
import json
import os
import sys
import tempfile

parser = argparse.ArgumentParser(description="Checks a dataset from tools/lerobot-sample.mjs with LeRobot itself.")
parser.add_argument("folder")
parser.add_argument("--lerobot", help="the src folder of a LeRobot checkout; default: the installed package")
options = parser.parse_args()
if options.lerobot:
    sys.path.insert(0, options.lerobot)
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()

import numpy as np  # noqa: E402
import torch  # noqa: E402

try:
    import torchvision  # noqa: F401
except RuntimeError:
    # A torchvision without its compiled operators (LeRobot needs only its image transforms): declare those it registers.
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    for module in [m for m in sys.modules if m.startswith("torchvision")]:
        del sys.modules[module]

import lerobot  # noqa: E402
from lerobot.datasets.compute_stats import aggregate_stats, compute_episode_stats  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

with open(os.path.join(options.folder, "expected.json")) as file:
    expected = json.load(file)


def check(condition, text):
    if not condition:
        print(f"DIFFERENT: {text}")
        sys.exit(1)


first = LeRobotDataset("local/check", root=options.folder, video_backend="pyav")
fps = first.fps
dataset = LeRobotDataset(
    "local/check", root=options.folder, video_backend="pyav", delta_timestamps={"action": [0, 1 / fps, 2 / fps]}
)
frames = expected["frames"]
check(len(dataset) == len(frames), f"{len(dataset)} frames, expected {len(frames)}")
cameras = dataset.meta.camera_keys
worst = 0.0
for index, want in enumerate(frames):
    item = dataset[index]
    where = f"frame {index}"
    check(item["episode_index"].item() == want["episode"], f"{where}: episode {item['episode_index']}")
    check(item["frame_index"].item() == want["frame"], f"{where}: frame {item['frame_index']}")
    check(item["index"].item() == index, f"{where}: index {item['index']}")
    check(item["task"] == want["task"], f"{where}: task {item['task']}")
    check(np.array_equal(item["observation.state"].numpy(), np.float32(want["state"])), f"{where}: state")
    check(np.array_equal(item["action"].numpy(), np.float32(want["actions"])), f"{where}: actions")
    check(item["action_is_pad"].tolist() == want["isPad"], f"{where}: mask {item['action_is_pad']}")
    for camera in cameras:
        channels, height, width = item[camera].shape
        got = (item[camera] * 255).round().to(torch.int32).permute(1, 2, 0).numpy()
        pixels = np.frombuffer(base64.b64decode(want["pictures"][camera]), np.uint8).reshape(height, width, channels)
        difference = np.abs(got - pixels.astype(np.int32)).mean()
        worst = max(worst, float(difference))
        check(difference == 0 if expected["exact"] else difference < 2.5, f"{where}: {camera} differs by {difference}")
        # Neighbouring frames differ by 8 in red: a frame too early or too late does not pass.
        shift = abs(float(got[..., 0].mean() - pixels[..., 0].mean()))
        check(shift < 4, f"{where}: {camera} is {shift:.1f} too bright or too dark in red")

# Statistics: those LeRobot computes from the same frames, per episode and joined.
names = [n for n, f in dataset.meta.features.items() if f["dtype"] not in ("image", "video", "string")]
per_episode = []
table = first.hf_dataset.with_format(None).select_columns(names)[:]
episode_of = np.asarray(table["episode_index"])
for episode in range(first.num_episodes):
    rows = np.nonzero(episode_of == episode)[0]
    data = {n: np.asarray([table[n][i] for i in rows]) for n in names}
    per_episode.append(compute_episode_stats(data, {n: first.meta.features[n] for n in names}))
joined = aggregate_stats(per_episode)
for name in names:
    ours = first.meta.stats[name]
    spread = np.maximum(joined[name]["max"] - joined[name]["min"], 1e-6)
    for key, theirs in joined[name].items():
        # LeRobot estimates quantiles from 5000 bins and few frames; ours are exact.
        limit = 0.12 * spread if key.startswith("q") else 1e-5 * np.maximum(np.abs(theirs), 1)
        check(ours[key].shape == theirs.shape, f"stats {name}/{key}: shape {ours[key].shape}, expected {theirs.shape}")
        check(np.all(np.abs(ours[key] - theirs) <= limit), f"stats {name}/{key}: {ours[key]}, expected {theirs}")
for camera in cameras:
    ours = first.meta.stats[camera]
    for key in ("min", "max", "mean", "std", "q01", "q99"):
        check(ours[key].shape == (3, 1, 1), f"stats {camera}/{key}: shape {ours[key].shape}")
        check(np.all((ours[key] >= 0) & (ours[key] <= 1)), f"stats {camera}/{key}: {ours[key].ravel()}")
some = LeRobotDataset("local/check", root=options.folder, video_backend="pyav", episodes=[1, 3])
check(sorted(set(int(some[i]["episode_index"]) for i in range(len(some)))) == [1, 3], "selected episodes")
print(
    f"LeRobot ({lerobot.__path__[0]}) reads {options.folder}: {len(frames)} frames, {len(cameras)} cameras, {len(names)} columns, "
    f"{dataset.meta.total_tasks} tasks; mean pixel difference at most {worst:.2f}"
)
