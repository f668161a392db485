"""Golden numbers for image resizing, from Pillow: python tools/golden/codec-images.py > tests/golden/resize.json

Images are made from a formula, so only the hash of each result is kept.
"""

import hashlib
import json

import numpy
import PIL
from patterns import PATTERNS
from PIL import Image

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
SIZES = [
    (64, 64, 64, 64), (64, 64, 32, 32), (64, 64, 128, 128), (128, 128, 64, 64), (37, 23, 16, 16),
    (23, 37, 50, 41), (5, 3, 7, 11), (1, 1, 4, 4), (4, 4, 1, 1), (2, 100, 100, 2), (640, 480, 224, 224),
    (640, 480, 224, 168), (256, 256, 448, 448), (320, 240, 320, 60), (320, 240, 80, 240), (224, 224, 728, 728),
    (1, 7, 5, 3), (7, 1, 3, 5), (1, 480, 64, 224), (480, 1, 224, 64), (100, 100, 1, 100), (100, 100, 100, 1), (2, 2, 3, 3),
    (3, 3, 2, 2), (13, 17, 12, 16), (12, 16, 13, 17), (255, 257, 128, 129), (129, 128, 257, 255), (31, 97, 61, 53),
    (640, 360, 416, 224), (320, 256, 304, 243), (304, 243, 320, 256), (180, 101, 364, 364), (364, 364, 56, 56),
]  # fmt: skip


cases = []
for width, height, to_width, to_height in SIZES:
    for pattern, make in PATTERNS.items():
        image = Image.fromarray(make(width, height))
        for name, resampling in FILTERS.items():
            out = numpy.asarray(image.resize((to_width, to_height), resampling))
            cases.append({
                "from": [width, height], "to": [to_width, to_height], "pattern": pattern, "filter": name,
                "sha256": hashlib.sha256(out.tobytes()).hexdigest(), "first": out.reshape(-1)[:6].tolist(),
            })  # fmt: skip
lines = ",\n".join(json.dumps(case) for case in cases)
print(f'{{"pillow": "{PIL.__version__}", "cases": [\n{lines}\n]}}')
