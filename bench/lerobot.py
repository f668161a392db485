"""Random samples from LeRobot's own dataset class: one line in (seconds), one line out (samples per second)."""

import os
import random
import sys
import time

folder, source, horizon = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tools"))

from lerobot_setup import prepare  # noqa: E402

prepare(source)

import torch  # noqa: E402

torch.set_num_threads(1)
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

dataset = LeRobotDataset("local/bench", root=folder)
steps = [i / dataset.fps for i in range(horizon)]
dataset = LeRobotDataset("local/bench", root=folder, delta_timestamps={"action": steps})
draw = random.Random(1)
for line in sys.stdin:
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < float(line):
        dataset[draw.randrange(len(dataset))]
        count += 1
    print(count / (time.perf_counter() - start), flush=True)
