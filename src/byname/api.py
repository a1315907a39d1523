"""How is byname used from Python? `byname.open("home")` gives the same verbs as the API, and Arrow tables.

import byname

with byname.open("home") as b:
    b.recognise(("email", "ann@shop.example"), proof="possessed").level
    b.customers()                 # pyarrow.Table: one row per customer
    b.query("select place, sum(amount) from event group by place")
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pyarrow as pa

    from byname.encounter import Byname
    from byname.home import Home
    from byname.recognition import Met


def open(home: str | Path, *, read_only: bool = False) -> Opened:
    """Open a home, made if there is none. Read-only joins a running server; looks at persons need to write.

    Errors: BynameError (home in use by another process, keys missing, home newer than this program).
    """
    from byname.home import open_home

    return Opened(open_home(Path(home), read_only=read_only, create=not read_only))


class Opened:
    """An open home. Tables are pyarrow: times in microseconds UTC, money in minor units, quantities in thousandths."""

    def __init__(self, home: Home) -> None:
        from byname.encounter import Byname

        self.product: Byname = Byname(home)

    def events(self) -> pa.Table:
        """Every event, fresh and sealed, without what was received in the clear."""
        return self.query("select * exclude (body) from event order by occurred_at, id")

    def lines(self) -> pa.Table:
        """Every product line of every order and return."""
        return self.query("select * from line order by occurred_at, event, position")

    def query(self, sql: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer of a DuckDB query over the views `event` and `line`, in one moment. `$name` binds a value."""
        from byname.lake import duck

        lake = duck.open_lake(self.product.home)
        try:
            return lake.sql(sql, params=dict(values or {})).to_arrow_table()
        finally:
            lake.close()

    def customers(self) -> pa.Table:
        """One row per customer and currency she paid in: ids, times and sums. Nothing personal."""
        import pyarrow as pa

        from byname import customers

        rows = customers.everyone(self.product.home.store.read())
        columns = list(zip(*rows, strict=True)) or [()] * len(customers.ALL_COLUMNS)
        texts = ("customer", "household", "currency")
        return pa.table(
            {
                name: pa.array(column, pa.string() if name in texts else pa.int64())
                for name, column in zip(customers.ALL_COLUMNS, columns, strict=True)
            }
        )

    def timeline(self, customer: str, most: int = 1000) -> pa.Table:
        """Her events over all touchpoints, newest first. The look is logged."""
        import pyarrow as pa

        from byname import customers

        person, public = self._whom(customer)
        self._log("timeline", public)
        entries = customers.timeline(self.product.home, person, most=most)
        rows = [{k: v for k, v in e._asdict().items() if k != "body"} for e in entries]
        return pa.Table.from_pylist(rows)

    def explain(self, customer: str) -> pa.Table:
        """Why her identifiers are one person: a statement a row, in words too. The look is logged."""
        import pyarrow as pa

        from byname.identity import explain

        person, public = self._whom(customer)
        self._log("explain", public)
        found = explain.explain(self.product.home.store.read(), self.product.policy, person)
        columns = ("words", *explain.Because._fields)
        rows = [(str(b), *b) for b in found]
        return pa.table({c: [row[i] for row in rows] for i, c in enumerate(columns)})

    def recognise(self, *shown: tuple[str, str], proof: str = "claimed", purpose: str = "service") -> Met:
        """Who is it, how sure, and what may be done for this purpose? `shown`: (type, value) pairs. It is logged."""
        from byname import recognition
        from byname.recognition import Asker, Turned
        from byname.terms import Proof

        turned = [Turned(type, value, Proof(proof)) for type, value in shown]
        met = recognition.meet(self.product, turned, Asker(ACTOR, "python", purpose), _now())
        self.product.looks.hand_over()
        return met

    def close(self) -> None:
        """Let go of the home; leaving a `with` does it too."""
        self.product.home.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"byname.open({str(self.product.home.path)!r})"

    def _whom(self, customer: str) -> tuple[int, str]:
        from byname import customers

        return customers.whom(self.product.home.store.read(), customer, self.product.key)

    def _log(self, action: str, public: str, outcome: str = "") -> None:
        from byname.trust import audit

        look = audit.Look(_now(), ACTOR, action, public, terminal="python", outcome=outcome)
        self.product.home.store.write(lambda db: audit.log(db, [look]))


ACTOR = "cli"


def _now() -> int:
    return time.time_ns() // 1000
