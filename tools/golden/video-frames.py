"""Checksums of decoded video frames by PyAV, the decoder LeRobot uses: the golden numbers of src/data/video's test.

    python tools/golden/video-frames.py path/to/unitree-g1-bottle tests/golden

Writes h264-clip.mp4 (an own small H.264 clip with B-frames and a size that is no multiple of 16) and video-frames.json:
for each video its size, its number of frames, and for some frames the time and the CRC-32 of the RGB bytes.
"""

import json
import os
import sys
import zlib

import av
import numpy

root, out = sys.argv[1:]


def write_clip(path: str) -> None:
    """40 frames of moving colours, a key frame every 12."""
    width, height = 66, 50
    y, x = numpy.mgrid[0:height, 0:width]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "12", "bf": "2", "crf": "28"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(40):
            pixels = numpy.stack([(x * 3 + i * 6) % 256, (y * 5 + i * 4) % 256, (x + y + i * 9) % 256], 2)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels.astype(numpy.uint8), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def describe(path: str) -> dict:
    """Size, count and some frames, decoded from first to last."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        total = stream.frames
        wanted = {0, 1, 2, 3, 11, 12, 13, 29, 100, 101, 255, total - 2, total - 1}
        frames = []
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                crc = zlib.crc32(frame.to_ndarray(format="rgb24").tobytes())
                frames.append({"frame": index, "seconds": float(frame.pts * stream.time_base), "crc32": crc})
        return {"width": stream.width, "height": stream.height, "count": index + 1, "frames": frames}


clip = os.path.join(out, "h264-clip.mp4")
write_clip(clip)
folder = os.path.join(root, "videos", "chunk-000", "observation.images.cam_high")
result = {
    "pyav": av.__version__,
    "h264-clip": describe(clip),
    "unitree-g1-bottle": {str(e): describe(os.path.join(folder, f"episode_{e:06d}.mp4")) for e in (1, 2, 10)},
}
with open(os.path.join(out, "video-frames.json"), "w") as file:
    file.write(json.dumps(result, indent=1) + "\n")
