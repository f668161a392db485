"""Golden resets of LIBERO: where the original puts fixtures and objects, in tasks with each kind of sampler.

    MUJOCO_GL=egl python tools/golden/libero_resets.py --libero LIBERO --robosuite ROBOSUITE > tests/golden/libero-resets.json

LIBERO is a checkout of Lifelong-Robot-Learning/LIBERO at 8f1084e, ROBOSUITE one of robosuite v1.4.0 (c57e282); large files of theirs may be
missing. The packages: see tools/libero_original.py. Resets are counted from 1 after `env.seed`, as tests/libero-resets.ts reads them.
"""

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import libero_original

ON_PLATE = "and_place_it_on_the_plate"
TASKS = [
    f"libero_spatial/pick_up_the_black_bowl_in_the_top_drawer_of_the_wooden_cabinet_{ON_PLATE}",
    f"libero_spatial/pick_up_the_black_bowl_on_the_cookie_box_{ON_PLATE}",
    f"libero_spatial/pick_up_the_black_bowl_on_the_ramekin_{ON_PLATE}",
    f"libero_spatial/pick_up_the_black_bowl_on_the_stove_{ON_PLATE}",
    "libero_90/KITCHEN_SCENE10_close_the_top_drawer_of_the_cabinet",
    "libero_90/KITCHEN_SCENE6_close_the_microwave",
    "libero_90/KITCHEN_SCENE7_open_the_microwave",
    "libero_90/KITCHEN_SCENE8_turn_off_the_stove",
    "libero_90/LIVING_ROOM_SCENE5_put_the_red_mug_on_the_left_plate",
    "libero_90/STUDY_SCENE1_pick_up_the_book_and_place_it_in_the_left_compartment_of_the_caddy",
    "libero_10/LIVING_ROOM_SCENE1_put_both_the_alphabet_soup_and_the_cream_cheese_box_in_the_basket",
]
SEEDS, RESETS = [0, 7], 3


def record(env, seed, reset):
    import numpy as np

    env.reset()
    state = np.random.get_state()
    following = np.random.uniform()
    np.random.set_state(state)
    sim, inner = env.sim, env.env
    fixtures = {}
    for name, fixture in inner.fixtures_dict.items():
        body = sim.model.body_name2id(fixture.root_body)
        fixtures[name] = {"pos": list(sim.model.body_pos[body]), "quat": list(sim.model.body_quat[body])}
    joints = {}
    for one in [*inner.objects_dict.values(), *inner.fixtures_dict.values()]:
        for joint in one.joints:
            joints[joint] = np.atleast_1d(sim.data.get_joint_qpos(joint)).tolist()
    return {"seed": seed, "reset": reset, "fixtures": fixtures, "joints": joints, "next_uniform": following}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--libero", required=True)
    arguments.add_argument("--robosuite", required=True)
    given = arguments.parse_args()
    root = libero_original.prepare(given.libero, given.robosuite, meshes=False)
    from libero.libero.envs.env_wrapper import ControlEnv

    out = []
    for task in TASKS:
        suite, name = task.split("/")
        file = f"{root}/bddl_files/{task}.bddl"
        resets = []
        for seed in SEEDS:
            # A process of the original makes an environment per task; its resets pile up samplers of joints.
            env = ControlEnv(bddl_file_name=file, has_offscreen_renderer=False, use_camera_obs=False)
            env.seed(seed)
            resets += [record(env, seed, reset + 1) for reset in range(RESETS)]
            env.close()
        out.append({"suite": suite, "task": name, "resets": resets})
    json.dump(out, sys.stdout, indent=None, separators=(",", ":"))
    print()


main()
