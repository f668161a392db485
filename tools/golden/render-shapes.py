"""Renders tests/golden/rendering/shapes.xml with MuJoCo's own classic renderer (4 samples, no shadows).

    MUJOCO_GL=egl python tools/golden/render-shapes.py

Needs the Python packages mujoco (3.14.0 made the files that are here), numpy and pillow. Writes shapes-<camera>.png beside the model.
"""

import pathlib

import mujoco
from PIL import Image

folder = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "rendering"
model = mujoco.MjModel.from_xml_path(str(folder / "shapes.xml"))
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer = mujoco.Renderer(model, 128, 128)
renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
for camera in ("above", "near"):
    renderer.update_scene(data, camera)
    Image.fromarray(renderer.render()).save(folder / f"shapes-{camera}.png", optimize=True)
