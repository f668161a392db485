"""Golden images of the published models' own code: python tools/golden/image-pipelines.py SOURCES tests/golden

SOURCES holds dexbotic's rgb_preprocess.py (DM0), openpi's image_tools.py and, as eval_calvin_main.py, the CALVIN client
of Xiaomi-Robotics-0. Qwen's processor comes from transformers. Says at the end how far torchvision's resampling, the
default of newer transformers, is from Pillow's; needs torchvision for that and for Xiaomi's crop.
"""

import ast
import hashlib
import json
import pathlib
import sys

import numpy
import torch
from patterns import PATTERNS
from PIL import Image
from safetensors.numpy import save_file
from torchvision.transforms import functional as IF
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil, smart_resize
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor

sources, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.path.insert(0, str(sources))
from image_tools import resize_with_pad  # noqa: E402
from rgb_preprocess import PreprocessRGB  # noqa: E402

# Of the client only the crop, because the file imports a simulator.
tree = ast.parse((sources / "eval_calvin_main.py").read_text())
crop = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "random_crop")
exec(compile(ast.Module([crop], []), "random_crop", "exec"), globals())

HALF = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
VIEWS = [(40, 30), (31, 40), (33, 20), (24, 24), (7, 50), (64, 37)]
images, tensors = [], {}


def view(pattern: str, width: int, height: int) -> Image.Image:
    return Image.fromarray(PATTERNS[pattern](width, height))


def record(pattern: str, size: tuple[int, int], steps: list[dict], result) -> None:
    pixels = numpy.asarray(result)
    images.append({"pattern": pattern, "from": size, "steps": steps, "to": [pixels.shape[1], pixels.shape[0]],
                   "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(), "first": pixels.reshape(-1)[:6].tolist()})  # fmt: skip


def clip(side: int) -> CLIPImageProcessorPil:
    size = {"height": side, "width": side}
    return CLIPImageProcessorPil(size=size, crop_size=size, resample=Image.Resampling.BICUBIC, **HALF)


def qwen(cls, patch: int, low: int, high: int):
    size = {"shortest_edge": low, "longest_edge": high}
    return cls(size=size, patch_size=patch, temporal_patch_size=2, merge_size=2, **HALF)


def as_bytes(pixels: numpy.ndarray) -> numpy.ndarray:
    return numpy.rint((pixels.astype(numpy.float64) + 1) * 127.5).astype(numpy.uint8)


for pattern in PATTERNS:
    for size in VIEWS:
        image = view(pattern, *size)
        for mode, fill in [("zero", 0), ("mean", 127)]:
            steps = [{"kind": "pad-to-square", "fill": fill}, {"kind": "resize", "width": 28, "height": 28, "filter": "bicubic"}]
            pixels = PreprocessRGB(clip(28), "pad", None, mode)(image)
            record(pattern, size, steps, as_bytes(pixels.numpy()).transpose(1, 2, 0))
            if pattern == "noise" and size == (31, 40):
                tensors[f"dm0.{mode}"] = pixels.numpy()
        steps = [{"kind": "resize-with-pad", "width": 32, "height": 28, "filter": "bilinear", "fill": 0}]
        record(pattern, size, steps, resize_with_pad(numpy.asarray(image), 28, 32))
        steps = [{"kind": "centre-zoom", "share": 0.95, "filter": "bilinear"}]
        record(pattern, size, steps, random_crop([image], 0.95)[0])  # noqa: F821

# Whole batches through Qwen's processor: small ones as numbers, one of real patches as bytes.
grids = {}
for name, patch, low, high, sizes in [("small", 2, 64, 400, [(20, 14), (9, 31), (5, 5), (60, 40)]), ("real", 16, 4096, 20_000, [(100, 60), (240, 170)])]:
    batch = [view("noise", *size) for size in sizes]
    made = qwen(Qwen2VLImageProcessorPil, patch, low, high)(batch, return_tensors="np")
    pixels = made["pixel_values"].astype(numpy.float32)
    limits = {"factor": 2 * patch, "minPixels": low, "maxPixels": high}
    grids[name] = {"patch": patch, "sizes": sizes, "step": {"kind": "smart-resize", "filter": "bicubic", **limits},
                   "grid": made["image_grid_thw"].tolist(), "sha256": hashlib.sha256(as_bytes(pixels).tobytes()).hexdigest()}  # fmt: skip
    if name == "small":
        tensors["qwen.small"] = pixels
    fast = qwen(Qwen2VLImageProcessor, patch, low, high)(batch, return_tensors="pt")["pixel_values"].numpy()
    apart = numpy.abs(as_bytes(fast).astype(int) - as_bytes(pixels))
    print(name, "torchvision: largest difference", apart.max(), "of 255, equal", f"{(apart == 0).mean():.4f}", file=sys.stderr)
for pattern, frm, low, high in [("noise", (640, 480), 65_536, 90_000), ("edges", (640, 480), 65_536, 90_000), ("noise", (224, 224), 65_536, 90_000)]:
    slow, fast = (qwen(c, 16, low, high)([view(pattern, *frm)], return_tensors="pt")["pixel_values"].numpy() for c in (Qwen2VLImageProcessorPil, Qwen2VLImageProcessor))
    apart = numpy.abs(as_bytes(fast).astype(int) - as_bytes(slow))
    print(pattern, frm, "torchvision: largest", apart.max(), "equal", f"{(apart == 0).mean():.4f}", "normalised mean", numpy.abs(fast - slow).mean(), file=sys.stderr)

SIDES = [1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 79, 80, 81, 100, 112, 144, 176, 200, 224, 240, 256, 272, 300, 319, 336, 405, 448, 480, 640, 728, 1080, 1920]
LIMITS = [{"factor": 32, "minPixels": 65_536, "maxPixels": 16_777_216}, {"factor": 32, "minPixels": 65_536, "maxPixels": 90_000}, {"factor": 28, "minPixels": 3136, "maxPixels": 1_003_520}]
sizes = []
for limits in LIMITS:
    row = []
    for width in SIDES:
        for height in SIDES:
            try:
                h, w = smart_resize(height, width, limits["factor"], limits["minPixels"], limits["maxPixels"])
                row += [w, h]
            except ValueError:
                row += [0, 0]
    sizes.append({"limits": limits, "sizes": row})

save_file(tensors, out / "image-processors.safetensors")
compact = {"separators": (",", ":")}
rows = ",\n".join(json.dumps(image, **compact) for image in images)
grid_rows = ",\n".join(f'"{name}": {json.dumps(grid, **compact)}' for name, grid in grids.items())
size_rows = ",\n".join(json.dumps(size, **compact) for size in sizes)
(out / "image-pipelines.json").write_text(
    f'{{"images": [\n{rows}\n],\n"qwen": {{\n{grid_rows}\n}},\n"sides": {json.dumps(SIDES)},\n"smartResize": [\n{size_rows}\n]}}\n'
)
