#!/usr/bin/env python3
"""Counts what meson's tests counted themselves: summary.py TESTLOG.json prints "N passed, N failed, N skipped".

A TAP file counts by its lines, a doctest binary by its test cases, anything else as one test. Exits 1 when something failed
or nothing ran.
"""
import json
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")


def count(test):
    """passed, failed, skipped of one line of the log."""
    text, result = test.get("stdout") or "", test["result"]
    bad = result not in ("OK", "SKIP", "EXPECTEDFAIL")
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    if plan:
        skipped = len(re.findall(r"^ok .*# skip", text, re.M | re.I))
        passed = len(re.findall(r"^ok ", text, re.M)) - skipped
        # A test that the plan announces and that gave no result has failed.
        return passed, max(int(plan.group(1)) - passed - skipped, int(bad)), skipped
    units = DOCTEST.search(re.sub(r"\x1b\[[0-9;]*m", "", text))
    if units:
        passed, failed, skipped = map(int, units.groups())
        return passed, max(failed, int(bad)), skipped
    return int(result in ("OK", "EXPECTEDFAIL")), int(bad), int(result == "SKIP")


def main(path):
    with open(path, encoding="utf-8") as log:
        totals = [sum(column) for column in zip(*(count(json.loads(line)) for line in log))] or [0, 0, 0]
    print(f"\n{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
