#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which test proves what, and do the documents say so?

Each test names what it proves in a line "Proves: E-01 E-02 to E-04, B34 ..." of
its first comment. Documentation/requirements-coverage.rst has a row for each
requirement of the dataplane; its last column is made from these lines:
"coverage.py --write" does it, without the option the two are compared, and
every row that is to be there (tier 1) needs a test.

Documentation/bug-coverage.rst names tests by file and the text of a check: these
must exist, no class may be without a test or a reason, and a test that claims to
prove a class must be named there.
KTAP on standard output.
"""
import glob
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
ROWS = "Documentation/requirements-coverage.rst"
BUGS = "Documentation/bug-coverage.rst"
CLASSES = range(32, 73)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def claims():
    """{id: [test, ...]} of every "Proves:" line and those that continue it."""
    found = {}
    for pattern in ("selftests/*/*.sh", "selftests/host/*.c",
                    "selftests/host/netlink-drift", "kmod/selftest/*.c"):
        for path in sorted(glob.glob(os.path.join(TOP, pattern))):
            path = os.path.relpath(path, TOP)
            text = re.search(r"Proves:((?:[^\n]+\n)(?:(?:#|\s\*) +[^\n]+\n)*)",
                             read(path))
            if not text:
                continue
            text = re.sub(r"\n(?:#|\s\*)", " ", text.group(1))
            text = re.split(r"time limit:|shellcheck ", text)[0]
            for kind, first, last in re.findall(
                    r"\b(E-|B)(\d\d)(?: to \1(\d\d))?\b", text):
                for n in range(int(first), int(last or first) + 1):
                    found.setdefault(f"{kind}{n:02}", []).append(path)
    return found


def short(path):
    return re.sub(r"^selftests/|\.(sh|c)$", "", path)


def rows():
    """(id, what, tier, tests) as the table has them."""
    for m in re.finditer(r"^   \* - (E-\d\d)\n     - (.*(?:\n       .*)*)\n"
                         r"     - (.*)\n     -(.*(?:\n       .*)*)\n",
                         read(ROWS), re.M):
        yield m.group(1), m.group(2), m.group(3), m.group(4)


def column(tests):
    """Words into lines of 80 columns."""
    out, line = "", "     -"
    for i, word in enumerate(short(t) for t in tests):
        word += "," if i + 1 < len(tests) else ""
        if len(line) + 1 + len(word) > 80:
            out += line + "\n"
            line = "      "
        line += " " + word
    return out + line + "\n"


def write(found):
    text = read(ROWS)
    for row, what, tier, tests in rows():
        head = f"   * - {row}\n     - {what}\n     - {tier}\n"
        text = text.replace(f"{head}     -{tests}\n",
                            head + column(found.get(row, [])))
    with open(os.path.join(TOP, ROWS), "w", encoding="utf-8") as f:
        f.write(text)


def check_rows(found):
    seen = []
    for row, _, tier, tests in rows():
        seen.append(row)
        if f"     -{tests}\n" != column(found.get(row, [])):
            yield f"{row}: the tests have changed: run coverage.py --write"
        if tier == "1" and not found.get(row):
            yield f"{row}: no test proves it"
    if seen != [f"E-{n:02}" for n in range(1, 56)]:
        yield "rows E-01 to E-55 are not all there, in order"
    for name, tests in found.items():
        if name.startswith("E-") and name not in seen:
            yield f"{name}: no such row; in {tests[0]}"


def check_bugs(found):
    entries = re.split(r"^(B\d\d) – ", read(BUGS), flags=re.M)[1:]
    entries = dict(zip(entries[::2], entries[1::2]))
    if sorted(entries) != [f"B{n}" for n in CLASSES]:
        yield "classes B32 to B72 are not all there, once each"
    for name, text in entries.items():
        text = re.sub(r"\n    +", " ", text)
        named = re.findall(r"^  - ``([^`]+)``(?:: (.*))?$", text, re.M)
        if not named and "\n  *Cannot apply:*" not in text:
            yield f"{name}: neither a test nor a reason"
        files = [path for path, _ in named]
        for path, checks in named:
            if not os.path.exists(os.path.join(TOP, path)):
                yield f"{name}: {path} does not exist"
                continue
            body = " ".join(read(path).split())
            for check in checks.split("; ") if checks else ():
                if check.strip('"') not in body:
                    yield f"{name}: {path} has no check {check}"
        for path in found.get(name, []):
            if path not in files:
                yield f"{name}: {path} claims to prove it and is not named"


def main():
    found = claims()
    if sys.argv[1:] == ["--write"]:
        write(found)
    print("KTAP version 1\n1..2")
    failed = 0
    for n, (what, problems) in enumerate((
            ("every requirement has its tests", list(check_rows(found))),
            ("every class of bugs has a test or a reason",
             list(check_bugs(found)))), 1):
        print(f"{'not ok' if problems else 'ok'} {n} {what}")
        for p in problems:
            print(f"# {p}")
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
