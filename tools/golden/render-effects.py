"""Renders tests/golden/rendering/effects/*.xml, each one effect of MuJoCo's classic renderer alone, with MuJoCo itself.

    MUJOCO_GL=egl python tools/golden/render-effects.py

Needs the Python packages mujoco (3.14.0 made the files that are here), numpy and pillow, and an EGL driver (Mesa 22.3's llvmpipe). Writes
<scene>.png beside each model; haze and shadows are off, as they are not drawn by our renderer.
"""

import pathlib

import mujoco
from PIL import Image

folder = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "rendering" / "effects"

for file in sorted(folder.glob("*.xml")):
    model = mujoco.MjModel.from_xml_path(str(file))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = mujoco.Renderer(model, 96, 128)
    for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_HAZE):
        renderer.scene.flags[flag] = False
    renderer.update_scene(data, "eye")
    Image.fromarray(renderer.render()).save(folder / f"{file.stem}.png", optimize=True)
    renderer.close()
