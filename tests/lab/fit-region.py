#!/usr/bin/env python3
"""Writes what a FIT configuration's signature signs, by walking the tree on its own: FIT CONFIGURATION OUT SIGNATURE."""
import struct
import sys

fit, configuration, out, signature_out = open(sys.argv[1], "rb").read(), sys.argv[2], sys.argv[3], sys.argv[4]
(_, _, off_struct, off_strings, *_rest) = struct.unpack(">10I", fit[:40])
DATA = {"data", "data-size", "data-position", "data-offset"}


def name_at(offset):
    return fit[off_strings + offset : fit.index(0, off_strings + offset)].decode()


def up(value):
    return (value + 3) & ~3


def parse(at, path):
    """One node: its begin tag, its properties and children in order, its end tag."""
    end = fit.index(0, at + 4)
    name = fit[at + 4 : end].decode()
    here = "/" if path is None else (path.rstrip("/") + "/" + name)
    node = {"path": here, "begin": (at, up(end + 1)), "items": []}
    at = up(end + 1)
    while True:
        (tag,) = struct.unpack(">I", fit[at : at + 4])
        if tag == 1:
            child, at = parse(at, here)
            node["items"].append(("node", child))
        elif tag == 3:
            size, key = struct.unpack(">II", fit[at + 4 : at + 12])
            value = fit[at + 12 : at + 12 + size]
            node["items"].append(("property", (at, up(at + 12 + size)), name_at(key), value))
            at = up(at + 12 + size)
        elif tag == 4:
            at += 4
        else:
            node["end"] = (at, at + 4)
            return node, at + 4


root, last = parse(off_struct, None)


def find(path):
    node = root
    for part in path.strip("/").split("/"):
        node = next(i[1] for i in node["items"] if i[0] == "node" and i[1]["path"].split("/")[-1] == part)
    return node


def properties(node):
    return {i[2]: i[3] for i in node["items"] if i[0] == "property"}


config = find("/configurations/" + configuration)
signature = next(i[1] for i in config["items"] if i[0] == "node" and "signature" in i[1]["path"].split("/")[-1])
stated = properties(signature)
listed = set(stated["hashed-nodes"].decode().rstrip("\0").split("\0"))
parts, touching = [], [False]


def take(span, wanted, ending=False):
    """An end tag that follows what was taken goes with it: U-Boot closes its region behind that tag."""
    if wanted or (ending and touching[0]):
        parts.append(fit[span[0] : span[1]])
    touching[0] = wanted


def walk(node, above):
    level = 2 if node["path"] in listed else max(above - 1, 0)
    take(node["begin"], level > 0)
    for item in node["items"]:
        if item[0] == "property":
            take(item[1], level == 2 and item[2] not in DATA)
        else:
            walk(item[1], level)
    take(node["end"], level > 0, ending=True)


walk(root, 0)
take((last, last + 4), True)
if "hashed-strings" in stated:
    parts.append(fit[off_strings : off_strings + struct.unpack(">II", stated["hashed-strings"])[1]])
open(out, "wb").write(b"".join(parts))
open(signature_out, "wb").write(stated["value"])
