"""Golden poses of six arms, from other descriptions of them than the product's: Denavit-Hartenberg tables where it has joint origins.

    python tools/golden/arm-kinematics.py > tests/golden/arm-kinematics.json

Sources: Franka Control Interface documentation (Craig's convention); Universal Robots' table (standard); Kinova Gen3 user guide (standard,
whole tenths of millimetres); UFACTORY xArm7 manual (Craig); TM12: the frames of tm12.urdf.xacro, whose base has y up, with
the flange of its table. Poses are of the
point between the fingertips: position, then the rotation matrix row by row.
"""

import json

import numpy as np

PI = np.pi


def rx(a):
    c, s = np.cos(a), np.sin(a)
    return np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1.0]])


def ry(a):
    c, s = np.cos(a), np.sin(a)
    return np.array([[c, 0, s, 0], [0, 1, 0, 0], [-s, 0, c, 0], [0, 0, 0, 1.0]])


def rz(a):
    c, s = np.cos(a), np.sin(a)
    return np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def move(x, y, z):
    m = np.eye(4)
    m[:3, 3] = x, y, z
    return m


def craig(rows, q):
    """Rows (a, alpha, d) of the link before, angle theta."""
    m = np.eye(4)
    for (a, alpha, d), theta in zip(rows, q):
        m = m @ rx(alpha) @ move(a, 0, 0) @ rz(theta) @ move(0, 0, d)
    return m


def standard(rows, q):
    """Rows (a, alpha, d, offset of theta)."""
    m = np.eye(4)
    for (a, alpha, d, offset), theta in zip(rows, q):
        m = m @ rz(theta + offset) @ move(0, 0, d) @ move(a, 0, 0) @ rx(alpha)
    return m


def panda(q):
    rows = [(0, 0, 0.333), (0, -PI / 2, 0), (0, PI / 2, 0.316), (0.0825, PI / 2, 0), (-0.0825, -PI / 2, 0.384), (0, PI / 2, 0), (0.088, PI / 2, 0)]
    return craig(rows, q) @ move(0, 0, 0.107) @ rz(-PI / 4) @ move(0, 0, 0.1034)


def ur(d1, a2, a3, d4, d5, d6):
    def pose(q):
        rows = [(0, PI / 2, d1, 0), (a2, 0, 0, 0), (a3, 0, 0, 0), (0, PI / 2, d4, 0), (0, -PI / 2, d5, 0), (0, 0, d6, 0)]
        return rz(PI) @ standard(rows, q) @ rz(-PI / 2) @ move(0, 0, 0.163)

    return pose


def gen3(q):
    rows = [
        (0, PI / 2, -(0.1564 + 0.1284), 0),
        (0, PI / 2, -(0.0054 + 0.0064), PI),
        (0, PI / 2, -(0.2104 + 0.2104), PI),
        (0, PI / 2, -(0.0064 + 0.0064), PI),
        (0, PI / 2, -(0.2084 + 0.1059), PI),
        (0, PI / 2, 0, PI),
        (0, PI, -(0.1059 + 0.0615), PI),
    ]
    return rx(PI) @ standard(rows, q) @ move(0, 0, 0.163)


def xarm7(q):
    rows = [(0, 0, 0.267), (0, -PI / 2, 0), (0, PI / 2, 0.293), (0.0525, PI / 2, 0), (0.0775, PI / 2, 0.3425), (0, PI / 2, 0), (0.076, -PI / 2, 0.097)]
    return craig(rows, q) @ move(0, 0, 0.172)


def tm12(q):
    shoulder, wrist = 0.1801, 0.1060
    elbow = wrist + shoulder - 0.1563
    m = rx(PI / 2) @ move(0, 0.1652, 0) @ ry(q[0])
    m = m @ move(0, 0, shoulder) @ rz(-q[1])
    m = m @ move(0, 0.6361, -elbow) @ rz(-q[2])
    m = m @ move(0, 0.5579, wrist) @ rz(-q[3])
    m = m @ move(0, 0.1060, 0) @ ry(q[4])
    m = m @ move(0, 0, 0.11315) @ rz(q[5])
    return m @ rz(PI / 2) @ move(0, 0, 0.163)


ARMS = {
    "franka-panda": (7, panda),
    "ur5e": (6, ur(0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996)),
    "ur10e": (6, ur(0.1807, -0.6127, -0.57155, 0.17415, 0.11985, 0.11655)),
    "kinova-gen3": (7, gen3),
    "tm12": (6, tm12),
    "xarm7": (7, xarm7),
}

random = np.random.default_rng(0)
out = {}
for name, (joints, pose) in ARMS.items():
    angles = random.uniform(-2, 2, (8, joints)).round(4)
    out[name] = [
        {"joints": q.tolist(), "pose": [round(float(v), 9) for v in [*pose(q)[:3, 3], *pose(q)[:3, :3].flat]]}
        for q in angles
    ]
print(json.dumps(out))
