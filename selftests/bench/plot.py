#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""plot.py RESULTS PICTURE: records of make bench as an SVG, one column per
kernel, one row per suite, one group of bars per workload. Bars are relative to
the XFRM interface, so the shorter the better; a line marks the floor, which no
tunnel with that suite can pass."""
import json
import sys

COLOURS = {"xfrm": "#9aa0a6", "xfrm-policy": "#c3c7cb", "wireguard": "#b6452c",
           "vtun": "#1a6fb5", "vtun-policy": "#6aa9dd", "vtun-udp": "#134b79"}
SUITES = ("aes256gcm16", "chacha20poly1305")
WORKLOADS = ("encap-64", "encap-1400", "encap-tcpgso", "decap-64",
             "decap-1400", "decap-tcpgso", "tcp1")
LABEL, WIDTH, BAR, GAP, TOP = 110, 300, 9, 8, 60
MSS = 1348


def costs_of(records):
    """kernel -> (path, suite, workload) -> instructions"""
    costs = {}
    for r in records:
        if r["clock"] == "icount":
            value = 8000 / r["value"] if r["unit"] == "Mbit/s" else r["value"]
            key = (r["path"], r["suite"], r["workload"])
            costs.setdefault(r["kernel"], {})[key] = value
    return costs


def floor_of(cost, suite, workload):
    none = cost.get(("none", "none", workload))
    stream = workload == "tcp1"
    cipher = cost.get(("floor", suite, "encap-1400" if stream else workload))
    if none is None or cipher is None:
        return None
    return none + cipher * (2 / MSS if stream else 1)


def text(x, y, what, size=11, anchor="start", weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" '
            f'text-anchor="{anchor}" font-weight="{weight}">{what}</text>')


def panel(out, x, y, cost, suite):
    """draws one suite of one kernel, returns the height it took"""
    top = y
    full = WIDTH * 0.62      # length of XFRM's bar
    out.append(text(x + LABEL, y, suite, weight="bold"))
    y += 8
    for workload in WORKLOADS:
        base = cost.get(("xfrm", suite, workload))
        if base is None:
            continue
        first = y
        for path, colour in COLOURS.items():
            value = cost.get((path, suite, workload))
            if value is None:
                continue
            length = min(value / base, 1.55) * full
            out.append(f'<rect x="{x + LABEL}" y="{y}" width="{length:.1f}" '
                       f'height="{BAR}" fill="{colour}"/>')
            label = f"{value:.0f}" if workload != "tcp1" else \
                f"{8000 / value:.0f} Mbit/s"
            if path.startswith("vtun"):
                label += f" ({base / value:.2f}×)"
            out.append(text(x + LABEL + length + 3, y + BAR - 1, label, 9))
            y += BAR + 1
        out.append(text(x + LABEL - 6, (first + y) / 2 + 4, workload,
                        anchor="end"))
        floor = floor_of(cost, suite, workload)
        if floor:
            at = x + LABEL + floor / base * full
            out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{first - 2}" '
                       f'y2="{y + 1}" stroke="#000" stroke-width="1.5" '
                       'stroke-dasharray="3 2"/>')
        y += GAP
    return y - top + 14


def main():
    results, picture = sys.argv[1:]
    with open(results, encoding="utf-8") as f:
        costs = costs_of(json.load(f))
    out, height = [], 0
    for i, kernel in enumerate(sorted(
            costs, key=lambda k: [int(p) for p in k.split("-")[0]
                                  .split("+")[0].split(".")])):
        x, y = 10 + i * (LABEL + WIDTH + 20), TOP
        out.append(text(x + LABEL, y - 8, "Linux " + kernel, 13,
                        weight="bold"))
        y += 12
        for suite in SUITES:
            y += panel(out, x, y, costs[kernel], suite)
        height = max(height, y)
    x = 10
    for path, colour in COLOURS.items():
        out.append(f'<rect x="{x}" y="14" width="12" height="12" '
                   f'fill="{colour}"/>')
        out.append(text(x + 16, 24, path))
        x += 105
    out.append(text(x, 24, "dashed: floor. Instructions per packet or "
                    "segment; shorter is better"))
    width = max(20 + len(costs) * (LABEL + WIDTH + 20), x + 380)
    with open(picture, "w", encoding="utf-8") as f:
        f.write('<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n'
                '<svg xmlns="http://www.w3.org/2000/svg" '
                f'width="{width}" height="{height}" '
                'font-family="sans-serif">\n'
                '<rect width="100%" height="100%" fill="#fff"/>\n'
                + "\n".join(out) + "\n</svg>\n")


if __name__ == "__main__":
    main()
