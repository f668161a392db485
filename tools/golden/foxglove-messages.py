"""Foxglove's messages as Google's own protocol buffers see them: descriptors, and the bytes of samples.

PROTO is a folder with foxglove/{CompressedImage,RawImage,Log}.proto (foxglove-sdk, schemas/proto); needs protoc and the package protobuf.

    python tools/golden/foxglove-messages.py PROTO > tests/golden/foxglove-messages.json
"""

import base64
import json
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

NAMES = ["CompressedImage", "RawImage", "Log"]
SECONDS, NANOS = 1_790_000_000, 123_456_789
SAMPLES = {
    "CompressedImage": {"frame_id": "front", "data": bytes(range(10)), "format": "png"},
    "RawImage": {"frame_id": "wrist", "width": 2, "height": 1, "encoding": "rgb8", "step": 6, "data": bytes(range(6))},
    "Log": {"level": 3, "message": "joint 2: slower, at most 1 rad/s", "name": "so101"},
}


def compile_files(folder):
    with tempfile.NamedTemporaryFile() as out:
        files = [f"foxglove/{name}.proto" for name in NAMES]
        subprocess.run(["protoc", f"-I{folder}", "--include_imports", f"-o{out.name}", *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(open(out.name, "rb").read())


def main():
    files = compile_files(sys.argv[1])
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    golden = {}
    for name in NAMES:
        made = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"foxglove.{name}"))(**SAMPLES[name])
        made.timestamp.seconds, made.timestamp.nanos = SECONDS, NANOS
        file = next(file for file in files.file if file.name == f"foxglove/{name}.proto")
        golden[name] = {
            "descriptor": base64.b64encode(file.SerializeToString(deterministic=True)).decode(),
            "sample": base64.b64encode(made.SerializeToString(deterministic=True)).decode(),
        }
    print(json.dumps({"seconds": SECONDS, "nanos": NANOS, "messages": golden}, indent=1))


main()
