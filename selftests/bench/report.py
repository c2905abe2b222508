#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py SAMPLES KERNEL RESULTS: samples of a bench guest to a table and
records.

A sample is a line "path suite round mss bit/s"; round 0 was the warm-up. Noise
only ever costs instructions, so the best round of a cell is its value. Records
of the same kernel, clock, path, suite and workload are replaced, others stay.
Exit 1 if vtun is slower than XFRM with the same suite, or if one of the
two does not repeat within 3 %."""
import datetime
import json
import os
import sys

KEY = ("kernel", "clock", "path", "suite", "workload")


def read_samples(name):
    cells = {}
    with open(name, encoding="ascii") as f:
        for line in f:
            path, suite, rnd, mss, rate = line.split()
            if int(rnd):
                cell = cells.setdefault((path, suite), {"mss": int(mss),
                                                        "rates": []})
                cell["rates"].append(float(rate) / 1e6)
    return cells


def table(cells):
    bad = []
    print(f"\n{'path':<10} {'suite':<18} {'MSS':>5} {'Mbit/s':>8} "
          f"{'insn/byte':>9} {'spread':>7} {'vs xfrm':>8}")
    for (path, suite), cell in cells.items():
        best, worst = max(cell["rates"]), min(cell["rates"])
        spread = (best - worst) / best * 100
        xfrm = cells.get(("xfrm", suite))
        ratio = best / max(xfrm["rates"]) if xfrm else None
        print(f"{path:<10} {suite:<18} {cell['mss']:>5} {best:>8.0f} "
              f"{8000 / best:>9.2f} {spread:>6.1f}% "
              f"{f'{ratio:.2f}' if ratio else '-':>8}")
        if path == "vtun" and ratio and ratio < 1:
            bad.append(f"vtun {suite} is slower than xfrm: {ratio:.2f}")
        if spread > 3 and path in ("xfrm", "vtun"):
            bad.append(f"{path} {suite}: rounds differ by {spread:.1f} %")
    print("Mbit/s at one instruction per nanosecond, both ends on one CPU\n")
    return bad


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
    samples, kernel, results = sys.argv[1:]
    cells = read_samples(samples)
    bad = table(cells)
    today = datetime.date.today().isoformat()
    merge(results, [{"kernel": kernel, "clock": "icount", "path": path,
                     "suite": suite, "workload": "tcp1", "unit": "Mbit/s",
                     "value": round(max(cell["rates"]), 1), "date": today}
                    for (path, suite), cell in cells.items()])
    print(f"records are in {results}")
    for line in bad:
        print("bench:", line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
