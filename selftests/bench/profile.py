#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""profile.py [-a] FOLDER [LINES]: where the instructions of each cell went; -a:
only atomics per packet, as samples of report.py.

FOLDER holds counts (count.c), kallsyms and pages as the guest wrote them, and
samples. Prints per cell and direction the functions by instructions per packet,
and their atomic read-modify-writes."""
import bisect
import sys


def read_symbols(name):
    table = []
    with open(name, encoding="ascii") as f:
        for line in f:
            addr, kind, symbol, *module = line.split()
            if kind in "tTwW":
                table.append((int(addr, 16),
                              symbol + (" " + module[0] if module else "")))
    table.sort()
    return [a for a, _ in table], [s for _, s in table]


def read_values(name):
    """(path, suite, workload) -> smallest instructions per packet"""
    best = {}
    with open(name, encoding="ascii") as f:
        for line in f:
            path, suite, workload, _, _, value = line.split()
            key = (path, suite, workload)
            best[key] = min(best.get(key, float("inf")), float(value))
    return best


def main():
    args = sys.argv[1:]
    brief = args[0] == "-a"
    folder = args[brief]
    lines = int(args[1 + brief]) if len(args) > 1 + brief else 60
    addrs, names = read_symbols(folder + "/kallsyms")
    best = read_values(folder + "/samples")
    with open(folder + "/pages", encoding="ascii") as f:
        pages = [line.split() for line in f]
    cells = {}
    with open(folder + "/counts", encoding="ascii") as f:
        for line in f:
            page, phase, addr, insns, atomics = line.split()
            i = bisect.bisect_right(addrs, int(addr, 16)) - 1
            functions = cells.setdefault((int(page), phase), {})
            old = functions.get(names[i], (0, 0))
            functions[names[i]] = (old[0] + int(insns), old[1] + int(atomics))
    for (page, phase), functions in sorted(cells.items()):
        path, suite, name = pages[page]
        direction = "encap" if phase == "floor" else phase
        value = best.get((path, suite, f"{direction}-{name}"))
        if not value:
            continue
        total = sum(i for i, _ in functions.values())
        packets = total / value
        atomics = sum(a for _, a in functions.values()) / packets
        if brief:
            if phase != "floor":
                print(f"{path} {suite} atomics-{phase}-{name} atomics/packet "
                      f"1 {atomics:.2f}")
            continue
        print(f"\n{path} {suite} {phase}-{name}: {value:.0f} instructions and "
              f"{atomics:.1f} atomics per packet")
        for f, (insns, atomics) in sorted(functions.items(),
                                          key=lambda x: -x[1][0])[:lines]:
            print(f"{insns / packets:8.0f} {insns * 100 / total:5.1f} % "
                  f"{atomics / packets:5.2f}  {f}")


if __name__ == "__main__":
    main()
