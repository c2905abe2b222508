#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every request once with each of its allocations failing.

The kernel fails the n-th allocation of one system call (fail-nth) for n = 1, 2,
… until the call needs no more than that. After each the namespace is either
what it was before the request or what the request makes of it, nothing between;
and what was refused can be asked again. One line per request; exit status 1 if
one failed. netlink-faults.sh tells the kernel which allocations may fail.
"""
import copy
import ctypes
import errno
import importlib
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from genl import NLM_F_ACK, NLM_F_DUMP, SPEC, Refused, encode, nla

rules = importlib.import_module("netlink-rules")
V4, ts, sa = rules.V4, rules.ts, rules.sa
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
MOST = 3000				# allocations of one system call
# what may be said when memory runs out; a lost answer is ENOBUFS
HONEST = (errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN)
RTM = {"new": 16, "del": 17, "get": 18, "set": 19}
NLM_F_CREATE, NLM_F_EXCL = 0x400, 0x200
# what packets, time and history change
COUNTERS = ("age-ms", "idle-ms", "remain-ms", "seq", "bytes", "packets",
            "switch", "switches", "drops", "held", "acquire-ms", "mtu",
            "out-packets", "out-bytes", "in-packets", "in-bytes")
FAILED = 0


class Faults:
    """One failing allocation in the system calls between arm and disarm."""

    def __init__(self):
        self.fd = os.open("/proc/thread-self/fail-nth", os.O_RDWR)

    def arm(self, n):
        os.pwrite(self.fd, b"%d" % n, 0)

    def disarm(self):
        """Whether it happened."""
        left = int(os.pread(self.fd, 16, 0).strip() or 0)
        os.pwrite(self.fd, b"0", 0)
        return left == 0


class Rtnl:
    """Requests of rtnetlink, whole messages."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.sock.bind((0, 0))
        self.sock.settimeout(60)
        self.seq = 0

    def message(self, verb, index=0, attrs=b"", flags=NLM_F_ACK):
        self.seq += 1
        body = struct.pack("BxHiII", 0, 0, index, 0, 0) + attrs
        return struct.pack("IHHII", 16 + len(body), RTM[verb], 1 | flags,
                           self.seq, 0) + body

    def answer(self):
        while True:
            buf = self.sock.recv(1 << 20)
            _, kind, _, seq, _ = struct.unpack_from("IHHII", buf)
            if seq != self.seq:
                continue
            if kind == 2:
                code = -struct.unpack_from("i", buf, 16)[0]
                if code:
                    raise Refused(code, "", None, None)
                return b""
            return buf

    def collect(self):
        """All of a dump."""
        while True:
            buf = self.sock.recv(1 << 20)
            while buf:
                length, kind = struct.unpack_from("IH", buf)
                if kind in (2, 3):
                    code = -struct.unpack_from("i", buf, 16)[0]
                    if code:
                        raise Refused(code, "", None, None)
                    return
                buf = buf[length + -length % 4:]


def link_info(*data):
    return nla(18 | 0x8000, nla(1, b"vtun\0") +
               nla(2 | 0x8000, b"".join(nla(k, v) for k, v in data)))


class Lab(rules.Lab):
    def __init__(self):
        super().__init__()
        self.rtnl = Rtnl()
        self.faults = Faults()

    def state(self):
        """All that a request of ours can change: pairs (what, how it is)."""
        out = []
        for what in ("child", "sa", "policy", "socket"):
            for o in self.nl.dump(what + "-get"):
                items = [i for i in o[what].items() if i[0] not in COUNTERS]
                out.append((what, str(sorted(items))))
        for index, name in socket.if_nameindex():
            out.append(("link", name))
            if name.startswith("vt"):
                out.append(("link", self.link(index)))
        return sorted(out, key=str)

    def link(self, index):
        """Name, MTU and our options of a device."""
        self.rtnl.sock.send(self.rtnl.message("get", index, flags=0))
        buf = self.rtnl.answer()[32:]
        out = []
        while len(buf) >= 4:
            length, kind = struct.unpack_from("HH", buf)
            if kind & 0x3fff in (3, 4, 18):
                out.append(buf[4:length])
            buf = buf[length + -length % 4:]
        return out

    # --- one request with a failing allocation; None or the exception

    def genl(self, cmd, attrs, n, flags=NLM_F_ACK):
        nl = self.nl
        if flags & NLM_F_DUMP:
            # one that fails in the middle is never over
            nl = copy.copy(nl)
            nl.open()
        nl.seq += 1
        data = struct.pack("BBH", SPEC.cmds[cmd], 1, 0) + encode("main", attrs)
        message = struct.pack("IHHII", 16 + len(data), nl.family, 1 | flags,
                              nl.seq, 0) + data
        self.faults.arm(n)
        try:
            nl.sock.send(message)
            # a dump goes on where its pieces are received
            if flags & NLM_F_DUMP:
                nl.collect()
                self.hit = self.faults.disarm()
                return None
            self.hit = self.faults.disarm()
            nl.collect()
        except (Refused, OSError) as e:
            self.hit = self.faults.disarm() or self.hit
            return e
        return None

    def link_request(self, n, *args):
        message = self.rtnl.message(*args)
        self.faults.arm(n)
        try:
            self.rtnl.sock.send(message)
            self.hit = self.faults.disarm()
            self.rtnl.answer()
        except (Refused, OSError) as e:
            self.hit = self.faults.disarm() or self.hit
            return e
        return None

    def link_dump(self, n):
        rtnl = Rtnl()
        message = rtnl.message("get", flags=NLM_F_DUMP)
        self.faults.arm(n)
        try:
            rtnl.sock.send(message)
            rtnl.collect()
            self.hit = self.faults.disarm()
        except (Refused, OSError) as e:
            self.hit = self.faults.disarm() or self.hit
            return e
        finally:
            rtnl.sock.close()
        return None

    hit = False


def difference(old, new):
    """Of two states."""
    return ", ".join([f"gone: {i}" for i in old if i not in new] +
                     [f"new: {i}" for i in new if i not in old])


def verdict(name, problems, note, began):
    global FAILED  # pylint: disable=global-statement
    for p in problems[:10]:
        print(f"#   {p}")
    print(f"{'not ok' if problems else 'ok'} - {name}: {note} "
          f"({time.monotonic() - began:.1f} s)", flush=True)
    FAILED += bool(problems)


def walk(lab, name, act, undo=None, honest=HONEST):
    """act(n) with each n; undo() leads back."""
    began = time.monotonic()
    try:
        steps(lab, name, act, undo, honest, began)
    except (Refused, OSError, ValueError) as e:
        verdict(name, [f"{type(e).__name__}: {e}"], "ended", began)


def steps(lab, name, act, undo, honest, began):
    before = lab.state()
    e = act(0)
    if e:
        verdict(name, [f"refused without a fault: {e}"], "", began)
        return
    after = lab.state()
    if undo:
        undo()
        if lab.state() != before:
            verdict(name, ["undoing it leaves " +
                           difference(before, lab.state())], "", began)
            return
    problems, done = [], 0
    for n in range(1, MOST):
        lab.hit = False
        if n % 50 == 0:
            print(f"# {name}: {n}", flush=True)
        e = act(n)
        if not lab.hit:
            if e:
                problems.append(f"{n}: refused without a fault: {e}")
            elif undo:
                undo()
            break
        if e and e.errno not in honest:
            problems.append(f"{n}: {e}")
        if not undo:
            continue
        now = lab.state()
        if now == before and before != after:
            if not e:
                problems.append(f"{n}: accepted, but not done")
        elif now == after:
            done += 1
            undo()
        else:
            problems.append(f"{n}: half done: {difference(before, now)}")
            break
    else:
        problems.append("never passed")
    verdict(name, problems, f"{n - 1} allocations, done without {done}", began)


def genl_walks(lab):
    do = lab.nl.do
    child = lab.child("faulty")
    selectors = [("ts-local", ts(V4["lo"], V4["hi"])),
                 ("ts-remote", ts(V4["rlo"], V4["rhi"]))]

    def one(cmd, request, *undo, flags=NLM_F_ACK):
        walk(lab, cmd + (" (dump)" if flags == NLM_F_DUMP else ""),
             lambda n: lab.genl(cmd, request, n, flags),
             undo and (lambda: [do(*u) for u in undo]))

    def key(direction, spi):
        return [("sa", [("dir", direction), ("spi", spi),
                        ("child-id", child)])]

    pair = [sa(1, 0x8200, child), sa(2, 0x8200, child), ("switch", 1)]
    drop = [("sa-del", key(1, 0x8200)), ("sa-del", key(2, 0x8200))]
    one("sa-install", pair, *drop)
    cbc = [sa(1, 0x8200, child, ("integ", 12), key=bytes(64), encr=12),
           sa(2, 0x8200, child, ("integ", 12), key=bytes(64), encr=12),
           ("switch", 1)]
    one("sa-install", cbc, *drop)
    gcm = [sa(1, 0x8200, child, encr=20), sa(2, 0x8200, child, encr=20),
           ("switch", 1)]
    one("sa-install", gcm, *drop)
    one("spi-alloc", [("sa", [("child-id", child)]), ("spi-min", 0x8300),
                      ("spi-max", 0x8300)], ("sa-del", key(1, 0x8300)))
    do("sa-install", pair)
    no_limits = ("sa-set", [("sa", key(2, 0x8200)[0][1] + [
        ("soft-bytes", 0), ("hard-bytes", 0)])])
    do(*no_limits)
    one("sa-set", [("sa", key(2, 0x8200)[0][1] + [("soft-bytes", 10 ** 9),
                                                  ("hard-bytes", 10 ** 10)])],
        no_limits)
    # both have served: each can be told from one that never did
    do("sa-install", [sa(2, 0x8201, child), ("switch", 1)])
    do("sa-activate", key(2, 0x8200))
    one("sa-activate", key(2, 0x8201), ("sa-activate", key(2, 0x8200)))
    # without a pair
    do("sa-del", key(1, 0x8200))
    do("sa-install", [sa(1, 0x8200, child)])
    one("sa-del", key(1, 0x8200), ("sa-install", [sa(1, 0x8200, child)]))
    one("sa-get", key(2, 0x8200))
    one("sa-get", [], flags=NLM_F_DUMP)

    fresh = [("id", 4711), *selectors, *lab.options()]
    one("child-new", lab.child_request("fresh", *fresh),
        ("child-del", [("child", [("name", "fresh")])]))
    door = [("child", [(k, v) for k, v in lab.child_request(
        "door", *fresh)[0][1] if k != "ifindex"])]
    one("child-new", door, ("child-del", [("child", [("name", "door")])]))
    do("child-new", door)
    was = ("child-set", [("child", [
        ("name", "faulty"), ("mark", 0), ("dscp", 255), ("remote", V4["b"]),
        ("hold-ms", 1000)])])
    do(*was)
    one("child-set", [("child", [("name", "faulty"), ("mark", 1), ("dscp", 7),
                                 ("remote", V4["a"]), ("hold-ms", 77)])], was)
    other = [("ts-local", ts(V4["rlo"], V4["rhi"])),
             ("ts-remote", ts(V4["lo"], V4["hi"]))]
    lab.child("select", ("id", 4712), *selectors)
    one("child-set", [("child", [("name", "select"), *other])],
        ("child-set", [("child", [("name", "select"), *selectors])]))
    one("child-del", [("child", [("name", "select")])],
        ("child-new", lab.child_request("select", ("id", 4712), *selectors)))
    one("child-get", [("child", [("name", "faulty")])])
    one("child-get", [], flags=NLM_F_DUMP)

    policy = [("policy", [("id", 7777), ("action", 1), ("child-id", 4711),
                          ("ts-local", ts(V4["lo"], V4["hi"])),
                          ("ts-remote", ts(V4["rlo"], V4["rhi"]))])]
    # ragged: many cells
    ragged = [("policy", [("id", 7778), ("action", 2), ("ts-local", ts(
        V4["lo"][:3] + b"\x03", V4["hi"][:3] + b"\xfd", ("proto", 6),
        ("port-start", 1), ("port-end", 65534)))])]
    # the first policy of a namespace brings its hooks
    one("policy-new", policy, ("policy-del", [("policy", [("id", 7777)])]))
    do("policy-new", policy)
    one("policy-new", ragged, ("policy-del", [("policy", [("id", 7778)])]))
    one("policy-del", [("policy", [("id", 7777)])], ("policy-new", policy))
    one("policy-get", [("policy", [("id", 7777)])])
    one("policy-get", [], flags=NLM_F_DUMP)
    one("policy-flush", [], ("policy-new", policy))
    do("policy-flush")

    for family, address in ((socket.AF_INET, "127.0.0.1"),
                            (socket.AF_INET6, "::1")):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, 4500))
        where = [("socket", [("local", socket.inet_pton(family, address)),
                             ("port", 4500)])]
        attach = [("socket", [("fd", udp.fileno())])]
        one("socket-attach", attach, ("socket-detach", where))
        do("socket-attach", attach)
        one("socket-detach", where, ("socket-attach", attach))
        one("socket-get", [], flags=NLM_F_DUMP)
        do("socket-detach", where)
        udp.close()
    one("info-get", [])


def flush_walk(lab):
    """FLUSH: all at once, so it is rebuilt by hand."""
    pair = [sa(1, 0x8200, 4711), sa(2, 0x8200, 4711), ("switch", 1)]

    def rebuild():
        lab.child("fresh", ("id", 4711))
        lab.nl.do("sa-install", pair)

    lab.nl.do("flush")
    rebuild()
    walk(lab, "flush", lambda n: lab.genl("flush", [], n), rebuild)


def link_walks(lab):
    name = nla(3, b"vt9\0")
    options = link_info((1, V4["a"]), (2, V4["b"]), (3, struct.pack("I", 7)),
                        (5, b"\x01"), (6, b"\x2e"),
                        (7, struct.pack("H", 1200)), (8, b"\x01"))

    def index():
        return socket.if_nametoindex("vt9")

    def delete():
        lab.rtnl.sock.send(lab.rtnl.message("del", index()))
        lab.rtnl.answer()

    def create(n=0):
        return lab.link_request(n, "new", 0, name + options,
                                NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

    # the driver core finds a device invalid whose name got no memory
    walk(lab, "a new device", create, delete, HONEST + (errno.EINVAL,))
    create()
    walk(lab, "a device is read",
         lambda n: lab.link_request(n, "get", index(), b"", 0))
    walk(lab, "devices are dumped", lab.link_dump)
    walk(lab, "a device is changed",
         lambda n: lab.link_request(n, "new", index(), link_info(
             (3, struct.pack("I", 8)), (1, V4["b"]))),
         lambda: lab.link_request(0, "new", index(), link_info(
             (3, struct.pack("I", 7)), (1, V4["a"]))))
    walk(lab, "a device is deleted",
         lambda n: lab.link_request(n, "del", index()), create)
    delete()


def tail_walk(name, count, act, most):
    """The last @most allocations of a system call in a process of its own."""
    began = time.monotonic()
    problems = []
    total = count()
    for n in range(max(1, total - most), total + 2):
        e = act(n)
        if e and e not in HONEST:
            problems.append(f"{n} of {total}: {os.strerror(e)}")
    verdict(name, problems, f"the last {most} of {total} allocations", began)


def netns_walk(_):
    """A namespace comes into being; ours are the last to be asked."""
    def child(n, out):
        faults = Faults()
        faults.arm(n)
        ret = LIBC.unshare(CLONE_NEWNET)
        code = ctypes.get_errno() if ret else 0
        left = int(os.pread(faults.fd, 16, 0).strip() or 0)
        os.pwrite(faults.fd, b"0", 0)
        os.write(out, struct.pack("II", left, code))
        os._exit(0)

    def run(n):
        read, write = os.pipe()
        if not os.fork():
            child(n, write)
        os.wait()
        left, code = struct.unpack("II", os.read(read, 8))
        os.close(read)
        os.close(write)
        return left, code

    tail_walk("a new namespace", lambda: 10 ** 6 - run(10 ** 6)[0],
              lambda n: run(n)[1], 40)


def main():
    lab = Lab()
    chosen = sys.argv[1:]
    for run in genl_walks, flush_walk, link_walks, netns_walk:
        if not chosen or run.__name__ in chosen:
            run(lab)
    lab.nl.do("flush")
    subprocess.run("ip link del vt0", shell=True, check=True)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
