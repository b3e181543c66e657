"""Writes a Display P3 ICC profile (v4, matrix and sRGB curve), computed here so that no vendor's file is copied.

Usage: display_p3.py OUTPUT
"""

import struct
import sys

# Primaries and white point adapted to D50 (Bradford), from SMPTE RP 431-2 primaries with a D65 white.
COLORANTS = {
    b"rXYZ": (0.515102, 0.241182, -0.001050),
    b"gXYZ": (0.291965, 0.692236, 0.041882),
    b"bXYZ": (0.157153, 0.066582, 0.784378),
    b"wtpt": (0.964203, 1.0, 0.824905),
}
ADAPTATION = (1.047882, 0.022919, -0.050201, 0.029587, 0.990479, -0.017059, -0.009232, 0.015076, 0.751678)
# IEC 61966-2-1: gamma, a, b, c, d of the parametric curve of type 3.
CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def text(words):
    encoded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def profile():
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + fixed(*CURVE)
    tags = {b"desc": text("Display P3"), b"cprt": text("CC0"), b"chad": b"sf32\0\0\0\0" + fixed(*ADAPTATION)}
    tags |= {name: b"XYZ \0\0\0\0" + fixed(*xyz) for name, xyz in COLORANTS.items()}
    tags |= {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    header = struct.pack(">I4sI4s4s4s12s4s", 128 + len(table) + len(data), b"\0\0\0\0", 0x04200000, b"mntr", b"RGB ",
                         b"XYZ ", struct.pack(">6H", 2026, 1, 1, 0, 0, 0), b"acsp")
    header += bytes(28) + fixed(0.964203, 1.0, 0.824905) + bytes(48)
    return header + table + data


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as output:
        output.write(profile())
