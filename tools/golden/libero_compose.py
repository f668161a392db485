"""Digests of all LIBERO tasks as the original Python composes them, and LIBERO's object classes as data.

    python tools/golden/libero_compose.py --libero LIBERO --robosuite ROBOSUITE --out tests/golden

LIBERO is a checkout of Lifelong-Robot-Learning/LIBERO at 8f1084e, ROBOSUITE one of robosuite v1.4.0 (c57e282). Composition needs
no simulator: mujoco, numba and what else of their imports is not installed are stand-ins here.
Writes libero-tasks.txt (tab-separated, a line for what the columns are) and libero-objects.jsonl. The canonical spelling that is
hashed is described and made a second time in tests/libero-canonical.ts.
"""

import argparse
import hashlib
import importlib.abc
import importlib.machinery
import json
import os
import posixpath
import re
import struct
import sys
import tempfile
import types
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from libero_original import package_predicates, scan_tokens  # noqa: E402

STAND_INS = {"mujoco", "numba", "cv2", "gym", "h5py", "termcolor", "easydict", "cloudpickle", "imageio", "matplotlib", "torch", "bddl"}
SUITES = ["libero_spatial", "libero_object", "libero_goal", "libero_90", "libero_10"]
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules whose every attribute is an empty class."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in STAND_INS or name == "robosuite.utils.binding_utils":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = stand_in
        if spec.name == "numba":
            module.jit = lambda *args, **options: lambda function: function
        if spec.name == "termcolor":
            module.colored = lambda text, *args, **options: text
        if spec.name == "bddl.parsing":
            module.__all__ = ["scan_tokens", "package_predicates"]
            module.scan_tokens, module.package_predicates = scan_tokens, package_predicates
        return module

    def exec_module(self, module):
        pass


def stand_in(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {})


class Composed(Exception):
    """Carries an environment that has its model but no simulator yet."""


def compose(envs, bddl):
    problem = envs.bddl_base_domain.BDDLUtils.get_problem_info(bddl)["problem_name"]
    try:
        envs.TASK_MAPPING[problem](
            bddl_file_name=bddl, robots=["Panda"], use_camera_obs=False, has_renderer=False, has_offscreen_renderer=False
        )
    except Composed as composed:
        return composed.args[0]
    raise AssertionError("the environment was built without a model")


def digits(number):
    return struct.pack(">d", float(number) + 0.0).hex()


def value_of(key, text, roots):
    if key == "file":
        for root, name in roots.items():
            if text.startswith(root):
                text = name + text[len(root) :]
        return posixpath.normpath(text)
    return " ".join(digits(word) if NUMBER.fullmatch(word) else word for word in text.split())


def canonical_model(node, roots, depth=0):
    values = "".join(f" {k}={value_of(k, v, roots)}" for k, v in sorted(node.attrib.items()) if k != "meshdir")
    yield f"{depth} {node.tag}{values}"
    for child in node:
        yield from canonical_model(child, roots, depth + 1)


def canonical_data(value, key=""):
    if isinstance(value, dict):
        yield from [f"{key} {{}}"] if not value else []
        for name in sorted(value):
            yield from canonical_data(value[name], f"{key}/{name}")
    elif isinstance(value, (list, tuple)) or hasattr(value, "tolist") and getattr(value, "ndim", 0):
        yield from [f"{key} []"] if len(value) == 0 else []
        for i, item in enumerate(value):
            yield from canonical_data(item, f"{key}/{i}")
    elif value is None or isinstance(value, (bool, str)):
        yield f"{key} {'null' if value is None else str(value).lower() if isinstance(value, bool) else value}"
    else:
        yield f"{key} {digits(value)}"


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def articulation_of(properties):
    ranges = properties.get("articulation")
    if ranges is None:
        return None
    words = {"open": "open", "close": "close", "turnOn": "turnon", "turnOff": "turnoff"}
    return {ours: ranges.get(f"default_{theirs}_ranges", []) for ours, theirs in words.items()}


def object_data(model, fixture):
    return {
        "className": type(model).__name__,
        "rootBody": model.root_body,
        "joints": model.joints,
        "contactGeoms": model.contact_geoms,
        "fixture": fixture,
        "articulation": articulation_of(model.object_properties),
        "stateSites": {
            name: {"site": site, "visible": visible}
            for name, (site, visible) in model.object_properties["vis_site_names"].items()
        },
        "rotation": model.rotation,
        "rotationAxis": model.rotation_axis,
        "bottom": model.bottom_offset,
        "top": model.top_offset,
        "horizontalRadius": model.horizontal_radius,
        "initialQuaternion": getattr(model, "init_quat", None),
    }


def placement_data(sampler):
    return {
        "name": sampler.name,
        "sampler": type(sampler).__name__,
        "objects": [one.name for one in sampler.mujoco_objects],
        "x": sampler.x_ranges,
        "y": sampler.y_ranges,
        "zOffset": sampler.z_offset,
        "reference": sampler.reference_pos,
        "rotation": sampler.rotation,
        "rotationAxis": sampler.rotation_axis,
    }


def task_data(env, suite, name):
    problem = env.parsed_problem
    objects = {n: object_data(o, True) for n, o in env.fixtures_dict.items()}
    objects.update({n: object_data(o, False) for n, o in env.objects_dict.items()})
    return {
        "suite": suite,
        "name": name,
        "language": " ".join(problem["language_instruction"]),
        "problem": problem["problem_name"],
        "goal": problem["goal_state"],
        "init": problem["initial_state"],
        "interest": problem["obj_of_interest"],
        "objects": objects,
        "sites": {
            n: {"parent": site.parent_name, "joints": site.joints or [], "size": site.size}
            for n, site in env.object_sites_dict.items()
        },
        "placements": [placement_data(one) for one in env.placement_initializer.samplers.values()],
    }


def counts(root):
    free = {"free": (7, 6), "ball": (4, 3)}
    joints = [j for j in root.find("worldbody").iter("joint")]
    sizes = [free.get(joint.get("type", "hinge"), (1, 1)) for joint in joints]
    elements = [len(list(root.find("worldbody").iter(tag))) for tag in ("body", "joint", "geom", "site", "camera")]
    return [*elements, sum(q for q, _ in sizes), sum(v for _, v in sizes)]


def write_tasks(envs, task_maps, folder, roots, path):
    lines = ["# suite\tname\tmodel\tdata\tbodies\tjoints\tgeoms\tsites\tcameras\tnq\tnv\tinstruction"]
    for suite in SUITES:
        for name, task in task_maps[suite].items():
            env = compose(envs, os.path.join(folder, "bddl_files", suite, f"{name}.bddl"))
            model = digest(canonical_model(env.model.root, roots))
            data = digest(canonical_data(task_data(env, suite, name)))
            figures = [str(n) for n in counts(env.model.root)]
            lines.append("\t".join([suite, name, model, data, *figures, task.language]))
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


def write_objects(envs, roots, path):
    """Every registered class whose files are there; the body as it is merged, for a movable "thing_1"."""
    with open(path, "w") as out:
        for category, kind in sorted(envs.OBJECTS_DICT.items()):
            try:
                model = kind(name="thing_1")
            except FileNotFoundError:
                continue
            if not hasattr(model, "get_obj"):
                continue
            row = {
                "category": category,
                "body": digest(canonical_model(model.get_obj(), roots)),
                "assets": digest(canonical_model(model.asset, roots)),
                "data": digest(canonical_data(object_data(model, False))),
            }
            out.write(json.dumps(row) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("libero", "robosuite", "out"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    libero, robosuite = os.path.abspath(options.libero), os.path.abspath(options.robosuite)
    folder = os.path.join(libero, "libero", "libero")
    sys.path[:0] = [libero, robosuite]
    sys.meta_path.insert(0, StandIns())
    with tempfile.TemporaryDirectory() as config:
        os.environ["LIBERO_CONFIG_PATH"] = config
        with open(os.path.join(config, "config.yaml"), "w") as file:
            file.write("{}\n")
        from robosuite.environments.base import MujocoEnv

        def stop(env):
            raise Composed(env)

        MujocoEnv._initialize_sim = stop
        from libero.libero import envs
        from libero.libero.benchmark import task_maps

    roots = {libero + os.sep: "LIBERO/", robosuite + os.sep: "robosuite/"}
    write_tasks(envs, task_maps, folder, roots, os.path.join(options.out, "libero-tasks.txt"))
    write_objects(envs, roots, os.path.join(options.out, "libero-objects.jsonl"))


main()
