"""openpi's own LIBERO client, unmodified, in the original Python LIBERO, against any server that speaks its protocol: what the benchmark's
number is held against. Prints successes per task as JSON.

    MUJOCO_GL=egl python tools/libero_openpi_client.py LIBERO ROBOSUITE OPENPI --port 8000 [--suite libero_spatial] [--episodes 5] [--execute 8]
        [--size 128]

LIBERO and ROBOSUITE as in tools/libero_original.py; OPENPI is a checkout of openpi (15a9616). Python needs, beside what that file names, torch,
imageio, imageio-ffmpeg, tqdm, websockets and msgpack.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import runpy
import sys
import tempfile
import types

from libero_original import prepare


class Tally(logging.Handler):
    """Reads the client's log: the only place where it says how single episodes ended."""

    def __init__(self):
        super().__init__()
        self.task, self.episodes = "", {}

    def emit(self, record):
        text = record.getMessage()
        if found := re.match(r"\s*Task: (.*)", text):
            self.task = found[1]
        elif found := re.match(r"Success: (\w+)", text):
            self.episodes.setdefault(self.task, []).append(found[1] == "True")
        elif text.startswith("Caught exception"):
            sys.exit(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["libero", "robosuite", "openpi"]:
        parser.add_argument(name)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--suite", default="libero_spatial")
    parser.add_argument("--episodes", type=int, default=5)
    parser.add_argument("--execute", type=int, default=8)
    parser.add_argument("--size", type=int, default=224, help="pixels of the images that the policy expects")
    options = parser.parse_args()

    prepare(options.libero, options.robosuite)
    sys.path.insert(0, os.path.join(options.openpi, "packages/openpi-client/src"))
    # Only reads a command line, which is not used here.
    sys.modules["tyro"] = types.ModuleType("tyro")
    import torch

    load = torch.load
    # The published initial states are pickled arrays, which torch has refused by default since 2.6.
    torch.load = lambda *rest, **named: load(*rest, **{"weights_only": False, **named})

    client = runpy.run_path(os.path.join(options.openpi, "examples/libero/main.py"))
    tally = Tally()
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger().handlers = [tally]
    # LIBERO prints, too.
    with tempfile.TemporaryDirectory() as films, contextlib.redirect_stdout(sys.stderr):
        client["eval_libero"](
            client["Args"](
                host="127.0.0.1",
                port=options.port,
                task_suite_name=options.suite,
                num_trials_per_task=options.episodes,
                replan_steps=options.execute,
                resize_size=options.size,
                video_out_path=films,
            )
        )
    print(json.dumps(tally.episodes, indent=1))


if __name__ == "__main__":
    main()
