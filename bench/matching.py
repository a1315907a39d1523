"""How well and how fast does the matcher work on the labelled sets? `python -m bench.matching [SET ...]`

Prints the table of docs/matching.md. Training is without labels; the labels only measure.
"""

from __future__ import annotations

import sys

from tests.identity_match.labelled import DATA, MORE, SOURCES, matched

from byname.identity.match.measure import Quality, of_clusters, of_pairs

HEAD = "| set | records | veto | pairs at 0.95 P / R / F1 | clusters at 0.95 P / R / F1 | floor | seconds |"


def told(q: Quality) -> str:
    return f"{q.precision:.3f} / {q.recall:.3f} / **{q.f1:.4f}**"


def main(names: list[str]) -> None:
    print(HEAD)
    print("| --- | --- | --- | --- | --- | --- | --- |")
    sources = {**SOURCES, **MORE}
    for name in names or sources:
        source = sources[name]
        if not (DATA / source.file).exists():
            print(f"| {name} | | | not here: {source.file} | | | |")
            continue
        data, found = matched(name)
        seconds = ", ".join(f"{step} {s:.1f}" for step, s in found.seconds.items())
        for veto, pairs, clusters in (
            ("no", found.pairs, found.plain),
            ("yes", found.allowed, found.households),
        ):
            of_these = told(of_pairs([(p.left, p.right) for p in pairs], data.truth))
            asked = source.households == (veto == "yes")
            floor = f"{source.floor_f1 or ''}" + (f", P {source.floor_precision}" if source.floor_precision else "")
            print(
                f"| {name} | {len(data.records):,} | {veto} | {of_these} | {told(of_clusters(clusters, data.truth))}"
                f" | {floor if asked else ''} | {seconds if veto == 'no' else ''} |",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
