"""ICC profiles written here, and what their colours are in sRGB by plain arithmetic: a reference without LittleCMS."""

import struct

import numpy as np

# columns: XYZ (D50) of red, green and blue
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
D50 = np.array([0.9642, 1.0, 0.8249])
ADOBE_GAMMA = 2.19921875


def srgb_decoded(value):
    return np.where(value <= 0.04045, value / 12.92, ((np.maximum(value, 0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_encoded(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)


def from_xyz(xyz):
    """XYZ (D50), [..., 3], as sRGB, 0 to 255."""
    return 255 * srgb_encoded(xyz @ np.linalg.inv(SRGB).T)


def from_rgb(matrix, decoded, values):
    """Values of an RGB space, [..., 3] 0 to 255, as sRGB."""
    return from_xyz(decoded(np.asarray(values) / 255) @ matrix.T)


def adobe_decoded(value):
    return value**ADOBE_GAMMA


def _profile(kind, space, connection, tags):
    offset, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, offset + len(data), len(content))
        data += content
    head = struct.pack(
        ">I4sI4s4s4s12s4s", offset + len(data), bytes(4), 0x02400000, kind, space, connection, bytes(12), b"acsp"
    )
    illuminant = _numbers(D50)
    return (head + bytes(28) + illuminant).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def _numbers(values):
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _xyz(values):
    return b"XYZ \0\0\0\0" + _numbers(values)


def _curve(decoded):
    points = np.rint(65535 * decoded(np.linspace(0, 1, 4096))).astype(">u2")
    return struct.pack(">4sII", b"curv", 0, len(points)) + points.tobytes()


def _texts(name):
    text = name.encode() + b"\0"
    return {
        b"desc": struct.pack(">4sII", b"desc", 0, len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(D50),
    }


def rgb_profile(matrix, decoded):
    columns = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(decoded))
    return _profile(b"mntr", b"RGB ", b"XYZ ", _texts("sRGB, it says") | columns | curves)


def grey_profile(decoded):
    return _profile(b"mntr", b"GRAY", b"XYZ ", _texts("grey") | {b"kTRC": _curve(decoded)})


# CIELAB of the sixteen full mixtures of inks, by the bits of C, M, Y, K; all with black are black
INKS = np.array([
    [100, 0, 0], [0, 0, 0], [90, -5, 60], [0, 0, 0], [50, 50, 0], [0, 0, 0], [48, 45, 30], [0, 0, 0],
    [60, -25, -30], [0, 0, 0], [55, -40, 25], [0, 0, 0], [35, 10, -40], [0, 0, 0], [25, 0, 0], [0, 0, 0],
])  # fmt: skip


def cmyk_profile():
    """A printer's profile: a table of two points per ink (lut8Type)."""
    ramp = bytes(range(256))
    lab = np.rint(np.stack([INKS[:, 0] * 2.55, INKS[:, 1] + 128, INKS[:, 2] + 128], -1)).astype(np.uint8)
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + _numbers(np.eye(3).ravel()) + 4 * ramp + lab.tobytes() + 3 * ramp
    return _profile(b"prtr", b"CMYK", b"Lab ", _texts("inks") | {b"A2B0": table})


def from_inks(values):
    """CMYK, [..., 4] of 0 and 255 only, as sRGB."""
    bits = np.asarray(values) // 255 @ np.array([8, 4, 2, 1])
    lab = INKS[bits].astype(float)
    # as the profile stores them
    light = np.rint(lab[..., 0] * 2.55) / 2.55
    f_y = (light + 16) / 116
    f = np.stack([f_y + lab[..., 1] / 500, f_y, f_y - lab[..., 2] / 200], axis=-1)
    return from_xyz(np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50)
