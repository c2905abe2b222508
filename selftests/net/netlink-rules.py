#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the generic netlink family that no policy can express.

What may not be combined, who owns a reserved SPI, what happens at limits and
deadlines, and that transactions are whole or nothing. One line per group; exit
status 1 if one failed. Malformed messages are the business of nlfuzz.c, memory
that runs out that of netlink-faults.py.
"""
import errno
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from genl import Genl, Leaky, Refused

KEY = b"K3yK3yK3yK3yK3yK3yK3yK3yK3yK3yK3yK3y"	# 32 and 4 octets
V4 = {n: socket.inet_aton(a) for n, a in {
    "a": "192.0.2.1", "b": "192.0.2.2", "lo": "10.1.0.0", "hi": "10.1.0.255",
    "rlo": "10.2.0.0", "rhi": "10.2.0.255", "any": "0.0.0.0",
    "multi": "224.0.0.1", "broad": "255.255.255.255"}.items()}
V6 = {n: socket.inet_pton(socket.AF_INET6, a) for n, a in {
    "a": "2001:db8::1", "lo": "2001:db8:1::", "hi": "2001:db8:1::ffff"
}.items()}
FAILED = 0
# how much longer things take here, see lib.sh
SLOW = int(os.environ.get("SLOW", "1"))


def ts(start, end, *more):
    return [("start", start), ("end", end), *more]


def sa(direction, spi, child, *more, key=KEY, encr=28):
    return ("sa", [("dir", direction), ("spi", spi), ("child-id", child),
                   ("encr", encr), ("key", key), *more])


class Lab:
    """A device, a child with a pair of SAs, and requests that would pass."""

    def __init__(self):
        subprocess.run("ip link add vt0 type vtun && ip link set vt0 up",
                       shell=True, check=True)
        self.ifindex = socket.if_nametoindex("vt0")
        self.nl = Genl()
        self.nl.secret = KEY[:16]
        self.id = self.child("base")
        self.nl.do("sa-install", [sa(1, 0x1000, self.id),
                                  sa(2, 0x2000, self.id), ("switch", 1)])

    def child(self, name, *more):
        return self.nl.do("child-new", self.child_request(name, *more))[
            "child"]["id"]

    def child_request(self, name, *more):
        return [("child", [("name", name), ("ifindex", self.ifindex),
                           ("local", V4["a"]), ("remote", V4["b"]), *more])]

    def valid(self):
        """Command to a request with every attribute it may carry."""
        full = [("id", 4711), ("name", "full"), ("ifindex", self.ifindex),
                ("mode", 1), ("local", V4["a"]), ("remote", V4["b"]),
                ("ts-local", ts(V4["lo"], V4["hi"], ("proto", 6),
                                ("port-start", 80), ("port-end", 90))),
                ("ts-remote", ts(V4["rlo"], V4["rhi"])),
                ("flags", 15), ("hold-packets", 5), ("hold-bytes", 5000),
                ("hold-ms", 100), *self.options()]
        limits = [("soft-time-ms", 10**6), ("hard-time-ms", 2 * 10**6),
                  ("soft-bytes", 1000), ("hard-bytes", 2000),
                  ("soft-packets", 10), ("hard-packets", 20),
                  ("soft-idle-ms", 10**6), ("hard-idle-ms", 2 * 10**6),
                  ("margin-ms", 1000)]
        key = [("dir", 2), ("spi", 0x2000), ("child-id", self.id)]
        return {
            "child-new": [("child", full)],
            "child-get": [("child", [("id", self.id)])],
            "child-del": [("child", [("name", "base")])],
            "spi-alloc": [("sa", [("child-id", self.id)]),
                          ("spi-min", 0x5000), ("spi-max", 0x5fff)],
            "sa-install": [
                sa(1, 0x3000, self.id, ("esn", 1), ("replay-window", 64),
                   ("seq", 5), *limits),
                sa(2, 0x4000, self.id, ("esn", 1), ("seq", 5), *limits),
                ("switch", 2), ("deadline-ms", 500)],
            "sa-activate": [("sa", key)],
            "sa-set": [("sa", key + limits)],
            "child-set": [("child", [("id", self.id), ("local", V4["a"]),
                                     ("remote", V4["b"]), ("flags", 0),
                                     *self.options()])],
            "policy-new": [("policy", [
                ("id", 4711), ("action", 2), ("priority", 7),
                ("ts-local", ts(V4["lo"], V4["hi"], ("proto", 6))),
                ("ts-remote", ts(V4["rlo"], V4["rhi"], ("proto", 6),
                                 ("port-start", 80), ("port-end", 90)))])],
            "policy-get": [("policy", [("id", 4711)])],
            "policy-del": [("policy", [("id", 4711)])],
            "sa-get": [("sa", key)],
            "sa-del": [("sa", key)],
        }

    @staticmethod
    def options():
        return [("encap", 1), ("local-port", 4501), ("remote-port", 4502),
                ("keepalive-ms", 0), ("df", 1), ("dscp", 46),
                ("mss-clamp", 1), ("mark", 7), ("link", 0)]

    def state(self):
        info = self.nl.do("info-get")["info"]
        return (info["children"], info["sas"], info["event-seq"],
                sorted((c["child"]["id"], c["child"]["mark"])
                       for c in self.nl.dump("child-get")), info["policies"],
                sorted((s["sa"]["dir"], s["sa"]["spi"], s["sa"]["state"])
                       for s in self.nl.dump("sa-get")))


def group(name):
    def wrap(f):
        def run(lab):
            global FAILED  # pylint: disable=global-statement
            t = time.monotonic()
            try:
                problems = list(f(lab))
            except (Refused, Leaky, ValueError, OSError, KeyError) as e:
                problems = [f"{type(e).__name__}: {e}"]
            for p in problems[:20]:
                print(f"#   {p}")
            if len(problems) > 20:
                print(f"#   and {len(problems) - 20} more")
            print(f"{'not ok' if problems else 'ok'} - {name} "
                  f"({time.monotonic() - t:.1f} s)", flush=True)
            FAILED += bool(problems)
        run.__name__ = f.__name__
        GROUPS.append(run)
        return run
    return wrap


GROUPS = []


def refused(lab, what, cmd, attrs, code):
    """Problems, if the request is not refused properly."""
    try:
        lab.nl.do(cmd, attrs)
    except Refused as e:
        if e.errno != code:
            yield f"{cmd}: {what}: {e}, not {os.strerror(code)}"
        if not e.text:
            yield f"{cmd}: {what}: refused without a text"
        return
    yield f"{cmd}: {what}: accepted"


@group("requests that are right are accepted")
def accepted(lab):
    before = lab.state()
    requests = lab.valid()
    for cmd in ("child-get", "sa-get", "spi-alloc", "sa-install", "sa-activate",
                "sa-set", "child-new", "child-set", "policy-new", "policy-get",
                "policy-del"):
        try:
            lab.nl.do(cmd, requests[cmd])
        except Refused as e:
            yield f"{cmd}: {e}"
    got = lab.nl.do("child-get", [("child", [("id", 4711)])])["child"]
    for key, value in (*lab.options(), ("mode", 1), ("flags", 15)):
        if got.get(key) != value:
            yield f"{key} {value} reads as {got.get(key)}"
    got = lab.nl.do("sa-get", requests["sa-get"])["sa"]
    if (got["hard-idle-ms"], got["margin-ms"], got["soft-bytes"]) != (
            2 * 10**6, 1000, 1000):
        yield f"limits read as {got}"
    for direction, spi in ((1, 0x3000), (2, 0x4000)):
        lab.nl.do("sa-del", [("sa", [("dir", direction), ("spi", spi),
                                     ("child-id", lab.id)])])
    lab.nl.do("child-del", [("child", [("id", 4711)])])
    for s in lab.nl.dump("sa-get"):
        if s["sa"]["state"] == 1:
            lab.nl.do("sa-del", [("sa", [("dir", 1), ("spi", s["sa"]["spi"])])])
    lab.nl.do("sa-activate", [("sa", [("dir", 2), ("spi", 0x2000),
                                      ("child-id", lab.id)])])
    if before[:2] != lab.state()[:2]:
        yield f"{before} before, {lab.state()} after"


@group("rules of children")
def child_rules(lab):
    def bad(what, code, *more, name="x"):
        request = lab.child_request(name)[0][1]
        for key, value in more:
            request = [(k, v) for k, v in request if k != key]
            request.append((key, value))
        return refused(lab, what, "child-new", [("child", request)], code)

    inval = errno.EINVAL
    yield from bad("name in use", errno.EEXIST, name="base")
    yield from bad("id in use", errno.EEXIST, ("id", lab.id))
    yield from bad("no such device", errno.ENODEV, ("ifindex", 999999))
    yield from bad("not a vtun device", errno.ENODEV,
                   ("ifindex", socket.if_nametoindex("lo")))
    yield from bad("name empty", inval, name="")
    yield from bad("name not printable", inval, name="a\nb")
    yield from bad("name not ASCII", inval, name="\u00fc")
    yield from bad("families differ", inval, ("remote", V6["a"]))
    for n in ("any", "multi", "broad"):
        yield from bad(f"remote {n}", inval, ("remote", V4[n]))
    yield from bad("local any", inval, ("local", V4["any"]))
    for length in (5, 8, 12, 15):
        yield from bad(f"address of {length}", inval, ("remote", bytes(length)))
    yield from bad("start behind end", inval,
                   ("ts-local", ts(V4["hi"], V4["lo"])))
    yield from bad("selector of two families", inval,
                   ("ts-local", ts(V4["lo"], V6["hi"])))
    yield from bad("sides of different families", inval,
                   ("ts-local", ts(V4["lo"], V4["hi"])),
                   ("ts-remote", ts(V6["lo"], V6["hi"])))
    yield from bad("ports without protocol", inval,
                   ("ts-local", ts(V4["lo"], V4["hi"], ("port-start", 80))))
    yield from bad("ports with ESP", inval,
                   ("ts-local", ts(V4["lo"], V4["hi"], ("proto", 50),
                                   ("port-end", 80))))
    yield from bad("ports backwards", inval,
                   ("ts-local", ts(V4["lo"], V4["hi"], ("proto", 6),
                                   ("port-start", 90), ("port-end", 80))))
    request = lab.child_request("x")[0][1]
    request += [("ts-local", ts(V4["lo"], V4["hi"]))] * 17
    yield from refused(lab, "17 selectors", "child-new", [("child", request)],
                       inval)
    yield from refused(lab, "unknown", "child-get", [("child", [("id", 77)])],
                       errno.ENOENT)
    yield from refused(lab, "unknown", "child-del",
                       [("child", [("name", "nobody")])], errno.ENOENT)
    yield from refused(lab, "id and name", "child-get",
                       [("child", [("id", lab.id), ("name", "base")])], inval)


@group("rules of doors, modes, encapsulation and options")
def option_rules(lab):
    def bad(what, *more, drop=()):
        request = [(k, v) for k, v in lab.child_request("x")[0][1]
                   if k not in drop] + list(more)
        return refused(lab, what, "child-new", [("child", request)],
                       errno.EINVAL)

    yield from bad("transport mode of a device", ("mode", 2))
    yield from bad("local port without UDP", ("local-port", 4500))
    yield from bad("remote port without UDP", ("encap", 0),
                   ("remote-port", 4500))
    yield from bad("keepalive without UDP", ("keepalive-ms", 1))
    yield from bad("no local address", drop=("local",))
    yield from bad("no remote address", drop=("remote",))
    for dscp in (64, 128, 254):
        yield from bad(f"DSCP {dscp}", ("dscp", dscp))
    for mss in (2, 87):
        yield from bad(f"MSS {mss}", ("mss-clamp", mss))
    request = [(k, v) for k, v in lab.child_request("door")[0][1]
               if k != "ifindex"] + [("mode", 2), ("dscp", 0)]
    child = lab.nl.do("child-new", [("child", request)])["child"]["id"]
    got = lab.nl.do("child-get", [("child", [("id", child)])])["child"]
    if "ifindex" in got or got["mode"] != 2 or got["dscp"] or \
       got["policies"] or "local-port" in got or "moved-remote" in got:
        yield f"child without device: {got}"
    lab.nl.do("child-del", [("child", [("id", child)])])


@group("a child is changed in place, whole or not at all")
def child_set(lab):
    child = lab.child("set", ("ts-local", ts(V4["lo"], V4["hi"])))
    lab.nl.do("sa-install", [sa(1, 0x8400, child), sa(2, 0x8401, child),
                             ("switch", 1)])

    def get():
        return lab.nl.do("child-get", [("child", [("id", child)])])["child"]

    def bad(what, code, *more):
        return refused(lab, what, "child-set",
                       [("child", [("id", child), *more])], code)

    before = get()
    inval = errno.EINVAL
    yield from bad("nothing", inval)
    yield from bad("a name, too", inval, ("name", "set"), ("mark", 1))
    yield from bad("ports without UDP", inval, ("mark", 1),
                   ("local-port", 4500))
    yield from bad("ports of no UDP", inval, ("encap", 0),
                   ("remote-port", 4500))
    yield from bad("remote of another family", inval, ("mark", 1),
                   ("remote", V6["a"]))
    yield from bad("multicast", inval, ("mark", 1), ("remote", V4["multi"]))
    yield from bad("selectors of another family", inval, ("mark", 1),
                   ("ts-remote", ts(V6["lo"], V6["hi"])))
    for link in (1 << 20,):
        try:
            lab.nl.do("child-set", [("child", [("id", child), ("mark", 1),
                                               ("link", link)])])
            yield "a link that does not exist"
        except Refused as e:
            if not e.text:
                yield "a link that does not exist: no text"
    yield from refused(lab, "unknown", "child-set",
                       [("child", [("name", "nobody"), ("mark", 1)])],
                       errno.ENOENT)
    if get() != before:
        yield f"{before} became {get()}"
    lab.nl.do("child-set", [("child", [
        ("name", "set"), ("remote", V4["a"]), ("local", V4["b"]),
        ("encap", 1), ("remote-port", 1234), ("mark", 99), ("dscp", 7),
        ("hold-ms", 77), ("flags", 1),
        ("ts-remote", ts(V4["rlo"], V4["rhi"]))])])
    after = get()
    want = {"remote": V4["a"], "local": V4["b"], "encap": 1, "mark": 99,
            "remote-port": 1234, "local-port": 4500, "dscp": 7, "hold-ms": 77,
            "flags": 1, "out-spi": 0x8401, "id": child,
            "ts-local": before["ts-local"]}
    for key, value in want.items():
        if after.get(key) != value:
            yield f"{key}: {after.get(key)}, not {value}"
    if len(after.get("ts-remote", [])) != 1:
        yield "the selectors did not change"
    lab.nl.do("child-del", [("child", [("id", child)])])


@group("limits are changed; what is not named stays")
def sa_set(lab):
    child = lab.child("limits")
    key = [("dir", 1), ("spi", 0x8500)]
    lab.nl.do("sa-install", [sa(1, 0x8500, child, ("soft-bytes", 10),
                                ("hard-bytes", 20), ("hard-packets", 5))])

    def bad(what, code, *more):
        return refused(lab, what, "sa-set", [("sa", key + list(more))], code)

    inval = errno.EINVAL
    yield from bad("nothing", inval)
    yield from bad("soft beyond the hard one it has", inval,
                   ("soft-bytes", 21))
    yield from bad("hard below the soft one it has", inval, ("hard-bytes", 9))
    for kind in ("time-ms", "idle-ms", "bytes", "packets"):
        yield from bad(f"soft beyond hard {kind}", inval, (f"soft-{kind}", 6),
                       (f"hard-{kind}", 5))
    yield from refused(lab, "unknown", "sa-set",
                       [("sa", [("dir", 1), ("spi", 0x9999),
                                ("soft-bytes", 1)])], errno.ENOENT)
    spi = lab.nl.do("spi-alloc", [("sa", [("child-id", child)])])["sa"]["spi"]
    yield from refused(lab, "larval", "sa-set",
                       [("sa", [("dir", 1), ("spi", spi), ("soft-bytes", 1)])],
                       inval)
    lab.nl.do("sa-set", [("sa", key + [("soft-bytes", 0), ("margin-ms", 500),
                                       ("hard-idle-ms", 10**6)])])
    got = lab.nl.do("sa-get", [("sa", key)])["sa"]
    want = {"soft-bytes": 0, "hard-bytes": 20, "hard-packets": 5,
            "margin-ms": 500, "hard-idle-ms": 10**6, "soft-idle-ms": 0}
    if {k: got.get(k) for k in want} != want:
        yield f"{got}"
    lab.nl.do("child-del", [("child", [("id", child)])])


def policy(number, action, *more, local=None, remote=None):
    attrs = [("id", number), ("action", action), *more]
    if local:
        attrs.append(("ts-local", local))
    if remote:
        attrs.append(("ts-remote", remote))
    return [("policy", attrs)]


@group("policies: rules, order, and the children they name")
def policies(lab):
    any4, net = ts(bytes(4), b"\xff" * 4), ts(V4["lo"], V4["hi"])
    inval = errno.EINVAL

    def bad(what, code, *args, **kwargs):
        return refused(lab, what, "policy-new", policy(*args, **kwargs), code)

    yield from bad("no selector", inval, 5, 2)
    yield from bad("protect without child", inval, 5, 1, local=net)
    yield from bad("bypass with child", inval, 5, 2, ("child-id", lab.id),
                   local=net)
    yield from bad("unknown child", errno.ENOENT, 5, 1, ("child-id", 999999),
                   local=net)
    yield from bad("child of a device", inval, 5, 1, ("child-id", lab.id),
                   local=net)
    yield from bad("two families", inval, 5, 2, local=net,
                   remote=ts(V6["lo"], V6["hi"]))
    yield from bad("two protocols", inval, 5, 2,
                   local=ts(V4["lo"], V4["hi"], ("proto", 6)),
                   remote=ts(V4["rlo"], V4["rhi"], ("proto", 17)))
    yield from bad("ports of no protocol", inval, 5, 2,
                   local=ts(V4["lo"], V4["hi"], ("port-start", 5)))
    door = [(k, v) for k, v in lab.child_request("door")[0][1]
            if k != "ifindex"]
    child = lab.nl.do("child-new", [("child", door)])["child"]["id"]
    lab.nl.do("policy-new", policy(10, 2, local=any4))
    lab.nl.do("policy-new", policy(11, 1, ("child-id", child), local=net))
    lab.nl.do("policy-new", policy(12, 3, ("priority", 1), remote=any4))
    lab.nl.do("policy-new", policy(13, 3, ("priority", 2000), local=net))
    yield from bad("id in use", errno.EEXIST, 10, 2, local=net)
    order = [p["policy"]["id"] for p in lab.nl.dump("policy-get")]
    if order != [12, 11, 10, 13]:
        yield f"order of evaluation {order}"
    got = lab.nl.do("policy-get", [("policy", [("id", 11)])])["policy"]
    if got["child-id"] != child or got["priority"] != 1000 or \
       got["ts-remote"]["start"] != bytes(4) or got["out-packets"]:
        yield f"reads as {got}"
    got = lab.nl.do("child-get", [("child", [("id", child)])])["child"]
    if got["policies"] != 1:
        yield f"child counts {got['policies']} policies"
    yield from refused(lab, "named by a policy", "child-del",
                       [("child", [("id", child)])], errno.EBUSY)
    lab.nl.do("policy-del", [("policy", [("id", 11)])])
    lab.nl.do("child-del", [("child", [("id", child)])])
    yield from refused(lab, "gone", "policy-get", [("policy", [("id", 11)])],
                       errno.ENOENT)
    if lab.nl.do("info-get")["info"]["policies"] != 3:
        yield "info counts other policies"
    lab.nl.do("policy-flush")
    if lab.nl.do("info-get")["info"]["policies"] or lab.nl.dump("policy-get"):
        yield "some survived the flush"


@group("sockets are taken, shown and given back")
def sockets(lab):
    def bad(what, code, fd):
        return refused(lab, what, "socket-attach", [("socket", [("fd", fd)])],
                       code)

    yield from bad("no file", errno.EBADF, 999)
    with open("/dev/null", "rb") as f:
        yield from bad("no socket", errno.ENOTSOCK, f.fileno())
    tcp = socket.socket()
    yield from bad("a TCP socket", errno.EPROTOTYPE, tcp.fileno())
    tcp.close()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 4500))
    lab.nl.do("socket-attach", [("socket", [("fd", udp.fileno())])])
    key = [("local", socket.inet_aton("127.0.0.1")), ("port", 4500)]
    got = [s["socket"] for s in lab.nl.dump("socket-get")]
    if got != [dict(key)]:
        yield f"dump says {got}"
    yield from refused(lab, "another port", "socket-detach",
                       [("socket", [key[0], ("port", 4501)])], errno.ENOENT)
    lab.nl.do("socket-detach", [("socket", key)])
    if lab.nl.dump("socket-get"):
        yield "still there"
    yield from refused(lab, "once more", "socket-detach", [("socket", key)],
                       errno.ENOENT)
    udp.close()


@group("rules of SAs")
def sa_rules(lab):
    before = lab.state()

    def bad(what, code, *attrs):
        return refused(lab, what, "sa-install", list(attrs), code)

    inval, now = errno.EINVAL, ("switch", 1)
    yield from bad("unknown child", errno.ENOENT, sa(1, 0x3000, 999))
    yield from bad("inbound SPI in use", errno.EEXIST, sa(1, 0x1000, lab.id))
    yield from bad("outbound SPI in use", errno.EEXIST, sa(2, 0x2000, lab.id),
                   now)
    yield from bad("pair, outbound in use", errno.EEXIST,
                   sa(1, 0x3000, lab.id), sa(2, 0x2000, lab.id), now)
    yield from bad("pair, inbound in use", errno.EEXIST,
                   sa(1, 0x1000, lab.id), sa(2, 0x3000, lab.id), now)
    yield from bad("two of one direction", inval, sa(1, 0x3000, lab.id),
                   sa(1, 0x3001, lab.id))
    yield from bad("two children", inval, sa(1, 0x3000, lab.id),
                   sa(2, 0x3001, lab.id + 1), now)
    yield from bad("no switch", inval, sa(2, 0x3000, lab.id))
    yield from bad("switch without out", inval, sa(1, 0x3000, lab.id), now)
    yield from bad("prove in standby", inval, sa(2, 0x3000, lab.id),
                   ("switch", 2), ("prove", b""))
    yield from bad("deadline at once", inval, sa(2, 0x3000, lab.id), now,
                   ("deadline-ms", 5))
    yield from bad("CBC without integrity", inval,
                   sa(1, 0x3000, lab.id, encr=12))
    yield from bad("CBC with unknown integrity", inval,
                   sa(1, 0x3000, lab.id, ("integ", 99), encr=12))
    yield from bad("ChaCha with integrity", inval,
                   sa(1, 0x3000, lab.id, ("integ", 12)))
    for length in (16, 32, 47, 49):
        yield from bad(f"CBC and SHA-256 with {length}", inval,
                       sa(1, 0x3000, lab.id, ("integ", 12),
                          key=bytes(length), encr=12))
    yield from bad("unknown transform", inval, sa(1, 0x3000, lab.id, encr=99))
    for length in (1, 4, 19, 20, 35, 37, 96):
        yield from bad(f"ChaCha key of {length}", inval,
                       sa(1, 0x3000, lab.id, key=bytes(length)))
    for length in (16, 32, 40):
        yield from bad(f"GCM key of {length}", inval,
                       sa(1, 0x3000, lab.id, key=bytes(length), encr=20))
    for window, code in ((1, inval), (31, inval), (8193, errno.ERANGE)):
        yield from bad(f"window {window}", code,
                       sa(1, 0x3000, lab.id, ("replay-window", window)))
    yield from bad("window outbound", inval,
                   sa(2, 0x3000, lab.id, ("replay-window", 64)), now)
    yield from bad("ESN without window", inval,
                   sa(1, 0x3000, lab.id, ("esn", 1), ("replay-window", 0)))
    yield from bad("number of 33 bits", inval,
                   sa(1, 0x3000, lab.id, ("seq", 2**32)))
    yield from bad("no number left", inval,
                   sa(2, 0x3000, lab.id, ("seq", 2**32 - 1)), now)
    yield from bad("no number left with ESN", inval,
                   sa(2, 0x3000, lab.id, ("esn", 1), ("seq", 2**64 - 1)), now)
    for kind in ("time-ms", "idle-ms", "bytes", "packets"):
        yield from bad(f"soft beyond hard {kind}", inval,
                       sa(1, 0x3000, lab.id, (f"soft-{kind}", 11),
                          (f"hard-{kind}", 10)))
    key = [("dir", 1), ("spi", 0x1000)]
    yield from refused(lab, "inbound", "sa-activate", [("sa", key)], inval)
    yield from refused(lab, "unknown", "sa-get",
                       [("sa", [("dir", 1), ("spi", 0x9999)])], errno.ENOENT)
    yield from refused(lab, "other child", "sa-del",
                       [("sa", key + [("child-id", 999)])], errno.ENOENT)
    if lab.state() != before:
        yield f"{before} became {lab.state()}"


@group("reserved SPIs: unique, bounded, for their child only")
def spis(lab):
    other = lab.child("other")
    request = [("sa", [("child-id", lab.id)]), ("spi-min", 0x7000),
               ("spi-max", 0x7002)]
    got = {lab.nl.do("spi-alloc", request)["sa"]["spi"] for _ in range(3)}
    if got != {0x7000, 0x7001, 0x7002}:
        yield f"got {got}"
    yield from refused(lab, "range used up", "spi-alloc", request, errno.ENOSPC)
    yield from refused(lab, "backwards", "spi-alloc",
                       [("spi-min", 0x7002), ("spi-max", 0x7001)],
                       errno.EINVAL)
    yield from refused(lab, "other child", "sa-install",
                       [sa(1, 0x7000, other)], errno.EBUSY)
    lab.nl.do("sa-install", [sa(1, 0x7000, lab.id)])
    states = {s["sa"]["spi"]: s["sa"]["state"] for s in lab.nl.dump("sa-get")}
    if states[0x7000] != 3 or states[0x7001] != 1:
        yield f"states {states}"
    free = lab.nl.do("spi-alloc", [])["sa"]["spi"]
    lab.nl.do("sa-install", [sa(1, free, other)])
    lab.nl.do("sa-del", [("sa", [("dir", 1), ("spi", 0x7001)])])
    lab.nl.do("child-del", [("child", [("id", other)])])
    for spi in (0x7000, 0x7002):
        lab.nl.do("sa-del", [("sa", [("dir", 1), ("spi", spi)])])
    if lab.nl.do("info-get")["info"]["sas"] != 2:
        yield "SAs are left"


@group("the largest child fits every message")
def largest(lab):
    sides = [(side, ts(V6["lo"], V6["hi"], ("proto", 17), ("port-start", 1),
                       ("port-end", 2))) for side in ("ts-local", "ts-remote")
             for _ in range(16)]
    child = lab.child("n" * 31, *sides)
    got = lab.nl.do("child-get", [("child", [("id", child)])])["child"]
    if len(got["ts-local"]) != 16 or len(got["ts-remote"]) != 16:
        yield "selectors are missing"
    if child not in [c["child"]["id"] for c in lab.nl.dump("child-get")]:
        yield "not in the dump"
    lab.nl.do("child-del", [("child", [("name", "n" * 31)])])


def wait_events(nl, wanted, timeout=3):
    events = []
    while len(events) < wanted:
        e = nl.event(timeout * SLOW)
        if not e:
            break
        events.append(e)
    return events


@group("expiry by time: soft, hard, takeover by standby, keys gone")
def expiry(lab):
    nl = Genl(events=True)
    child = lab.child("timed")
    lab.nl.do("sa-install", [
        sa(1, 0x8000, child), ("switch", 1),
        sa(2, 0x8001, child, ("soft-time-ms", 100 * SLOW),
           ("hard-time-ms", 300 * SLOW))])
    lab.nl.do("sa-install", [sa(2, 0x8002, child), ("switch", 2)])
    events = wait_events(nl, 4, 2)
    want = [("switch-ntf", 0x8001, 1), ("expire-ntf", 0x8001, 1),
            ("expire-ntf", 0x8001, 1), ("switch-ntf", 0x8002, 6)]
    got = [(c, e["sa"]["spi"], e["event"]["cause"]) for c, e in events]
    if got != want:
        yield f"events {got}"
    levels = [e["event"]["level"] for c, e in events if c == "expire-ntf"]
    seqs = [e["event"]["seq"] for _, e in events]
    if levels != [1, 2] or seqs != list(range(seqs[0], seqs[0] + len(seqs))):
        yield f"levels {levels}, numbers {seqs}"
    old = lab.nl.do("sa-get", [("sa", [("dir", 2), ("spi", 0x8001),
                                       ("child-id", child)])])["sa"]
    if (old["state"], old["soft-cause"], old["hard-cause"]) != (5, 1, 1):
        yield f"dump says {old}"
    if not 300 * SLOW - 50 <= old["age-ms"] - old["hard-age-ms"] <= 400 * SLOW:
        yield f"expired at {old['age-ms'] - old['hard-age-ms']} ms"
    yield from refused(lab, "expired", "sa-activate",
                       [("sa", [("dir", 2), ("spi", 0x8001),
                                ("child-id", child)])], errno.EKEYEXPIRED)
    lab.nl.do("child-del", [("child", [("id", child)])])
    if nl.event(0.3):
        yield "an event too many"


@group("standby: deadline, request, never back to an older SA by time")
def standby(lab):
    nl = Genl(events=True)
    child = lab.child("standby")
    lab.nl.do("sa-install", [sa(1, 0x8100, child), ("switch", 2),
                             ("deadline-ms", 100 * SLOW),
                             sa(2, 0x8101, child)])
    lab.nl.do("sa-install", [("switch", 2), ("deadline-ms", 400 * SLOW),
                             sa(2, 0x8102, child)])
    lab.nl.do("sa-install", [("switch", 1), sa(2, 0x8103, child)])
    got = [(e["sa"]["spi"], e["event"]["cause"], e["event"].get("old-spi"))
           for _, e in wait_events(nl, 2, 1)]
    # 0x8101 was older than 0x8103 when its deadline came
    if got != [(0x8103, 1, None)]:
        yield f"events {got}"
    lab.nl.do("sa-activate", [("sa", [("dir", 2), ("spi", 0x8102),
                                      ("child-id", child)])])
    got = [(e["sa"]["spi"], e["event"]["cause"], e["event"].get("old-spi"))
           for _, e in wait_events(nl, 1, 1)]
    if got != [(0x8102, 4, 0x8103)]:
        yield f"events {got}"
    states = {s["sa"]["spi"]: s["sa"]["state"] for s in lab.nl.dump("sa-get")
              if s["sa"].get("child-id") == child}
    if states != {0x8100: 3, 0x8101: 2, 0x8102: 3, 0x8103: 4}:
        yield f"states {states}"
    lab.nl.do("child-del", [("child", [("id", child)])])


@group("dumps while objects come and go")
def dumps(lab):
    before = lab.state()[0:2]
    pid = os.fork()
    if not pid:
        nl = Genl()
        try:
            for i in range(150 // SLOW):
                name = f"churn{i % 7}"
                c = nl.do("child-new", lab.child_request(name))["child"]["id"]
                nl.do("sa-install", [sa(1, 0x9000 + i, c), ("switch", 1),
                                     sa(2, 0x9000 + i, c)])
                nl.do("child-del", [("child", [("id", c)])])
        except (Refused, OSError):
            os._exit(1)
        os._exit(0)
    rounds = interrupted = 0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        rounds += 1
        for cmd, what in (("child-get", "child"), ("sa-get", "sa")):
            objects = [o[what] for o in lab.nl.dump(cmd)]
            interrupted += lab.nl.interrupted
            if what == "child" and lab.id not in [c["id"] for c in objects]:
                yield "a child that always was there is missing"
    print(f"#   {rounds} dumps, {interrupted} interrupted")
    if lab.state()[0:2] != before:
        yield f"{before} became {lab.state()[0:2]}"


@group("many policies: added, dumped in order while changing, flushed")
def many_policies(lab):
    n = 100000 if os.environ.get("FULL") == "1" else 2000 // SLOW
    t = time.monotonic()
    for i in range(n):
        low = struct.pack(">I", 0x0a000000 + i * 4)
        lab.nl.do("policy-new", [("policy", [
            ("action", 2), ("priority", 1 + i * 7919 % n),
            ("ts-remote", ts(low, low))])])
    added = time.monotonic() - t
    t = time.monotonic()
    got = [p["policy"]["priority"] for p in lab.nl.dump("policy-get")]
    dumped = time.monotonic() - t
    if got != sorted(got) or len(got) != n or lab.nl.interrupted:
        yield f"{len(got)} in the dump, in order: {got == sorted(got)}"
    # SAs that come and go do not make a dump of policies inconsistent
    pid = os.fork()
    if not pid:
        nl = Genl()
        for i in range(200):
            nl.do("sa-install", [sa(1, 0xa000 + i, lab.id)])
            nl.do("sa-del", [("sa", [("dir", 1), ("spi", 0xa000 + i)])])
        os._exit(0)
    rounds = interrupted = 0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        rounds += 1
        interrupted += len(lab.nl.dump("policy-get")) != n or \
            lab.nl.interrupted
    if interrupted:
        yield f"{interrupted} of {rounds} dumps were disturbed by SAs"
    t = time.monotonic()
    lab.nl.do("policy-flush")
    flushed = time.monotonic() - t
    print(f"#   {n}: added {added:.1f} s, dumped {dumped:.1f} s, "
          f"flushed {flushed:.2f} s")
    if flushed > 2 * SLOW:
        yield f"flush took {flushed:.1f} s"


@group("thousands of SAs are installed, dumped and flushed in bounded time")
def many(lab):
    child = lab.child("many")
    n = 1000 // SLOW
    for i in range(n):
        lab.nl.do("sa-install", [sa(1, 0x10000 + i, child), ("switch", 1),
                                 sa(2, 0x10000 + i, child)])
    got = lab.nl.dump("sa-get")
    if len(got) != 2 * n + 2 or lab.nl.interrupted:
        yield f"{len(got)} in the dump"
    t = time.monotonic()
    lab.nl.do("flush")
    if time.monotonic() - t > 2 * SLOW:
        yield f"flush took {time.monotonic() - t:.1f} s"
    if lab.state()[0:2] != (0, 0):
        yield f"left: {lab.state()}"
    lab.id = lab.child("base")
    lab.nl.do("sa-install", [sa(1, 0x1000, lab.id), sa(2, 0x2000, lab.id),
                             ("switch", 1)])


def main():
    lab = Lab()
    chosen = sys.argv[1:]
    for run in GROUPS:
        if not chosen or run.__name__ in chosen:
            run(lab)
    subprocess.run("ip link del vt0", shell=True, check=True)
    print(f"# {len(GROUPS) - FAILED} of {len(GROUPS)} groups passed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
