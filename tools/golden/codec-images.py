"""Golden numbers for image resizing, from Pillow: python tools/golden/codec-images.py > tests/golden/resize.json

Images are made from a formula, so only the hash of each result is kept.
"""

import hashlib
import json

import numpy
import PIL
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
SIZES = [
    (64, 64, 64, 64), (64, 64, 32, 32), (64, 64, 128, 128), (128, 128, 64, 64), (37, 23, 16, 16),
    (23, 37, 50, 41), (5, 3, 7, 11), (1, 1, 4, 4), (4, 4, 1, 1), (2, 100, 100, 2), (640, 480, 224, 224),
    (640, 480, 224, 168), (256, 256, 448, 448), (320, 240, 320, 60), (320, 240, 80, 240), (224, 224, 728, 728),
]  # fmt: skip


def noise(width: int, height: int) -> numpy.ndarray:
    """The high byte of a 32-bit linear congruential sequence over the bytes of the image."""
    state, out = 1, bytearray(width * height * 3)
    for i in range(len(out)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return numpy.frombuffer(bytes(out), numpy.uint8).reshape(height, width, 3)


def edges(width: int, height: int) -> numpy.ndarray:
    """Black and white squares of three pixels: bicubic over- and undershoots there."""
    y, x, c = numpy.indices((height, width, 3))
    return ((((x // 3 + y // 3 + c) % 2) * 255)).astype(numpy.uint8)


cases = []
for width, height, to_width, to_height in SIZES:
    for pattern, make in {"noise": noise, "edges": edges}.items():
        image = Image.fromarray(make(width, height))
        for name, resampling in FILTERS.items():
            out = numpy.asarray(image.resize((to_width, to_height), resampling))
            cases.append({
                "from": [width, height], "to": [to_width, to_height], "pattern": pattern, "filter": name,
                "sha256": hashlib.sha256(out.tobytes()).hexdigest(), "first": out.reshape(-1)[:6].tolist(),
            })  # fmt: skip
lines = ",\n".join(json.dumps(case) for case in cases)
print(f'{{"pillow": "{PIL.__version__}", "cases": [\n{lines}\n]}}')
