# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic netlink from the contract: names, numbers and types are in the YAML.

A message is a list of attributes (name, value); the value of a nest is such a
list. What comes back is checked for padding that is not zero, and for keys.
"""
import os
import socket
import struct
import time

import yaml

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_DUMP_INTR = 0x10
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 10, 11, 12
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3


class Refused(Exception):
    """The kernel's answer: errno, text, offset of the attribute to blame."""

    def __init__(self, errno, text, offset, missing):
        super().__init__(f"{os.strerror(errno)}: {text}")
        self.errno, self.text = errno, text
        self.offset, self.missing = offset, missing


class Spec:
    def __init__(self):
        path = os.path.join(TOP, "Documentation/netlink/specs/vtun.yaml")
        with open(path, encoding="utf-8") as f:
            # the parser in Python takes minutes on a debug kernel
            tree = yaml.load(f, Loader=getattr(yaml, "CSafeLoader",
                                               yaml.SafeLoader))
        self.sets = {s["name"]: s["attributes"]
                     for s in tree["attribute-sets"]}
        self.cmds = {o["name"]: i + 1
                     for i, o in enumerate(tree["operations"]["list"])}

    def attr(self, where, name):
        for i, a in enumerate(self.sets[where]):
            if a["name"] == name:
                return i + 1, a
        raise KeyError(f"{where} {name}")


SPEC = Spec()
SIZES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q"}


def pad(data):
    return data + bytes(-len(data) % 4)


def nla(kind, data):
    return pad(struct.pack("HH", 4 + len(data), kind) + data)


def encode(where, attrs):
    """Attributes of the set @where to octets."""
    out = b""
    for name, value in attrs:
        kind, a = SPEC.attr(where, name)
        if a["type"] == "nest":
            out += nla(kind | NLA_F_NESTED,
                       encode(a["nested-attributes"], value))
        elif a["type"] in SIZES:
            out += nla(kind, struct.pack(SIZES[a["type"]], value))
        elif a["type"] == "string":
            out += nla(kind, value.encode() + b"\0")
        else:
            out += nla(kind, value)
    return out


class Leaky(Exception):
    """Octets that should have been zero were not, or a key came back."""


def walk(data):
    """Pairs (type, octets); insists on zero padding."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        if length < 4 or length > len(data):
            raise ValueError("attribute runs over the end")
        end = min(length + (-length % 4), len(data))
        if any(data[length:end]):
            raise Leaky(f"padding of attribute {kind & 0x3fff} is not zero")
        yield kind & 0x3fff, data[4:length]
        data = data[end:]
    if data:
        raise ValueError("octets behind the last attribute")


def decode(where, data):
    out = {}
    for kind, value in walk(data):
        if kind == 0 or kind > len(SPEC.sets[where]):
            raise ValueError(f"attribute {kind} is not in {where}")
        a = SPEC.sets[where][kind - 1]
        if a["type"] == "pad":
            continue
        if a["type"] == "nest":
            value = decode(a["nested-attributes"], value)
        elif a["type"] in SIZES:
            value = struct.unpack(SIZES[a["type"]], value)[0]
        elif a["type"] == "string":
            value = value.rstrip(b"\0").decode()
        # only requests carry an SA twice
        if a.get("multi-attr") and where != "main":
            out.setdefault(a["name"], []).append(value)
        else:
            out[a["name"]] = value
    return out


class Genl:
    def __init__(self, events=False):
        self.open()
        self.seq = 0
        self.secret = None
        self.interrupted = False
        self.family, group = self.resolve()
        if events:
            self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)

    def open(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
        self.sock.bind((0, 0))
        self.sock.settimeout(30)

    def resolve(self):
        data = struct.pack("BBH", CTRL_CMD_GETFAMILY, 2, 0) + \
            nla(2, b"vtun\0")
        reply = self.talk(GENL_ID_CTRL, data)[0]
        family = group = None
        for kind, value in walk(reply):
            if kind == 1:
                family = struct.unpack("H", value)[0]
            elif kind == 7:
                for _, g in walk(value):
                    group = struct.unpack("I", dict(walk(g))[2])[0]
        return family, group

    def talk(self, family, data, flags=NLM_F_ACK):
        self.seq += 1
        self.sock.send(struct.pack("IHHII", 16 + len(data), family,
                                   NLM_F_REQUEST | flags, self.seq, 0) + data)
        return self.collect()

    def collect(self):
        replies = []
        while True:
            buf = self.sock.recv(1 << 20)
            if self.secret and self.secret in buf:
                raise Leaky("a key came back")
            while buf:
                length, kind, flags, seq, _ = struct.unpack_from("IHHII", buf)
                body, buf = buf[16:length], buf[length + -length % 4:]
                if seq != self.seq:
                    continue
                self.interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    self.verdict(body, kind)
                    return replies
                replies.append(body[4:])

    @staticmethod
    def verdict(body, kind):
        errno = -struct.unpack_from("i", body)[0]
        if not errno:
            return
        text, offset, missing = "", None, None
        for attr, value in walk(body[20 if kind == NLMSG_ERROR else 4:]):
            if attr == 1:
                text = value.rstrip(b"\0").decode()
            elif attr == 2:
                offset = struct.unpack("I", value)[0]
            elif attr == 5:
                missing = struct.unpack("I", value)[0]
        raise Refused(errno, text, offset, missing)

    def raw(self, cmd, octets, flags=NLM_F_ACK):
        return self.talk(self.family, struct.pack(
            "BBH", SPEC.cmds[cmd], 1, 0) + octets, flags)

    def do(self, cmd, attrs=()):
        replies = self.raw(cmd, encode("main", attrs))
        return decode("main", replies[0]) if replies else {}

    def dump(self, cmd, attrs=()):
        self.interrupted = False
        return [decode("main", r) for r in
                self.raw(cmd, encode("main", attrs), NLM_F_DUMP)]

    def event(self, timeout):
        """(command, attributes) of the next event, or None."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.sock.settimeout(left)
            try:
                buf = self.sock.recv(1 << 16)
            except socket.timeout:
                return None
            finally:
                self.sock.settimeout(30)
            cmd = buf[16]
            names = {v: k for k, v in SPEC.cmds.items()}
            return names[cmd], decode("main", buf[20:])
