"""Golden bytes of serving protocols, made by the projects' own Python code and by libzmq.

    PYTHONPATH=STARVLA:HARNESS/src:GR00T:LEBEDOV python tools/golden/wire-protocols.py > tests/golden/wire-protocols.json

STARVLA is a checkout of starVLA/starVLA, HARNESS of allenai/vla-evaluation-harness, GR00T of NVIDIA/Isaac-GR00T at N1.6 (its
gr00t/policy/server_client.py needs nothing heavy but gr00t.data.types), LEBEDOV of lebedov/msgpack-numpy, whose bytes N1.7 sends.
Needs numpy, msgpack, pyzmq, requests, pillow. Arrays are small and made of their indices.
"""

import base64
import io
import json
import socket
import threading

import msgpack
import msgpack_numpy
import numpy as np
import requests
import zmq
from PIL import Image

from deployment.model_server.tools import msgpack_numpy as starvla
from gr00t.data.types import ModalityConfig
from gr00t.policy.server_client import MsgSerializer
from vla_eval.protocol import numpy_codec
from vla_eval.protocol.messages import Message, MessageType, make_hello_payload, pack_message

ARRAYS = {
    "floats": np.arange(3, dtype=np.float32) / 4,
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3) / 8,
    "image": np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3),
    "scalar": np.array(1.5),
    "empty": np.zeros((0, 7), dtype=np.int64),
    "flags": np.array([True, False, True]),
    "big": np.arange(3, dtype=">f4"),
    "long": np.zeros((1, 1, 1, 1, 1, 1, 2), dtype=np.int16),
}
REFUSED = {
    "objects": np.array([{"a": 1}, None], dtype=object),
    "records": np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]),
    "columns": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "texts": np.array(["a", "bc"]),
    "complex": np.zeros(2, dtype=np.complex64),
}


def text(data):
    return base64.b64encode(bytes(data)).decode()


def npy(array):
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return text(out.getvalue())


def picture(height=4, width=5):
    return (np.arange(height * width * 3) * 7 % 256).astype(np.uint8).reshape(height, width, 3)


def jpeg(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, format="JPEG", quality=95)
    return out.getvalue()


def png(image):
    out = io.BytesIO()
    Image.fromarray(image).save(out, format="PNG")
    return out.getvalue()


def harness(kind, payload, seq, image_format="png"):
    numpy_codec.set_image_format(image_format)
    return text(pack_message(Message(type=MessageType(kind), payload=payload, seq=seq, timestamp=12.5)))


def harness_messages():
    observation = {
        "images": {"agentview": picture()},
        "task_description": "pick up the red block",
        "states": np.arange(3, dtype=np.float64) / 2,
    }
    return {
        "hello": harness("hello", {"harness_version": "0.4.0", "protocol_version": 1, "benchmark": "b"}, 1),
        "observation_png": harness("observation", observation, 3),
        "observation_jpeg": harness("observation", observation, 3, "jpeg"),
        "observation_raw": harness("observation", observation, 3, "raw"),
        "action": harness("action", {"actions": np.arange(4, dtype=np.float32) / 4}, 3),
        "episode_start": harness("episode_start", {"task": {"name": "pick", "suite": "s"}}, 2),
        "episode_end": harness("episode_end", {"metrics": {"success": True}, "steps": 5, "elapsed_sec": 0.25}, 4),
        "error": harness("error", {"error": "observation_failed: x"}, 3),
    }


def starvla_messages():
    example = {"image": [picture(), picture(2, 2)], "lang": "stack", "state": np.arange(3, dtype=np.float32)[None]}
    return {
        "metadata": text(starvla.packb({"action_chunk_size": 8, "available_unnorm_keys": ["franka"]})),
        "infer": text(starvla.packb({"examples": [example], "unnorm_key": "franka", "do_sample": False})),
        "result": text(
            starvla.packb(
                {
                    "status": "ok",
                    "ok": True,
                    "type": "inference_result",
                    "request_id": "default",
                    "data": {"actions": (np.arange(6, dtype=np.float32) / 4).reshape(1, 3, 2)},
                }
            )
        ),
    }


def gr00t_observation():
    return {
        "video": {"front": picture()[None, None]},
        "state": {"arm": (np.arange(2, dtype=np.float32) / 2)[None, None], "gripper": np.ones((1, 1, 1), np.float32)},
        "language": {"task": [["stack"]]},
    }


def gr00t_messages(pack, modality):
    actions = {"arm": (np.arange(6, dtype=np.float32) / 4).reshape(1, 3, 2), "gripper": np.zeros((1, 3, 1), np.float32)}
    request = {"endpoint": "get_action", "data": {"observation": gr00t_observation(), "options": None}}
    return {
        "ping": text(pack({"endpoint": "ping"})),
        "get_action": text(pack(request)),
        "actions": text(pack((actions, {}))),
        "modality": text(pack({"video": modality(ModalityConfig(delta_indices=[0], modality_keys=["front"]))})),
    }


def conversation():
    """What a REQ and a REP socket of libzmq send: one message of 3 bytes and one of 300 each."""
    context = zmq.Context()

    def pump(listener, port, sent):
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))

        def copy(source, target, into):
            while data := source.recv(65536):
                into.extend(data)
                target.sendall(data)

        for args in ((near, far, sent["REQ"]), (far, near, sent["REP"])):
            threading.Thread(target=copy, args=args, daemon=True).start()

    sent = {"REQ": bytearray(), "REP": bytearray()}
    reply = context.socket(zmq.REP)
    port = reply.bind_to_random_port("tcp://127.0.0.1")
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=pump, args=(listener, port, sent), daemon=True).start()
    request = context.socket(zmq.REQ)
    request.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
    for message in (b"abc", b"x" * 300):
        request.send(message)
        reply.send(reply.recv().upper())
        assert request.recv() == message.upper()
    return {side: text(data) for side, data in sent.items()}


def form():
    """The multipart body of dexbotic's client, and one with all fields."""
    url = "http://127.0.0.1:7891/process_frame"
    images = [("image", png(picture())), ("image", jpeg(picture(16, 16)))]
    plain = requests.Request("POST", url, data={"text": "stack"}, files=images[:1]).prepare()
    data = {"text": "stack", "states": json.dumps([0.5, 1, -2]), "batch_size": 1}
    full = requests.Request("POST", url, data=data, files=images).prepare()
    return {
        name: {"type": request.headers["Content-Type"], "body": text(request.body)}
        for name, request in (("plain", plain), ("full", full))
    }


print(
    json.dumps(
        {
            "npy": {name: npy(array) for name, array in ARRAYS.items()},
            "refused": {name: npy(array) for name, array in REFUSED.items()},
            "lebedov_refused": {
                name: text(msgpack.packb(array, default=msgpack_numpy.encode))
                for name, array in REFUSED.items()
                if name != "columns"
            },
            "lebedov_scalar": text(msgpack.packb(np.float32(1.5), default=msgpack_numpy.encode)),
            "harness": harness_messages(),
            "hello_keys": sorted(make_hello_payload()),
            "starvla": starvla_messages(),
            "gr00t_16": gr00t_messages(MsgSerializer.to_bytes, lambda config: config),
            "gr00t_17": gr00t_messages(
                lambda value: msgpack.packb(value, default=msgpack_numpy.encode),
                lambda config: {"__ModalityConfig__": True, "as_json": vars(config)},
            ),
            "zmtp": conversation(),
            "form": form(),
            "jpeg_rgb": text(np.asarray(Image.open(io.BytesIO(jpeg(picture())))).tobytes()),
        },
        indent=1,
    )
)
