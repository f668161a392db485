"""What Feetech's own SDK sends, and how LeRobot reads and writes the numbers of an SO-101.

Needs Feetech's Python SDK (FTServo_Python, module scservo_sdk) and LeRobot's source:

    PYTHONPATH=FTServo_Python:lerobot/src python tools/golden/feetech.py tests/golden/feetech.json
"""

import json
import sys

import scservo_sdk as sdk
from lerobot.motors import Motor, MotorCalibration, MotorNormMode
from lerobot.motors.encoding_utils import decode_sign_magnitude, encode_sign_magnitude
from lerobot.motors.feetech import FeetechMotorsBus

JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
SIGNS = {"presentPosition": 15, "goalPosition": 15, "homingOffset": 11, "presentLoad": 10}


class Wire:
    """A port handler that keeps what is sent and has nothing to say."""

    def __init__(self):
        self.is_using, self.sent = False, []

    def clearPort(self):
        pass

    def writePort(self, packet):
        self.sent.append([int(byte) for byte in packet])
        return len(packet)

    def readPort(self, length):
        return []

    def isPacketTimeout(self):
        return True

    def setPacketTimeout(self, length):
        pass


def packets():
    wire = Wire()
    handler = sdk.protocol_packet_handler(wire, 0)
    found = {}

    def keep(name, call):
        wire.sent.clear()
        call()
        wire.is_using = False
        found[name] = wire.sent[-1]

    keep("ping 1", lambda: handler.ping(1))
    keep("read 6 presentPosition", lambda: handler.readTx(6, 56, 2))
    keep("write 3 torqueEnable 1", lambda: handler.writeTxOnly(3, 40, 1, [1]))
    keep("write 2 goalPosition 2048", lambda: handler.writeTxOnly(2, 42, 2, [0x00, 0x08]))
    offset = encode_sign_magnitude(-1234, 11)
    keep("write 5 homingOffset -1234", lambda: handler.writeTxOnly(5, 31, 2, [offset & 255, offset >> 8]))
    keep("syncRead presentPosition", lambda: handler.syncReadTx(56, 2, [1, 2, 3, 4, 5, 6], 6))
    goals = [0, 1023, 2048, 3000, 4095, 1]
    parameters = [byte for i, goal in enumerate(goals) for byte in (i + 1, goal & 255, goal >> 8)]
    keep("syncWrite goalPosition 0,1023,2048,3000,4095,1",
         lambda: handler.syncWriteTxOnly(42, 2, parameters, len(parameters)))
    return found


def numbers(degrees, drive_mode):
    mode = MotorNormMode.DEGREES if degrees else MotorNormMode.RANGE_M100_100
    bus = object.__new__(FeetechMotorsBus)
    bus.motors = {
        name: Motor(i + 1, "sts3215", MotorNormMode.RANGE_0_100 if name == "gripper" else mode)
        for i, name in enumerate(JOINTS)
    }
    bus._id_to_name_dict = {motor.id: name for name, motor in bus.motors.items()}
    bus._id_to_model_dict = {motor.id: motor.model for motor in bus.motors.values()}
    ranges = [(723, 3444), (801, 3204), (880, 3081), (901, 3230), (0, 4095), (2012, 3481)]
    bus.calibration = {
        name: MotorCalibration(i + 1, drive_mode, 0, low, high)
        for i, (name, (low, high)) in enumerate(zip(JOINTS, ranges))
    }
    ticks = [700, 723, 724, 2047, 2048, 2500, 3081, 3444, 4000]
    values = [-101, -100, -33.3, -0.05, 0, 0.04, 17.77, 50, 99.99, 100, 120]
    return {
        "degrees": degrees,
        "drive_mode": drive_mode,
        "ranges": ranges,
        "ticks": [[tick, list(bus._normalize({i: tick for i in range(1, 7)}).values())] for tick in ticks],
        "values": [[value, list(bus._unnormalize({i: value for i in range(1, 7)}).values())] for value in values],
    }


signs = [
    [name, value, encode_sign_magnitude(value, bit)]
    for name, bit in SIGNS.items()
    for value in (-1023, -1, 0, 1, 1023)
]
for name, value, raw in signs:
    assert decode_sign_magnitude(raw, SIGNS[name]) == value
cases = [numbers(degrees, drive_mode) for degrees in (True, False) for drive_mode in (0, 1)]
with open(sys.argv[1], "w") as file:
    json.dump({"packets": packets(), "signs": signs, "numbers": cases}, file)
    file.write("\n")
