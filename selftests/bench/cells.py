# SPDX-License-Identifier: GPL-2.0-or-later
"""What report.py and plot.py know of cells: (path, suite, workload) -> cost.

A cost is in instructions per packet or segment, for a TCP stream in
instructions per octet. What has another unit is its own cost."""

DOORS = {"vtun": "xfrm", "vtun-policy": "xfrm-policy", "vtun-udp": "xfrm-udp"}
GCM, CHACHA = "aes256gcm16", "chacha20poly1305"
# octets of payload of a full segment, by the MTU that guest.sh sets
MSS = 1348


def cost_of(value, unit):
    return 8000 / value if unit == "Mbit/s" else value


def floor_of(cost, suite, workload):
    """what no tunnel with this suite can be cheaper than, None = unknown: the
    same traffic without a tunnel, and the cipher alone"""
    none = cost.get(("none", "none", workload))
    stream = workload == "tcp1"
    cipher = cost.get(("floor", suite, "encap-1400" if stream else workload))
    if suite == "null":
        cipher = 0
    if none is None or cipher is None:
        return None
    return none + cipher * (2 / MSS if stream else 1)


def score(cost, path, suite, workload):
    """ratio and closed, None = there is nothing to compare with"""
    own = cost.get((path, suite, workload))
    rival = cost.get((DOORS.get(path), suite, workload))
    if own is None or rival is None:
        return None, None
    floor = floor_of(cost, suite, workload)
    closed = None
    if floor is not None and rival > floor:
        closed = (rival - own) / (rival - floor)
    return rival / own, closed


def _share(name, path, suite, workload, must, aim):
    """of the instructions of XFRM, by the same door"""
    def measure(cost):
        ratio, _ = score(cost, path, suite, workload)
        return None if ratio is None else 1 / ratio
    return name, f"{path} {workload}", "of XFRM", must, aim, measure


def _stream(name, path, suite, rivals, must, aim):
    def measure(cost):
        own = cost.get((path, suite, "tcp1"))
        ratios = [cost[r, suite, "tcp1"] / own for r in rivals
                  if own and (r, suite, "tcp1") in cost]
        return min(ratios) if len(ratios) == len(rivals) else None
    return (name, f"{path} tcp1 {suite}", "x " + "/".join(rivals), must, aim,
            measure)


def numbers(cost, path, prefix):
    """[(n, cost)] of the workloads PREFIX-N, in order"""
    return sorted((int(w.rsplit("-", 1)[1]), c) for (p, _, w), c in
                  cost.items() if p == path and
                  w.rsplit("-", 1)[0] == prefix and
                  w.rsplit("-", 1)[1].isdigit())


def _slope(name, path, prefix, must, aim):
    def measure(cost):
        many = numbers(cost, path, prefix)
        return many[-1][1] - many[0][1] if len(many) > 1 else None

    def what(cost):
        many = numbers(cost, path, prefix)
        return f"{path} {prefix}, 1 to {many[-1][0]:,}"
    return name, what, "more insn", must, aim, measure


def _value(name, path, prefix, unit, must, aim):
    def measure(cost):
        many = [c for (p, _, w), c in sorted(cost.items())
                if p == path and w.startswith(prefix)]
        return max(many) if many else None
    return name, f"{path} {prefix}", unit, must, aim, measure


def _atomics(workload, must, aim):
    """beyond those of the same traffic without a tunnel: who sends holds its
    route, whatever becomes of the packet"""
    def measure(cost):
        own = cost.get(("vtun", GCM, f"atomics-{workload}"))
        none = cost.get(("none", "none", f"atomics-{workload}"))
        return None if own is None or none is None else own - none
    return ("P11", f"vtun atomics-{workload}", "beyond no tunnel", must, aim,
            measure)


def _dent(direction):
    def measure(cost):
        quiet = cost.get(("vtun", GCM, f"{direction}-1400-quiet"))
        rekey = cost.get(("vtun", GCM, f"{direction}-1400-rekeyed"))
        return (rekey / quiet - 1) * 100 if quiet and rekey else None
    return ("P12", f"{direction}, a rekey every 64 packets", "% more", 5, 1,
            measure)


def _encapsulated(direction):
    """the dearest of ESP in UDP against raw ESP"""
    def measure(cost):
        worst = [cost["vtun-udp", GCM, w] / c for (p, s, w), c in cost.items()
                 if p == "vtun" and s == GCM and w.startswith(direction) and
                 ("vtun-udp", GCM, w) in cost]
        return max(worst) if worst else None
    return ("P13", f"ESP in UDP, {direction}", "of raw ESP", 1.08, 1.0,
            measure)


def goals(kernel):
    """[(name, what, unit, must, aim, measure(cost))]; what may be a function
    of cost, too. Kernels older than 7 have the smaller ones."""
    old = int(kernel.split(".")[0]) < 7
    more = 0.1 if old else 0
    out = [_stream("P1", "vtun", GCM, ["xfrm"], 1.35 if old else 1.45, 1.8),
           _stream("P1", "vtun-policy", GCM, ["xfrm-policy"],
                   1.35 if old else 1.45, 1.8),
           _stream("P1c", "vtun", CHACHA, ["xfrm", "wireguard"], 1.25, 1.45)]
    for path in "vtun", "vtun-policy":
        for name, workload, must, aim in (
                ("P2", "encap-1400", .65, .55), ("P3", "encap-64", .55, .42),
                ("P4", "encap-tcpgso", .65, .55),
                ("P5", "decap-1400", .80, .65), ("P5", "decap-64", .70, .50)):
            out.append(_share(name, path, GCM, workload, must + more, aim))
    out += [_slope("P7", "vtun-policy", "encap-64-policies", 300, 100),
            _slope("P7", "vtun-policy", "encap-64-overlap", 300, 100),
            _slope("P8", "vtun", "encap-64-children", 150, 150),
            _slope("P8", "vtun", "decap-64-children", 150, 150),
            _value("P8", "vtun", "memory-sa", "octets", 1200, 1200),
            _atomics("encap-1400", 2, 1), _atomics("decap-1400", 2, 1),
            _value("P11", "vtun", "atomics-encap-tcpgso", "atomics", 2, 0),
            _value("P12", "vtun", "rekeys-lost", "packets", 0, 0),
            _value("P12", "vtun", "rekeys-twice", "packets", 0, 0),
            _dent("encap"), _dent("decap"),
            _encapsulated("encap"), _encapsulated("decap")]
    return out


def verdict(value, must, aim, unit):
    more_is_better = unit.startswith("x ")
    if more_is_better:
        value, must, aim = -value, -must, -aim
    return "aim" if value <= aim else "must" if value <= must else "MISSED"
