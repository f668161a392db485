"""Messages as openpi's own coding writes them: python tools/golden/openpi_messages.py tests/golden/openpi-messages.json

Needs numpy and openpi-client (packages/openpi-client of openpi; its msgpack_numpy.py writes the arrays).
"""

import base64
import json
import sys

import numpy as np
from openpi_client import msgpack_numpy

PLAIN = {
    "nothing": None,
    "truths": [True, False],
    "small integers": [0, 1, 127, -1, -32],
    "integers of 8 bits": [128, 255, -33, -128],
    "integers of 16 bits": [256, 65535, -129, -32768],
    "integers of 32 bits": [65536, 2**32 - 1, -32769, -(2**31)],
    "integers of 64 bits": [2**32, 2**53 - 1, -(2**31) - 1, 2**64 - 1, -(2**63)],
    "floats": [0.5, -1.25e300, 1.0, 0.1],
    "texts": ["", "a", "ü" * 15, "x" * 31, "x" * 32, "x" * 256, "snow ☃ 🤖"],
    "bytes": [b"", b"\x00\xff", b"z" * 256],
    "lists": [[], [[1], [2, [3]]], list(range(16))],
    "maps": {"": {}, "a": {"b": {"c": 1}}, **{f"k{i}": i for i in range(16)}},
    "long text": "y" * 9000,
}
numbers = np.arange(-3, 3)
ARRAYS = {
    "of bytes": np.arange(12, dtype=np.uint8).reshape(2, 2, 3),
    "of float32": np.array([[0.1, -2.5], [3e10, 4]], np.float32),
    "of float64": np.array([0.1, -2.5, 1e300]),
    "of float16": np.array([0.1, -2.5, 65504, 6e-8], np.float16),
    "of int64": np.array([-(2**40), 5]),
    "of int32": numbers.astype(np.int32),
    "of int16": numbers.astype(np.int16),
    "of int8": numbers.astype(np.int8),
    "of uint16": np.array([65535, 1], np.uint16),
    "of truths": np.array([True, False]),
    "of no axis": np.array(2.5),
    "of nothing": np.zeros((0, 3), np.float32),
    "of big-endian numbers": np.array([1.5, -2], ">f4"),
    "not contiguous": np.arange(6, dtype=np.float32).reshape(2, 3).T,
}


def plain(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float) and value.is_integer():
        return {"$float": value}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"$int": str(value)}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return value


def packed(value):
    return base64.b64encode(msgpack_numpy.packb(value)).decode()


golden = {
    "plain": [{"name": name, "value": plain(value), "base64": packed(value)} for name, value in PLAIN.items()],
    "arrays": [
        {
            "name": name,
            "descr": array.dtype.str,
            "shape": list(array.shape),
            "numbers": [float(number) for number in array.flatten()],
            "base64": packed(array),
        }
        for name, array in ARRAYS.items()
    ],
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file, indent=1)
    file.write("\n")
