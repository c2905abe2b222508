#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py [-s SAMPLES] [-f KEY=VALUE]... KERNEL [RESULTS]: samples of a
bench guest to tables and to records in the file RESULTS; without samples the
tables of what RESULTS has of that kernel. -f: a fact about the machine, one more
member of each record.

A sample is a line "path suite workload unit round value". Noise only ever costs
instructions, so the best round of a cell is its value. Records of the same
kernel, path, suite and workload are replaced, others stay.

Exit 1 if vtun is slower than XFRM with the same suite and door, or if one of
the two does not repeat within 3 %."""
import argparse
import datetime
import json
import os
import sys

import cells

KEY = ("kernel", "path", "suite", "workload")
NAMES = {"none": "no tunnel", "xfrm": "XFRM if", "xfrm-policy": "XFRM pol",
         "xfrm-udp": "XFRM UDP", "xfrm-offload": "XFRM gro",
         "wireguard": "WireGuard",
         "vtun": "by device", "vtun-policy": "by policy",
         "vtun-udp": "ESP in UDP"}
ORDER = ("encap-64", "encap-576", "encap-1400", "encap-tcpgso", "encap-udpgso",
         "decap-64", "decap-576", "decap-1400", "decap-tcpgso", "decap-udpgso",
         "tcp1")
ROWS = {"tcpgso": "64 kB of TCP", "udpgso": "64 kB of UDP"}


class Cell:
    def __init__(self, unit):
        self.unit, self.values = unit, []

    def best(self):
        return (max if self.unit == "Mbit/s" else min)(self.values)

    def spread(self):
        least = min(self.values)
        return (max(self.values) / least - 1) * 100 if least > 0 else 0


def read_samples(name):
    table = {}
    with open(name, encoding="ascii") as f:
        for line in f:
            path, suite, workload, unit, _, value = line.split()
            cell = table.setdefault((path, suite, workload), Cell(unit))
            cell.values.append(float(value))
    return table


def from_records(records, kernel):
    table = {}
    for r in records:
        if r["kernel"] == kernel:
            cell = Cell(r["unit"])
            cell.values.append(r["value"])
            table[r["path"], r["suite"], r["workload"]] = cell
    return table


def show(value, form="9,.0f", width=9):
    return format(value, form) if value is not None else f"{'-':>{width}}"


def row_name(workload):
    if workload == "tcp1":
        return "one TCP stream"
    direction, size = workload.split("-")
    return f"{direction} {ROWS.get(size, size + ' octets')}"


def door(costs, suite, path):
    """the table of one suite and door"""
    # WireGuard has one suite, it stands beside the others for the reader
    rivals = [("none", "none"), ("floor", suite), ("xfrm", suite),
              ("xfrm-policy", suite)]
    if path == "vtun-udp":
        rivals.append(("xfrm-udp", suite))
    rivals.append(("wireguard", cells.CHACHA))
    rows = [w for w in ORDER if (path, suite, w) in costs]
    if not rows:
        return
    rivals = [r for r in rivals if r[0] == "floor" or
              any((*r, w) in costs for w in rows)]
    print(f"\n{suite}, vtun {NAMES[path]}")
    print(f"  {'':<20}" + "".join(
        f"{NAMES.get(r, r):>10}" for r, _ in rivals) +
          f"{'vtun':>10}{'ratio':>7}{'closed':>8}")
    for w in rows:
        line = f"  {row_name(w):<20}"
        for r, s in rivals:
            cost = cells.floor_of(costs, s, w) if r == "floor" else \
                costs.get((r, s, w))
            line += " " + show(8000 / cost if cost and w == "tcp1" else cost)
        own = costs[path, suite, w]
        ratio, closed = cells.score(costs, path, suite, w)
        line += " " + show(8000 / own if w == "tcp1" else own)
        line += show(ratio, "7.2f", 7) + show(closed, "8.0%", 8)
        print(line + (" Mbit/s" if w == "tcp1" else ""))


def many(costs):
    """the table of what grows with a number"""
    kinds = sorted({(w.rsplit("-", 1)[0], p) for p, _, w in costs
                    if w.rsplit("-", 1)[-1].isdigit() and w.count("-") > 1 and
                    not w.startswith("atomics")})
    steps = sorted({n for k, p in kinds for n, _ in
                    cells.numbers(costs, p, k)})
    if not kinds:
        return
    print("\namong many (children of a device, policies that exclude each "
          "other or\noverlap, flows through one SA; memory in octets)")
    print(f"  {'':<22}{'':<12}" + "".join(f"{n:>10,}" for n in steps))
    for kind, path in kinds:
        values = dict(cells.numbers(costs, path, kind))
        print(f"  {kind:<22}{path:<12}" +
              "".join(" " + show(values.get(n)) for n in steps))


def rest(table, known):
    """what no table above has shown"""
    left = [k for k in sorted(table) if k[2] not in known and
            not k[2].rsplit("-", 1)[-1].isdigit()]
    if left:
        print()
    for key in left:
        path, suite, workload = key
        print(f"  {path:<12} {suite:<17} {workload:<22}"
              f"{table[key].best():>12,.2f} {table[key].unit}")


def goals(costs, kernel):
    lines = []
    for name, what, unit, must, aim, measure in cells.goals(kernel):
        value = measure(costs)
        if value is None:
            continue
        what = what(costs) if callable(what) else what
        lines.append(f"  {name:<4}{what:<40}"
                     f"{must:>8g}{aim:>8g}{value:>9.2f} {unit:<18}"
                     f"{cells.verdict(value, must, aim, unit)}")
    if lines:
        print(f"\n  {'':<44}{'must':>8}{'aim':>8}{'measured':>9} {'':<18}"
              "reached")
        print("\n".join(lines))


def tables(table, kernel):
    costs = {k: cells.cost_of(c.best(), c.unit) for k, c in table.items()}
    print(f"\nLinux {kernel}: instructions per packet, of super-packets per "
          "segment; less is better.\nA stream in Mbit/s at one instruction per "
          "nanosecond, both ends on one CPU.\n"
          "ratio = XFRM / vtun by the same door; closed = (XFRM - vtun) / "
          "(XFRM - floor),\nwhere floor = no tunnel + the cipher alone.")
    for suite in cells.GCM, cells.CHACHA, "null":
        for path in cells.DOORS:
            door(costs, suite, path)
    many(costs)
    rest(table, ORDER)
    goals(costs, kernel)
    print()


def complaints(table):
    costs = {k: cells.cost_of(c.best(), c.unit) for k, c in table.items()}
    for key, cell in table.items():
        path, suite, workload = key
        ratio, _ = cells.score(costs, *key)
        if ratio and ratio < 1 and cell.unit in ("Mbit/s", "insn/packet"):
            yield f"{path} {suite} {workload} is slower than " \
                  f"{cells.DOORS[path]}: {ratio:.2f}"
        # what a scheduler does in between is not ours to repeat
        if cell.spread() > 3 and path != "wireguard":
            yield f"{path} {suite} {workload}: repetitions differ by " \
                  f"{cell.spread():.1f} %"


def read_records(name):
    if not name or not os.path.exists(name):
        return []
    with open(name, encoding="utf-8") as f:
        return json.load(f)


def merge(name, records):
    new = {tuple(r[k] for k in KEY) for r in records}
    records = [r for r in read_records(name)
               if tuple(r[k] for k in KEY) not in new] + records
    records.sort(key=lambda r: [r[k] for k in KEY])
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]\n")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("-s", dest="samples")
    args.add_argument("-f", dest="facts", action="append", default=[])
    args.add_argument("kernel")
    args.add_argument("results", nargs="?", default="")
    args = args.parse_args()
    if not args.samples:
        tables(from_records(read_records(args.results), args.kernel),
               args.kernel)
        return 0
    table = read_samples(args.samples)
    tables(table, args.kernel)
    if args.results:
        facts = dict(f.split("=", 1) for f in args.facts)
        facts["date"] = datetime.date.today().isoformat()
        merge(args.results, [
            {"kernel": args.kernel, "path": path, "suite": suite,
             "workload": workload, "unit": cell.unit,
             "value": round(cell.best(), 1), **facts}
            for (path, suite, workload), cell in table.items()])
        print(f"records are in {args.results}")
    bad = list(complaints(table))
    for line in bad:
        print("bench:", line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
