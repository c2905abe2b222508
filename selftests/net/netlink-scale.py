#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of objects, and nobody who needs RTNL waits for them.

netlink-scale.py POLICIES PAIRS FACTOR: adds POLICIES policies and PAIRS pairs
of SAs by vtunctl batch, dumps while they change, deletes and flushes them, and
a device with PAIRS children. One child process changes lo all the time and
remembers how long the longest change took: less than a second times FACTOR.
Another one creates and deletes devices of ours in the same namespace, which
waits for what else the module does there, and holds RTNL meanwhile.
"""
import os
import select
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from genl import NLM_F_DUMP, Genl, nla

POLICIES, PAIRS, FACTOR = (int(a) for a in sys.argv[1:4])
RTM_NEWLINK, RTM_DELLINK, IFLA_IFNAME, IFLA_TXQLEN = 16, 17, 3, 13
IFLA_LINKINFO, IFLA_INFO_KIND = 18, 1
NLM_F_CREATE_EXCL = 0x600
DIR = os.environ.get("TMP", "/tmp")


def ip(n):
    return socket.inet_ntoa(struct.pack(">I", 0x0a000000 + n))


def lo_changes():
    """Requests that change lo, for ever."""
    while True:
        for n in 1000, 1001:
            yield RTM_NEWLINK, 1, 0, nla(IFLA_TXQLEN, struct.pack("I", n))


def devices_come_and_go():
    """Requests that create and delete a device of ours, for ever."""
    name = nla(IFLA_IFNAME, b"probe\0")
    kind = nla(IFLA_LINKINFO, nla(IFLA_INFO_KIND, b"vtun\0"))
    while True:
        yield RTM_NEWLINK, 0, NLM_F_CREATE_EXCL, name + kind
        yield RTM_DELLINK, 0, 0, name


def probe(requests, results, stop):
    """One request after the other; the longest wait in ms."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.bind((0, 0))
    os.set_blocking(stop, False)
    longest, n = 0.0, 0
    for verb, index, flags, attrs in requests:
        n += 1
        body = struct.pack("BxHiII", 0, 0, index, 0, 0) + attrs
        t = time.monotonic()
        sock.send(struct.pack("IHHII", 16 + len(body), verb, 5 | flags, n, 0) +
                  body)
        if struct.unpack_from("i", sock.recv(4096), 16)[0]:
            os._exit(1)
        longest = max(longest, time.monotonic() - t)
        if n == 2:
            os.write(results, b"!")
        try:
            # nothing of it stays behind
            if n % 2 == 0 and os.read(stop, 1) == b"":
                break
        except BlockingIOError:
            time.sleep(0.002)
    os.write(results, b"%d %d" % (longest * 1000, n))
    os._exit(0)


class Probe:
    def __init__(self, requests):
        self.requests = requests

    def __enter__(self):
        self.results, results = os.pipe()
        stop, self.stop = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.stop)
            probe(self.requests(), results, stop)
        os.close(results)
        os.close(stop)
        # what is measured does not begin before this one does
        os.read(self.results, 1)
        return self

    def __exit__(self, *args):
        os.close(self.stop)
        self.longest, self.changes = map(int, os.read(self.results,
                                                      64).split())
        os.close(self.results)
        os.waitpid(self.pid, 0)


def batch(lines):
    path = os.path.join(DIR, "batch")
    with open(path, "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in lines)
    subprocess.run(["vtunctl", "batch", path], check=True)


def raw_dump(nl, cmd):
    """Decoding all of them would take minutes."""
    nl.interrupted = False
    return nl.raw(cmd, b"", NLM_F_DUMP)


def dump(nl):
    """(priority, id) of every policy."""
    # a nest that begins with id, action and priority, eight octets each
    return [(struct.unpack_from("I", r, 24)[0], struct.unpack_from("I", r, 8)[0])
            for r in raw_dump(nl, "policy-get")]


FAILED = 0


def step(name, ok, seconds, note=""):
    global FAILED  # pylint: disable=global-statement
    FAILED += not ok
    print(f"{'ok' if ok else 'not ok'} - {name} ({seconds:.2f} s) {note}",
          flush=True)


def timed(name, work, check=lambda result: True):
    t = time.monotonic()
    with Probe(devices_come_and_go) as devices, Probe(lo_changes) as lo:
        result = work()
    ok = lo.longest < 1000 * FACTOR and check(result)
    step(name, ok, time.monotonic() - t,
         f"lo waited at most {lo.longest} ms for {lo.changes} changes, a "
         f"device {devices.longest} ms for {devices.changes}")
    return result


def dump_while_changing(nl):
    """Every dump is in order and has what was there all the time."""
    pid = os.fork()
    if not pid:
        for i in range(10):
            batch([f"policy add discard local {ip(i)} priority {p} id "
                   f"{10**6 + p}" for p in range(0, POLICIES, 500)])
            batch([f"policy del {10**6 + p}" for p in range(0, POLICIES, 500)])
        os._exit(0)
    rounds = marked = 0
    good = True
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        got = dump(nl)
        order = [p for p, _ in got]
        stable = sum(i < 10**6 for _, i in got)
        good &= order == sorted(order) and stable == POLICIES
        marked += nl.interrupted
        rounds += 1
    print(f"# {rounds} dumps, {marked} marked as inconsistent")
    return good and rounds > 0


def sas_change(key, end):
    """until the pipe is closed at its other end"""
    while not select.select([end], [], [], 0)[0]:
        batch(["child add other local 192.0.2.1 remote 192.0.2.3"] + [
            f"sa install child other in spi {0x1000 + i} suite aes256gcm16 "
            f"key {key} out spi {0x1000 + i} suite aes256gcm16 key {key}"
            for i in range(100)] + ["child del other"])


def dump_sas_while_changing(nl, key):
    """Every dump has what was there all the time, once. A large one may come
    to the others while they are away, so several are taken."""
    end, ours = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ours)
        sas_change(key, end)
        os._exit(0)
    rounds = marked = changing = 0
    good = True
    while rounds < 3 or (not changing and rounds < 30):
        # a nest that begins with direction and SPI, eight octets each
        got = [struct.unpack_from("BxxxxxxxI", r, 8)
               for r in raw_dump(nl, "sa-get")]
        stable = [sa for sa in got if sa[1] >= 0x10000]
        good &= len(stable) == len(set(stable)) == 2 * PAIRS
        changing += len(got) > len(stable)
        marked += nl.interrupted
        rounds += 1
    os.close(ours)
    os.close(end)
    os.waitpid(pid, 0)
    print(f"# {rounds} dumps, {changing} with SAs that change, {marked} marked "
          "as inconsistent")
    return good and changing > 0


def device_with_children():
    """Of a device that is there, and of itself."""
    subprocess.run("ip link add crowd type vtun", shell=True, check=True)
    batch(f"child add crowd{i} dev crowd local 192.0.2.1 remote 192.0.2.2 "
          f"remote-ts {ip(i)}" for i in range(PAIRS))


def main():
    nl = Genl()
    key = os.path.join(DIR, "key")
    with open(key, "w", encoding="ascii") as f:
        f.write("55" * 36)
    subprocess.run("vtunctl child add door local 192.0.2.1 remote 192.0.2.2",
                   shell=True, check=True)
    timed(f"{POLICIES} policies are added", lambda: batch(
        f"policy add protect child door remote {ip(4 * i)} priority "
        f"{i * 7919 % POLICIES} id {i + 1}" for i in range(POLICIES)))
    timed("they are dumped in order, in one piece",
          lambda: [p for p, _ in dump(nl)],
          lambda got: got == sorted(got) and len(got) == POLICIES and
          not nl.interrupted)
    timed("and while they change", lambda: dump_while_changing(nl),
          lambda good: good)
    timed(f"{2 * PAIRS} SAs are installed", lambda: batch(
        f"sa install child door in spi {0x10000 + i} suite aes256gcm16 "
        f"key {key} out spi {0x10000 + i} suite aes256gcm16 key {key}"
        for i in range(PAIRS)))
    timed("they are dumped", lambda: raw_dump(nl, "sa-get"),
          lambda got: len(got) == 2 * PAIRS and not nl.interrupted)
    timed("and while they change", lambda: dump_sas_while_changing(nl, key),
          lambda good: good)
    timed("every second policy is deleted", lambda: batch(
        f"policy del {i + 1}" for i in range(0, POLICIES, 2)))
    timed("SAs are flushed", lambda: nl.do("flush"))
    timed("policies are flushed", lambda: nl.do("policy-flush"))
    timed(f"a device gets {PAIRS} children", device_with_children)
    timed("and is deleted with them", lambda: subprocess.run(
        "ip link del crowd", shell=True, check=True))
    info = nl.do("info-get")["info"]
    step("nothing is left", not info["sas"] and not info["policies"] and
         not info["children"], 0)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
