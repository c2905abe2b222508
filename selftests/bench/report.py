#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py SAMPLES KERNEL [RESULTS]: samples of a bench guest to a table, and
to records in the file RESULTS.

A sample is a line "path suite workload unit round value". Noise only ever costs
instructions, so the best round of a cell is its value. Records of the same
kernel, clock, path, suite and workload are replaced, others stay.

ratio	XFRM / vtun, by the same door
closed	(XFRM - vtun) / (XFRM - floor): how much of what a tunnel can win was
	won; floor is the same traffic without a tunnel plus the cipher alone

Exit 1 if vtun is slower than XFRM with the same suite and door, or if one of
the two does not repeat within 3 %."""
import datetime
import json
import os
import sys

KEY = ("kernel", "clock", "path", "suite", "workload")
RIVAL = {"vtun": "xfrm", "vtun-policy": "xfrm-policy", "vtun-udp": "xfrm-udp"}
# octets of payload of a full segment, by the MTU that guest.sh sets
MSS = 1348


class Cell:
    def __init__(self, unit):
        self.unit, self.values = unit, []

    def best(self):
        return (max if self.unit == "Mbit/s" else min)(self.values)

    def spread(self):
        return (max(self.values) / min(self.values) - 1) * 100

    def cost(self):
        """in instructions, per octet or packet"""
        return 8000 / self.best() if self.unit == "Mbit/s" else self.best()


def read_samples(name):
    cells = {}
    with open(name, encoding="ascii") as f:
        for line in f:
            path, suite, workload, unit, _, value = line.split()
            cell = cells.setdefault((path, suite, workload), Cell(unit))
            cell.values.append(float(value))
    return cells


def floor_of(cells, suite, workload):
    """what no tunnel with this suite can be cheaper than, None = unknown"""
    none = cells.get(("none", "none", workload))
    if workload == "tcp1":
        cipher = cells.get(("floor", suite, "encap-1400"))
        share = 2 / MSS
    else:
        cipher = cells.get(("floor", suite, workload))
        share = 1
    if not none or not (cipher or suite == "null"):
        return None
    return none.cost() + (cipher.cost() * share if cipher else 0)


def score(cells, path, suite, workload):
    """ratio and closed, None = there is nothing to compare with"""
    cell = cells.get((path, suite, workload))
    rival = cells.get((RIVAL.get(path), suite, workload))
    if not cell or not rival:
        return None, None
    floor = floor_of(cells, suite, workload)
    closed = None
    if floor and rival.cost() > floor:
        closed = (rival.cost() - cell.cost()) / (rival.cost() - floor)
    return rival.cost() / cell.cost(), closed


def show(value, form):
    return format(value, form) if value is not None else "-"


def table(cells):
    print(f"\n{'path':<12} {'suite':<17} {'workload':<14} {'value':>8} "
          f"{'unit':<11} {'floor':>7} {'spread':>7} {'ratio':>6} {'closed':>7}")
    order = sorted(cells, key=lambda k: (k[1], k[2].split("-")[0], k[2], k[0]))
    for key in order:
        path, suite, workload = key
        cell = cells[key]
        floor = None if path in ("none", "floor") else \
            floor_of(cells, suite, workload)
        if floor and cell.unit == "Mbit/s":
            floor = 8000 / floor
        ratio, closed = score(cells, *key)
        print(f"{path:<12} {suite:<17} {workload:<14} {cell.best():>8.0f} "
              f"{cell.unit:<11} {show(floor, '7.0f'):>7} "
              f"{cell.spread():>6.1f}% {show(ratio, '.2f'):>6} "
              f"{show(closed, '.0%'):>7}")
    print("GSO per segment; Mbit/s at one instruction per nanosecond, both "
          "ends on one CPU\n")


def complaints(cells):
    for key, cell in cells.items():
        path, suite, workload = key
        ratio, _ = score(cells, *key)
        if ratio and ratio < 1:
            yield f"{path} {suite} {workload} is slower than " \
                  f"{RIVAL[path]}: {ratio:.2f}"
        # what a scheduler does in between is not ours to repeat
        if cell.spread() > 3 and path != "wireguard":
            yield f"{path} {suite} {workload}: repetitions differ by " \
                  f"{cell.spread():.1f} %"


def merge(name, records):
    old = []
    if os.path.exists(name):
        with open(name, encoding="utf-8") as f:
            old = json.load(f)
    new = {tuple(r[k] for k in KEY) for r in records}
    records = [r for r in old if tuple(r[k] for k in KEY) not in new] + records
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]\n")


def main():
    samples, kernel = sys.argv[1:3]
    results = sys.argv[3] if len(sys.argv) > 3 else ""
    cells = read_samples(samples)
    table(cells)
    if results:
        today = datetime.date.today().isoformat()
        merge(results, [{"kernel": kernel, "clock": "icount", "path": path,
                         "suite": suite, "workload": workload,
                         "unit": cell.unit, "value": round(cell.best(), 1),
                         "date": today}
                        for (path, suite, workload), cell in cells.items()])
        print(f"records are in {results}")
    bad = list(complaints(cells))
    for line in bad:
        print("bench:", line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
