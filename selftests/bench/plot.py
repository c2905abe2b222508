#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""plot.py RESULTS PICTURE: records of make bench as an SVG: a column per
kernel, a block per suite and door, a group of bars per workload. The longest bar
of a group is as long as any other's; a line marks the floor, which no tunnel
with that suite can pass. Readers with a dark background get a dark picture."""
import json
import sys

import cells

# path: name, colour on light, colour on dark
PATHS = {"xfrm": ("XFRM, interface", "#8a9199", "#7b848d"),
         "xfrm-policy": ("XFRM, policy", "#b3b9bf", "#a5adb5"),
         "xfrm-udp": ("XFRM, ESP in UDP", "#646c75", "#5a626b"),
         "wireguard": ("WireGuard", "#c2622d", "#d9773f"),
         "vtun": ("vtun, device", "#1769b0", "#3d8fd9"),
         "vtun-policy": ("vtun, policy", "#4d9bdd", "#79b8ee"),
         "vtun-udp": ("vtun, ESP in UDP", "#0b8a7d", "#25b3a4")}
SUITES = {cells.GCM: "AES-256-GCM", cells.CHACHA: "ChaCha20-Poly1305"}
WORKLOADS = {"encap-64": "encapsulate 64 octets",
             "encap-1400": "encapsulate 1400 octets",
             "encap-tcpgso": "encapsulate 64 kB of TCP",
             "decap-64": "decapsulate 64 octets",
             "decap-1400": "decapsulate 1400 octets",
             "decap-tcpgso": "decapsulate 64 kB of TCP",
             "tcp1": "one TCP stream, Mbit/s"}
MARGIN, BARS, VALUES, BAR, GAP = 20, 250, 100, 12, 22
COLUMN = BARS + VALUES


def costs_of(records):
    """kernel -> (path, suite, workload) -> cost"""
    costs = {}
    for r in records:
        key = (r["path"], r["suite"], r["workload"])
        costs.setdefault(r["kernel"], {})[key] = \
            cells.cost_of(r["value"], r["unit"])
    return costs


def version(kernel):
    return [int(p) for p in
            kernel.split("-")[0].split("+")[0].split(".") if p.isdigit()]


def text(x, y, what, size=12, style=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}"'
            f'{" class=" + chr(34) + style + chr(34) if style else ""}>'
            f'{what}</text>')


def number(cost, workload):
    return f"{8000 / cost:,.0f}" if workload == "tcp1" else f"{cost:,.0f}"


def group(out, x, y, cost, suite, workload):
    """draws the bars of one workload; returns where the next one begins"""
    bars = [(p, cost[p, suite, workload]) for p in PATHS
            if (p, suite, workload) in cost]
    if not any(p in cells.DOORS for p, _ in bars):
        return y
    longest = max(c for _, c in bars)
    out.append(text(x, y + 11, WORKLOADS[workload], 12))
    y += 16
    top = y
    for path, value in bars:
        length = value / longest * BARS
        out.append(f'<rect x="{x}" y="{y}" width="{length:.1f}" '
                   f'height="{BAR}" class="{path}"/>')
        label = number(value, workload)
        ratio, _ = cells.score(cost, path, suite, workload)
        if ratio:
            label += f' <tspan class="ratio">{ratio:.2f} ×</tspan>'
        out.append(text(x + length + 5, y + BAR - 2, label, 11))
        y += BAR + 2
    floor = cells.floor_of(cost, suite, workload)
    if floor:
        at = x + floor / longest * BARS
        for mark in "halo", "floor":
            out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 2}" '
                       f'y2="{y}" class="{mark}"/>')
    return y + GAP - 14


def legend(out, y, width, used):
    x = MARGIN
    for path in used:
        name = PATHS[path][0]
        if x + 30 + 7 * len(name) > width:
            x, y = MARGIN, y + 20
        out.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" '
                   f'class="{path}"/>')
        out.append(text(x + 17, y, name))
        x += 40 + 7 * len(name)
    if x + 290 > width:
        x, y = MARGIN, y + 20
    out.append(f'<line x1="{x + 6}" x2="{x + 6}" y1="{y - 12}" y2="{y + 4}" '
               'class="floor"/>')
    out.append(text(x + 17, y, "floor: no tunnel + the cipher alone"))
    return y + 20


def style():
    def rules(column):
        return "".join(f".{p}{{fill:{v[column]}}}" for p, v in PATHS.items())
    return ("<style>text{font-family:sans-serif;fill:#1c2126}"
            ".back{fill:#fff}.halo{stroke:#fff;stroke-width:4;opacity:.5}"
            ".floor{stroke:#1c2126;stroke-width:1.5;"
            "stroke-dasharray:4 2}.ratio{font-weight:bold}"
            ".dim{fill:#5b646d}" + rules(1) +
            "@media(prefers-color-scheme:dark){text{fill:#e4e8ec}"
            ".back{fill:#14181c}.halo{stroke:#14181c}.floor{stroke:#f0f3f6}.dim{fill:#a7b0b9}" +
            rules(2) + "}</style>")


def main():
    results, picture = sys.argv[1:]
    with open(results, encoding="utf-8") as f:
        records = json.load(f)
    costs = costs_of(records)
    kernels = [k for k in sorted(costs, key=version)
               if any(p in cells.DOORS and w in WORKLOADS
                      for p, _, w in costs[k])]
    used = [p for p in PATHS if any((p, s, w) in costs[k] for k in kernels
                                    for s in SUITES for w in WORKLOADS)]
    width = max(2 * MARGIN + len(kernels) * (COLUMN + 30) - 30, 560)
    out = [text(MARGIN, 32, "Instructions per packet", 18),
           text(MARGIN, 52, "or segment; shorter is better. Bold: XFRM divided "
                "by vtun, by the same door.", 12, "dim")]
    top = legend(out, 80, width - MARGIN, used)
    bottom = top
    for i, kernel in enumerate(kernels):
        x, y = MARGIN + i * (COLUMN + 30), top + 20
        out.append(text(x, y, "Linux " + ".".join(
            str(n) for n in version(kernel)[:2]), 16))
        commits = sorted({r["vtun"] for r in records if r["kernel"] == kernel
                          and "vtun" in r and r["path"] in cells.DOORS})
        out.append(text(x, y + 16, kernel + (
            ", vtun " + ", ".join(commits) if commits else ""), 10, "dim"))
        y += 44
        for suite, name in SUITES.items():
            out.append(text(x, y, name, 14))
            y += 12
            for workload in WORKLOADS:
                y = group(out, x, y, costs[kernel], suite, workload)
            y += 24
        bottom = max(bottom, y)
    with open(picture, "w", encoding="utf-8") as f:
        f.write('<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n'
                '<svg xmlns="http://www.w3.org/2000/svg" '
                f'width="{width}" height="{bottom}" '
                f'viewBox="0 0 {width} {bottom}">\n{style()}\n'
                '<rect width="100%" height="100%" class="back"/>\n'
                + "\n".join(out) + "\n</svg>\n")


if __name__ == "__main__":
    main()
