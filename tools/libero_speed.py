"""The original LIBERO in Python, timed for bench/libero.ts, which starts it and says when to step.

    MUJOCO_GL=egl python tools/libero_speed.py --libero LIBERO --robosuite ROBOSUITE --suite SUITE --task TASK --seed 7 [--images 256]

Reads lines of JSON, each a list of actions; plays them from the first reset and answers {"cpu", "wall"}, seconds, and "position", where the
hand is then. Without --images nothing is drawn, and large files may be missing. The packages: see tools/libero_original.py.
"""

import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import libero_original

arguments = argparse.ArgumentParser()
for name in ["libero", "robosuite", "suite", "task"]:
    arguments.add_argument(f"--{name}", required=True)
arguments.add_argument("--seed", type=int, default=7)
arguments.add_argument("--images", type=int)
given = arguments.parse_args()
root = libero_original.prepare(given.libero, given.robosuite, meshes=given.images is not None)
from libero.libero.envs.env_wrapper import ControlEnv

drawn = given.images is not None
env = ControlEnv(
    bddl_file_name=f"{root}/bddl_files/{given.suite}/{given.task}.bddl",
    has_offscreen_renderer=drawn,
    use_camera_obs=drawn,
    camera_heights=given.images or 1,
    camera_widths=given.images or 1,
)
env.seed(given.seed)
env.reset()
state = env.get_sim_state()
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    env.set_init_state(state)
    cpu, wall = time.process_time(), time.perf_counter()
    for action in json.loads(line):
        seen, *_ = env.step(action)
    used = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps({**used, "position": list(seen["robot0_eef_pos"])}), flush=True)
