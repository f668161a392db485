"""Checks a dataset that vlakit wrote with the real LeRobot classes: frames, tasks, chunks, masks and statistics.

A made-up one, whose every value follows a formula, or one that was recorded (`vlakit record`), against what our own reader
finds in it; without that, against itself alone:

    node tools/lerobot-sample.mjs FOLDER image|video
    python tools/check-lerobot.py FOLDER [--lerobot path/to/lerobot/src]

    node tools/lerobot-expected.mjs data/quickstart expected.json
    python tools/check-lerobot.py data/quickstart --expected expected.json

Needs LeRobot (installed, or its source given) with torch, datasets, pyarrow and av. Exits with 1 at the first difference.
"""

import argparse
import base64
import json
import os
import sys

from lerobot_setup import prepare

parser = argparse.ArgumentParser(description="Checks a dataset that vlakit wrote with LeRobot itself.")
parser.add_argument("folder", help="the dataset")
parser.add_argument("--expected", help="what is in it, from tools/lerobot-expected.mjs; default: FOLDER/expected.json or nothing")
parser.add_argument("--lerobot", help="the src folder of a LeRobot checkout; default: the installed package")
options = parser.parse_args()
prepare(options.lerobot)

import numpy as np  # noqa: E402
import torch  # noqa: E402
import lerobot  # noqa: E402
from lerobot.datasets.compute_stats import aggregate_stats, compute_episode_stats  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

# Without a file of expectations only what the dataset says about itself is checked.
expected = None
expected_file = options.expected or os.path.join(options.folder, "expected.json")
if options.expected or os.path.exists(expected_file):
    with open(expected_file) as file:
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
frames = [] if expected is None else expected["frames"]
cameras = dataset.meta.camera_keys
check(len(dataset) == dataset.meta.total_frames, f"{len(dataset)} frames, info.json says {dataset.meta.total_frames}")
if expected is not None:
    check(len(dataset) == expected["total"], f"{len(dataset)} frames, expected {expected['total']}")

# The ends of every episode: they load, count on without a gap, and fit what the metadata say about them.
rows = 0
for episode in range(first.num_episodes):
    said = first.meta.episodes[episode]
    where = f"episode {episode}"
    check(said["dataset_from_index"] == rows, f"{where}: begins at row {said['dataset_from_index']}, expected {rows}")
    rows += said["length"]
    check(said["dataset_to_index"] == rows, f"{where}: ends at row {said['dataset_to_index']}, expected {rows}")
    for index in sorted({rows - said["length"], rows - 1}):
        item = dataset[index]
        frame = index - (rows - said["length"])
        check(item["episode_index"].item() == episode, f"row {index}: episode {item['episode_index']}, expected {episode}")
        check(item["frame_index"].item() == frame, f"row {index}: frame {item['frame_index']}, expected {frame}")
        check(abs(item["timestamp"].item() - frame / fps) < 1e-4, f"row {index}: time {item['timestamp']}")
        check(item["task"] in list(said["tasks"]), f"row {index}: task {item['task']}, expected one of {said['tasks']}")
        mask = [frame + k >= said["length"] for k in range(3)]
        check(item["action_is_pad"].tolist() == mask, f"row {index}: mask {item['action_is_pad']}, expected {mask}")
        for camera in cameras:
            height, width = dataset.meta.features[camera]["shape"][:2]
            check(tuple(item[camera].shape) == (3, height, width), f"row {index}: {camera} is {tuple(item[camera].shape)}")
check(rows == len(dataset), f"the episodes have {rows} frames, the dataset {len(dataset)}")

worst = 0.0
for want in frames:
    index = want["index"]
    item = dataset[index]
    where = f"frame {index}"
    check(item["episode_index"].item() == want["episode"], f"{where}: episode {item['episode_index']}")
    check(item["frame_index"].item() == want["frame"], f"{where}: frame {item['frame_index']}")
    check(item["index"].item() == index, f"{where}: index {item['index']}")
    check(item["task"] == want["task"], f"{where}: task {item['task']}")
    for name, values in want["columns"].items():
        check(np.array_equal(np.float32(item[name].numpy()).ravel(), np.float32(values)), f"{where}: {name} {item[name]}")
    check(np.array_equal(item["action"].numpy(), np.float32(want["actions"])), f"{where}: actions")
    check(item["action_is_pad"].tolist() == want["isPad"], f"{where}: mask {item['action_is_pad']}")
    for camera in cameras:
        channels, height, width = item[camera].shape
        got = (item[camera] * 255).round().to(torch.int32).permute(1, 2, 0).numpy()
        pixels = np.frombuffer(base64.b64decode(want["pictures"][camera]), np.uint8).reshape(height, width, channels)
        difference = np.abs(got - pixels.astype(np.int32)).mean()
        worst = max(worst, float(difference))
        check(difference == 0 if expected["exact"] else difference < 2.5, f"{where}: {camera} differs by {difference}")
        # In the made-up dataset neighbours differ by 8 in red: a frame too early or too late does not pass.
        shift = abs(float(got[..., 0].mean() - pixels[..., 0].mean()))
        check(shift < 4, f"{where}: {camera} is {shift:.1f} too bright or too dark in red")

# Statistics: those LeRobot computes from the same frames, per episode and joined.
names = [n for n, f in dataset.meta.features.items() if f["dtype"] not in ("image", "video", "string")]
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
per_episode = []
exact_quantiles = {name: [] for name in names}
table = first.hf_dataset.with_format(None).select_columns(names)[:]
columns = {name: np.asarray(table[name]) for name in names}
episode_of = columns["episode_index"]
for episode in range(first.num_episodes):
    data = {name: values[episode_of == episode] for name, values in columns.items()}
    per_episode.append(compute_episode_stats(data, {name: first.meta.features[name] for name in names}))
    for name, values in data.items():
        exact_quantiles[name].append(np.quantile(values.astype(np.float64), list(QUANTILES.values()), axis=0))
joined = aggregate_stats(per_episode)
for name in names:
    ours = first.meta.stats[name]
    spread = np.maximum(joined[name]["max"] - joined[name]["min"], 1e-6)
    for key, theirs in joined[name].items():
        check(ours[key].shape == theirs.shape, f"stats {name}/{key}: shape {ours[key].shape}, expected {theirs.shape}")
        if key in QUANTILES:
            # LeRobot estimates quantiles from 5000 bins and few frames: near ours where numbers are spread evenly, as in
            # the made-up dataset, but anywhere between the two positions of a gripper.
            if expected is None or not expected["formula"]:
                continue
            limit = 0.12 * spread
        else:
            limit = 1e-5 * np.maximum(np.abs(theirs), 1)
        check(np.all(np.abs(ours[key] - theirs) <= limit), f"stats {name}/{key}: {ours[key]}, expected {theirs}")
    # Ours are exact in each episode, and joined by LeRobot's rule: the lowest of the lower ones, the highest of the others.
    for i, key in enumerate(QUANTILES):
        of_episodes = np.stack([quantiles[i] for quantiles in exact_quantiles[name]])
        exact = of_episodes.min(axis=0) if QUANTILES[key] <= 0.5 else of_episodes.max(axis=0)
        near = np.allclose(np.ravel(ours[key]), np.ravel(exact), rtol=1e-5, atol=1e-5)
        check(near, f"stats {name}/{key}: {ours[key]}, expected {exact}")
for camera in cameras:
    ours = first.meta.stats[camera]
    for key in ("min", "max", "mean", "std", "q01", "q99"):
        check(ours[key].shape == (3, 1, 1), f"stats {camera}/{key}: shape {ours[key].shape}")
        check(np.all((ours[key] >= 0) & (ours[key] <= 1)), f"stats {camera}/{key}: {ours[key].ravel()}")
wanted = sorted({first.num_episodes // 3, first.num_episodes - 1})
some = LeRobotDataset("local/check", root=options.folder, video_backend="pyav", episodes=wanted)
check(sorted(set(int(some[i]["episode_index"]) for i in range(len(some)))) == wanted, f"selected episodes {wanted}")
compared = (
    "nothing to compare frames with"
    if expected is None
    else f"{len(frames)} frames compared, mean pixel difference at most {worst:.2f}"
)
print(
    f"LeRobot ({lerobot.__path__[0]}) reads {options.folder}: {len(dataset)} frames, {first.num_episodes} episodes, "
    f"{len(cameras)} cameras, {len(names)} columns, {dataset.meta.total_tasks} tasks; {compared}"
)
