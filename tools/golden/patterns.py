"""Test images from formulas that tests/image-patterns.ts repeats, so that golden files hold only results."""

import numpy


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


PATTERNS = {"noise": noise, "edges": edges}
