"""Runs jobs on this machine: in this process, or in worker processes that may die without harm."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, Generic, TypeVar

from augcli.engines import Done, Engine, EngineError, J, Lost, Outcome, Raised, children
from augcli.engines.children import Worker

R = TypeVar("R")

_MAX_STILLBORN = 3  # workers that die before they are ready, one after the other
_LOOK_SECONDS = 1.0  # a dead worker's own children may hold its pipe open, so the pid is asked too


def local_engine(
    setup: Callable[[], Callable[[J], R]], *, workers: int, alone: Callable[[J], Sequence[J]]
) -> Engine[J, R]:
    """An engine of `workers` processes; with one worker the jobs run in this process.

    `setup` is called once in each worker and returns the job function. With several workers it is
    pickled: a module-level function, or a functools.partial of one. Whatever the job function raises is
    a `Raised`; only in this process KeyboardInterrupt, SystemExit and their like pass through.

    A job whose worker dies is a suspect. When all others are done, each is split by `alone` into one or
    more smaller jobs, and these are run one after the other with nothing beside them.

    Workers are kept for the next run. Close the engine in a `finally`: that ends them, and an interrupt can
    strike between two outcomes.
    Raises EngineError for fewer than one worker, and from `run` where workers cannot be started.
    """
    if workers < 1:
        raise EngineError(f"{workers} workers cannot run a job", hint="use 1 or more")
    return _Here(setup) if workers == 1 else _Processes(setup, workers, alone)


class _Here(Generic[J, R]):
    """Runs jobs in this process, in order."""

    def __init__(self, setup: Callable[[], Callable[[J], R]]) -> None:
        self._setup = setup

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, Outcome[R]]]:
        try:
            function = self._setup()
        except Exception as error:
            raise _setup_failed(children.raised(error)) from error
        for job in jobs:
            yield job, _attempt(function, job)

    def close(self) -> None:
        """Nothing is held."""


class _Processes(Generic[J, R]):
    """Runs jobs in processes: all together first, then those that were in dying workers one by one."""

    def __init__(
        self, setup: Callable[[], Callable[[J], R]], workers: int, alone: Callable[[J], Sequence[J]]
    ) -> None:
        self._setup = pickle.dumps(setup)
        self._workers = workers
        self._alone = alone
        self._crews: list[_Crew[J, R]] = []
        self._idle: list[_Crew[J, R]] = []

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, Outcome[R]]]:
        suspects: list[J] = []
        crew = self._idle.pop() if self._idle else self._new_crew(self._workers)
        with self._ended(crew):
            for job, outcome in crew.outcomes(jobs):
                if isinstance(outcome, Lost):
                    suspects.append(job)
                else:
                    yield job, outcome
            if not suspects:
                self._idle.append(crew)
                return
        crew = self._new_crew(1)
        with self._ended(crew):
            yield from crew.outcomes(part for job in suspects for part in self._alone(job))

    def close(self) -> None:
        for crew in self._crews:
            crew.close()
        for crew in self._idle:
            self._crews.remove(crew)
        self._idle.clear()

    def _new_crew(self, size: int) -> _Crew[J, R]:
        self._crews.append(_Crew(self._setup, size))
        return self._crews[-1]

    @contextmanager
    def _ended(self, crew: _Crew[J, R]) -> Iterator[None]:
        """End a crew after the block, unless it waits for the next run."""
        try:
            yield
        finally:
            if crew not in self._idle:
                crew.close()
                self._crews.remove(crew)


class _Crew(Generic[J, R]):
    """At most `size` workers, and the one job that each of them is at.

    A worker gets its next job only when it has answered the last. So a death has one job to blame, and a
    send never waits: the worker is reading.
    """

    def __init__(self, setup: bytes, size: int) -> None:
        self._setup = setup
        self._most = self._size = size
        self._workers: list[Worker] = []
        self._running: dict[Worker, J] = {}
        self._more = True
        self._stillborn = 0
        self._closed = False

    def outcomes(self, jobs: Iterable[J]) -> Iterator[tuple[J, Outcome[R]]]:
        """Each job with its outcome; `Lost` where the worker died. At most 2 x size jobs are under way."""
        source = iter(jobs)
        first = list(itertools.islice(source, self._most))
        self._size, self._more = len(first), bool(first)
        source = itertools.chain(first, source)
        found: list[tuple[J, Outcome[R]]] = []
        while True:
            found += self._hand_out(source)
            yield from found
            if self._closed:
                raise RuntimeError("the engine was closed during a run")
            if not self._more and not self._running:
                return
            found = self._listen()

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        workers, self._workers = self._workers, []
        children.end(workers)

    def _hand_out(self, jobs: Iterator[J]) -> list[tuple[J, Raised]]:
        """Give a job to every idle worker. Returns the jobs that could not be pickled."""
        failed: list[tuple[J, Raised]] = []
        for worker in [w for w in self._workers if w.ready and w not in self._running]:
            for job in jobs:
                try:
                    message = pickle.dumps(job)
                except Exception as error:
                    failed.append((job, children.raised(error)))
                    continue
                self._running[worker] = job
                children.send(worker, message)
                break
            else:
                self._more = False
        return failed

    def _listen(self) -> list[tuple[J, Outcome[R]]]:
        """Wait until a worker has answered or died. Returns the jobs that this ends."""
        while self._more and len(self._workers) < self._size:
            self._start_one()
        sentinels = [w.process.sentinel for w in self._workers]
        connection.wait([*(w.pipe for w in self._workers), *sentinels], _LOOK_SECONDS)
        found: list[tuple[J, Outcome[R]]] = []
        for worker in list(self._workers):
            outcome = children.hear(worker)
            if outcome is None:
                continue
            if isinstance(outcome, Lost):
                self._workers.remove(worker)
                children.end([worker])
            if worker in self._running:
                found.append((self._running.pop(worker), outcome))
            elif not worker.ready:
                self._note_start(worker, outcome)
        return found

    def _start_one(self) -> None:
        """Start a worker, known to `close` before an interrupt can strike."""
        try:
            with children.undisturbed():
                self._workers.append(children.start())
        except OSError as error:
            raise EngineError(
                f"a worker cannot be started: {error}", hint="use fewer workers (-j)"
            ) from error
        # Not an argument of the process: start() hangs if the child dies before it has read more
        # than fits into a pipe, because the parent holds that pipe's other end too.
        children.send(self._workers[-1], self._setup)

    def _note_start(self, worker: Worker, outcome: Outcome[Any]) -> None:
        """A worker's first word, or its death before that."""
        if isinstance(outcome, Raised):
            raise _setup_failed(outcome)
        if isinstance(outcome, Done):
            worker.ready = True
            self._stillborn = 0
            return
        self._stillborn += 1
        if self._stillborn == _MAX_STILLBORN:
            raise EngineError(
                f"{_MAX_STILLBORN} workers in a row died before they could begin, the last {outcome.reason}",
                hint='use one worker (-j 1); a script has to call augcli under `if __name__ == "__main__":`',
            )


def _attempt(function: Callable[[J], R], job: J) -> Outcome[R]:
    """The outcome of a job in this process, where an interrupt is meant for the whole run."""
    try:
        return Done(function(job))
    except Exception as error:
        return children.raised(error)


def _setup_failed(raised: Raised) -> EngineError:
    error = EngineError(f"a worker cannot be set up: {raised.error}")
    error.add_note(raised.traceback)
    return error
