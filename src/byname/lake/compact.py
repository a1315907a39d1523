"""How does the lake stay quick to open? Many small files of one period become one.

Sealing every few minutes leaves hundreds of files a day. Once a period holds more than a handful they are merged and
swapped in the ledger in one transaction; the old files go with the next sweep, so that a reader who still names
them finds them for a while.
"""

from __future__ import annotations

import uuid
from collections import defaultdict

import pyarrow as pa
import pyarrow.parquet as pq

from byname.home import Home
from byname.lake import ledger
from byname.lake.ledger import Segment
from byname.lake.shape import SCHEMAS, cut

FILES = 8  # more of one table and period than this are merged
MERGED_ROWS = 250_000  # a file of this size is left as it is: no row is rewritten more than a few times


def compact(home: Home, now: int, *, files: int = FILES) -> int:
    """Merge small files wherever a period has more than `files` of them; how many files fewer there are."""
    fewer = 0
    with ledger.alone(home):
        for small in _crowded(home, files):
            rows = pa.concat_tables([pq.read_table(home.lake / s.path, partitioning=None) for s in small])
            table, folder = small[0].path.split("/")[:2]
            new = [
                ledger.write(home.lake, table, folder, piece, uuid.uuid4().hex, "compact")
                for _, piece in cut(rows, folder.partition("=")[0])
            ]
            ledger.swap(home, small, new, now)
            fewer += len(small) - len(new)
    return fewer


def _crowded(home: Home, files: int) -> list[list[Segment]]:
    groups: dict[str, list[Segment]] = defaultdict(list)
    for s in ledger.segments(home.store.read()):
        if s.table in SCHEMAS and s.rows < MERGED_ROWS:
            groups[s.path.rpartition("/")[0]].append(s)
    crowded = []
    for group in groups.values():
        taken: list[Segment] = []
        for s in group:
            if sum(t.rows for t in taken) + s.rows <= MERGED_ROWS:
                taken.append(s)
        if len(taken) > files:
            crowded.append(taken)
    return crowded
