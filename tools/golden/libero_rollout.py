"""A golden rollout of LIBERO with robosuite's functions compiled by numba, as its users run it: positions after each control step.

    MUJOCO_GL=egl python tools/golden/libero_rollout.py --libero LIBERO --robosuite ROBOSUITE > tests/golden/libero-rollout.json

LIBERO is a checkout of Lifelong-Robot-Learning/LIBERO at 8f1084e, ROBOSUITE one of robosuite v1.4.0 (c57e282); large files of theirs may be
missing. The packages: see tools/libero_original.py. The arm turns and moves over the table, and touches nothing.
"""

import argparse
import json
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import libero_original

SUITE = "libero_spatial"
TASK = "pick_up_the_black_bowl_between_the_plate_and_the_ramekin_and_place_it_on_the_plate"
STEPS = 25


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--libero", required=True)
    arguments.add_argument("--robosuite", required=True)
    given = arguments.parse_args()
    root = libero_original.prepare(given.libero, given.robosuite, meshes=False)
    from libero.libero.envs.env_wrapper import ControlEnv

    file = f"{root}/bddl_files/{SUITE}/{TASK}.bddl"
    env = ControlEnv(bddl_file_name=file, has_offscreen_renderer=False, use_camera_obs=False)
    env.seed(7)
    env.reset()
    sim = env.sim
    fixtures = {}
    for name, fixture in env.env.fixtures_dict.items():
        body = sim.model.body_name2id(fixture.root_body)
        at = {"pos": list(sim.model.body_pos[body]), "quat": list(sim.model.body_quat[body])}
        fixtures[name] = {"body": fixture.root_body, **at}
    # The arm a little off its reset pose, so that the controller's stale first step shows.
    state = env.get_sim_state()
    state[1:8] += [0.02, -0.03, 0.01, 0.02, -0.02, 0.03, 0.05]
    env.set_init_state(state)
    start = {"qpos": sim.data.qpos.tolist(), "qvel": sim.data.qvel.tolist()}
    actions, positions = [], []
    for step in range(STEPS):
        action = [0.5 * math.sin(0.4 * step + 1.3 * i) if i < 3 else 0.4 * math.sin(0.5 * step + i) for i in range(6)]
        action = [*action, -1 if step < 12 else 1]
        env.step(action)
        actions.append(action)
        positions.append(sim.data.qpos.tolist())
    out = {"suite": SUITE, "task": TASK, "fixtures": fixtures, "start": start, "actions": actions, "qpos": positions}
    print(json.dumps(out, separators=(",", ":")))


main()
