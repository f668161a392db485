"""The original LIBERO in Python, on MuJoCo 3.14: what it needs to be imported, for golden numbers and for speed beside ours.

Beside mujoco it needs numpy < 2, scipy, numba, pyyaml, pillow, matplotlib. Packages that it imports and that nothing here calls are empty
modules, and three calls whose arguments MuJoCo has changed since are adapted.
"""

import os
import re
import sys
import tempfile
import types


def prepare(libero, robosuite, meshes=True):
    """Makes `libero` and `robosuite` (checkouts of LIBERO 8f1084e and robosuite v1.4.0) importable; meshes=False: models without the
    meshes and textures that are only seen, for checkouts without their large files."""
    sys.path[:0] = [libero, robosuite]
    for name in ["cv2", "gym", "cloudpickle", "easydict", "bddl", "bddl.parsing", "termcolor"]:
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["gym"].Env = object
    sys.modules["gym"].spaces = types.ModuleType("spaces")
    sys.modules["gym"].Space = object
    sys.modules["easydict"].EasyDict = dict
    parsing = sys.modules["bddl.parsing"]
    parsing.scan_tokens, parsing.package_predicates = scan_tokens, package_predicates
    sys.modules["cloudpickle"].CloudPickler = object
    sys.modules["termcolor"].colored = lambda text, *_, **__: text
    root = os.path.join(os.path.abspath(libero), "libero", "libero")
    folder = tempfile.mkdtemp()
    keys = ["bddl_files", "init_files", "assets"]
    lines = [f"{key.replace('init_files', 'init_states')}: {os.path.join(root, key)}" for key in keys]
    with open(os.path.join(folder, "config.yaml"), "w") as file:
        file.write("\n".join([f"benchmark_root: {root}", f"datasets: {folder}", *lines]))
    os.environ["LIBERO_CONFIG_PATH"] = folder
    adapt(meshes)
    return root


def scan_tokens(filename):
    """The nested lists of a BDDL file, in lower case."""
    with open(filename) as file:
        tokens = re.findall(r"[()]|[^\s()]+", re.sub(r";.*", "", file.read()).lower())
    stack = [[]]
    for token in tokens:
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    return stack[0][0]


def package_predicates(group, goals, _name, _part):
    goals.extend(group[1:] if group[0] == "and" else [group])


def adapt(meshes):
    import mujoco
    import robosuite.utils.binding_utils as binding

    full = mujoco.mj_fullM
    # The mass matrix comes from the data now, not from an array of theirs.
    mujoco.mj_fullM = lambda model, out, data: full(model, data, out)
    binding.MjData.qM = property(lambda data: data._data)
    load = binding.MjSim.from_xml_string

    def from_xml_string(xml):
        xml = re.sub(r"<size [^>]*/>", '<size memory="64M"/>', xml)
        return load(xml if meshes else without_looks(xml))

    binding.MjSim.from_xml_string = from_xml_string

    def address(table, kinds):
        def look_up(model, name):
            joint = model.joint_name2id(name)
            kind, at = model.jnt_type[joint], getattr(model, table)[joint]
            return (at, at + kinds[0]) if kind == mujoco.mjtJoint.mjJNT_FREE else at

        return look_up

    binding.MjModel.get_joint_qpos_addr = address("jnt_qposadr", (7,))
    binding.MjModel.get_joint_qvel_addr = address("jnt_dofadr", (6,))


def without_looks(xml):
    """Without textures and materials; geoms that neither touch nor weigh become specks of the same name."""
    import xml.etree.ElementTree as ET

    root = ET.fromstring(xml)
    for parent in root.iter():
        for child in [e for e in parent if e.tag in ("texture", "material")]:
            parent.remove(child)
        parent.attrib.pop("material", None)
    for geom in root.iter("geom"):
        if geom.get("contype") == "0" and geom.get("conaffinity") == "0" and geom.get("group", "0") != "0":
            geom.attrib.pop("mesh", None)
            geom.set("type", "sphere")
            geom.set("size", "0.001")
    used = {e.get("mesh") for e in root.iter("geom")}
    for asset in root.iter("asset"):
        for mesh in [e for e in asset if e.tag == "mesh" and e.get("name") not in used]:
            asset.remove(mesh)
    return ET.tostring(root, encoding="unicode")
