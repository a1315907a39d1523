"""Who may write, and when is it safe? One thread, one connection, group commit.

What waits is taken together into one transaction; items of the same work follow each other as one call, so that a
hundred small requests cost one fsync and one set of statements. A caller's future is done after the commit: what is
acknowledged is on disk. A work that fails is rolled back alone and the others still commit.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from byname.store.db import Conflict, Db, DbGone

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Db, Sequence[Any]], Sequence[Any]]

MOST_TOGETHER = 256  # items in one transaction
MOST_RETRIES = 100


class Store:
    """The day store of one process: a connection per reading thread, one thread that writes."""

    def __init__(self, connect: Callable[[bool], Db], read_only: bool = False) -> None:
        self._connect = connect
        self._local = threading.local()
        self._readers: list[Db] = []
        self._queue: deque[tuple[Work, Any, Future[Any]]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._writer: Db | None = None
        self.commits = 0  # transactions of this process that reached the disk
        self.rollbacks = 0  # and those that did not
        self.engine = self.read().engine if read_only else ""
        if not read_only:
            self._writer = connect(False)
            self.engine = self._writer.engine
            self._thread = threading.Thread(target=self._loop, name="byname-writer", daemon=True)
            self._thread.start()

    def read(self) -> Db:
        """This thread's reading connection."""
        db: Db | None = getattr(self._local, "db", None)
        if db is not None and db.closed:  # the server was gone; it may be back
            self.forget_reader()
            db = None
        if db is None:
            db = self._local.db = self._connect(True)
            self._readers.append(db)
        return db

    def forget_reader(self) -> None:
        """Close this thread's reading connection, so that the next read opens a new one (server gone and back)."""
        db: Db | None = getattr(self._local, "db", None)
        if db is not None:
            self._local.db = None
            self._readers.remove(db)
            db.close()

    def submit(self, work: Callable[[Db, Sequence[T]], Sequence[R]], item: T) -> Future[R]:
        """Queue one item for `work(db, items) -> results`; the future is done when it is durable."""
        future: Future[R] = Future()
        with self._wake:
            if self._stopping or self._writer is None:
                raise DbGone("byname is stopping" if self._stopping else "This home is open for reading only")
            self._queue.append((work, item, future))
            self._wake.notify()
        return future

    def write(self, do: Callable[[Db], R]) -> R:
        """Run `do` in one transaction and wait until it is durable."""

        def work(db: Db, items: Sequence[None]) -> Sequence[R]:
            return [do(db) for _ in items]

        return self.submit(work, None).result()

    def between(self, do: Callable[[Db], R]) -> R:
        """Run `do` on the writing connection between two transactions (checkpoint, copy) and wait for it."""
        done: Future[R] = self.submit(_between, do)
        return done.result()

    def waiting(self) -> int:
        """How many items wait for the writer."""
        return len(self._queue)

    def close(self) -> None:
        """Finish what was queued, then close every connection."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._writer is not None:
            self._thread.join()
            self._writer.close()
        for db in self._readers:
            db.close()

    def _loop(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._stopping:
                    self._wake.wait()
                if not self._queue:
                    return
                taken = [t for t in self._take() if t[2].set_running_or_notify_cancel()]  # else nobody waits for it
            if not taken:
                continue
            try:
                if taken[0][0] is _between:
                    self._alone(*taken[0][1:])
                else:
                    self._commit(taken)
            except BaseException as error:  # whatever it was: the others must still be written
                _fail(taken, error)

    def _take(self) -> list[tuple[Work, Any, Future[Any]]]:
        """What goes into one transaction: all that waits, up to what must run between two."""
        taken = [self._queue.popleft()]
        while taken[0][0] is not _between and self._queue and len(taken) < MOST_TOGETHER:
            if self._queue[0][0] is _between:
                break
            taken.append(self._queue.popleft())
        return taken

    def _alone(self, do: Callable[[Db], Any], future: Future[Any]) -> None:
        assert self._writer is not None
        if self._writer.closed:
            self._reconnect()
        try:
            future.set_result(do(self._writer))
        except BaseException as error:
            if isinstance(error, DbGone):
                self._reconnect()
            future.set_exception(error)

    def _commit(self, taken: list[tuple[Work, Any, Future[Any]]]) -> None:
        for attempt in range(MOST_RETRIES):
            assert self._writer is not None
            if self._writer.closed:  # the server was gone; it may be back
                self._reconnect()
            try:
                with self._writer.transaction():
                    done = [r for run in _runs(taken) for r in self._results(run)]
                self.commits += 1
            except Conflict:
                self.rollbacks += 1
                if attempt + 1 < MOST_RETRIES:
                    time.sleep(random.uniform(0, min(0.05, 0.001 * 2**attempt)))  # noqa: S311  (else they meet again)
                    continue
                done = [DbGone("Two writers keep meeting", cure="Try again")] * len(taken)
            except BaseException as error:
                self.rollbacks += 1
                if isinstance(error, DbGone):
                    self._reconnect()
                done = [error] * len(taken)
            break
        for (_, _, future), result in zip(taken, done, strict=True):
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _results(self, run: list[tuple[Work, Any, Future[Any]]]) -> Sequence[Any]:
        """One call for a run of the same work; if it fails, each item alone, so that one cannot spoil another."""
        assert self._writer is not None
        work, items = run[0][0], [item for _, item, _ in run]
        try:
            with self._writer.savepoint():
                done = list(work(self._writer, items))
                if len(done) != len(items):
                    raise ValueError(f"a work gave {len(done)} results for {len(items)} items")
                return done
        except (Conflict, DbGone):
            raise
        except BaseException as error:
            if len(items) == 1:
                return [error]
        return [r for one in run for r in self._results([one])]

    def _reconnect(self) -> None:
        """The server may be back: a fresh connection, or keep the broken one until it is."""
        assert self._writer is not None
        if self._writer.engine == "sqlite":
            return
        with suppress(Exception):
            self._writer.close()
        with suppress(Exception):
            self._writer = self._connect(False)


def _fail(taken: list[tuple[Work, Any, Future[Any]]], error: BaseException) -> None:
    for _, _, future in taken:
        if not future.done():
            future.set_exception(error)


def _between(db: Db, items: Sequence[Callable[[Db], Any]]) -> Sequence[Any]:
    """Marks work that the loop runs outside a transaction."""
    return [do(db) for do in items]


def _runs(taken: list[tuple[Work, Any, Future[Any]]]) -> Iterator[list[tuple[Work, Any, Future[Any]]]]:
    run: list[tuple[Work, Any, Future[Any]]] = []
    for one in taken:
        if run and run[-1][0] is not one[0]:
            yield run
            run = []
        run.append(one)
    if run:
        yield run
