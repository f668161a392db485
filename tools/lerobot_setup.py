"""Makes LeRobot importable, offline: from an installed package, or from the src folder of a checkout."""

import os
import sys
import tempfile


def prepare(source):
    """`source`: the src folder of a LeRobot checkout, or None for the installed package."""
    if source:
        sys.path.insert(0, source)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        # A torchvision without its compiled operators (LeRobot needs only its image transforms): declare those it registers.
        operators = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        prepare.operators = operators
        for module in [m for m in sys.modules if m.startswith("torchvision")]:
            del sys.modules[module]
