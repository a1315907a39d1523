"""Was anything skipped that CI must see run? Reads a JUnit report of the suite; says what and why."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter

MUST_RUN = {  # part of a test's name or file -> what is proved there
    "postgres": "the day on PostgreSQL",
    "spark": "the night on Spark",
    "browser": "the pages in Chromium",
    "clients": "the SDKs of others",
}


def main(report: str) -> int:
    skipped: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (our own file)
        name = f"{case.get('classname')}.{case.get('name')}".lower()
        found = case.find("skipped")
        if found is not None:
            skipped[f"{case.get('classname')}: {found.get('message')}"] += 1
            continue
        for part in MUST_RUN:
            ran[part] += part in name
    out = sys.stdout.write
    for why, times in sorted(skipped.items()):
        out(f"skipped {times}x {why}\n")
    for part, what in MUST_RUN.items():
        out(f"{ran[part]:5} tests of {what}\n")
    return int(bool(skipped) or any(ran[part] == 0 for part in MUST_RUN))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
