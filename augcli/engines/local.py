"""Runs jobs on this machine: in this process, or in worker processes that may die without harm."""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from augcli.engines import Done, Engine, EngineError, J, Lost, Outcome, Raised
from augcli.errors import AugcliError, printable

R = TypeVar("R")

_SPAWN = get_context("spawn")  # OpenCV hangs or crashes after a fork (opencv#5150)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_MAX_STILLBORN = 3  # workers that die before they are ready, one after the other
_GRACE_SECONDS = 0.4  # for a worker to end after SIGTERM, and again after SIGKILL
_STEP_SECONDS = 0.005
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
        raise EngineError(f"{workers} workers cannot run a job", mend="use 1 or more")
    return _Here(setup) if workers == 1 else _Processes(setup, workers, alone)


class _Here(Generic[J, R]):
    """Runs jobs in this process, in order."""

    def __init__(self, setup: Callable[[], Callable[[J], R]]) -> None:
        self._setup = setup

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, Outcome[R]]]:
        try:
            function = self._setup()
        except Exception as error:
            raise _setup_failed(_raised(error)) from error
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


@dataclass(eq=False)
class _Worker:
    """A child process, our end of its pipe, and whether it has set itself up."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False


class _Crew(Generic[J, R]):
    """At most `size` workers, and the one job that each of them is at.

    A worker gets its next job only when it has answered the last. So a death has one job to blame, and a
    send never waits: the worker is reading.
    """

    def __init__(self, setup: bytes, size: int) -> None:
        self._setup = setup
        self._most = self._size = size
        self._workers: list[_Worker] = []
        self._running: dict[_Worker, J] = {}
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
        _end(workers)

    def _hand_out(self, jobs: Iterator[J]) -> list[tuple[J, Raised]]:
        """Give a job to every idle worker. Returns the jobs that could not be pickled."""
        failed: list[tuple[J, Raised]] = []
        for worker in [w for w in self._workers if w.ready and w not in self._running]:
            for job in jobs:
                try:
                    message = pickle.dumps(job)
                except Exception as error:
                    failed.append((job, _raised(error)))
                    continue
                self._running[worker] = job
                _send(worker, message)
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
            outcome = _hear(worker)
            if outcome is None:
                continue
            if isinstance(outcome, Lost):
                self._workers.remove(worker)
                _end([worker])
            if worker in self._running:
                found.append((self._running.pop(worker), outcome))
            elif not worker.ready:
                self._note_start(worker, outcome)
        return found

    def _start_one(self) -> None:
        """Start a worker, known to `close` before an interrupt can strike."""
        try:
            with _one_thread(), _interrupt_later(), _interrupt_masked():
                self._workers.append(_start())
        except OSError as error:
            raise EngineError(
                f"a worker cannot be started: {error}", mend="use fewer workers (-j)"
            ) from error
        # Not an argument of the process: start() hangs if the child dies before it has read more
        # than fits into a pipe, because the parent holds that pipe's other end too.
        _send(self._workers[-1], self._setup)

    def _note_start(self, worker: _Worker, outcome: Outcome[Any]) -> None:
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
                mend='use one worker (-j 1); a script has to call augcli under `if __name__ == "__main__":`',
            )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Children started inside use one thread each for arithmetic: the workers share the cores."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupt_later() -> Iterator[None]:
    """Let Ctrl-C strike after the block: half a start would leave a child that nobody knows."""
    if threading.current_thread() is not threading.main_thread() or not signal.getsignal(signal.SIGINT):
        yield
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if caught:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _interrupt_masked() -> Iterator[None]:
    """Children started inside never get Ctrl-C, as a mask is inherited; the parent answers it for all."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    with warnings.catch_warnings(action="ignore"):  # that it was killed: it tracks nothing of ours
        resource_tracker.ensure_running()  # started further down, it would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start() -> _Worker:
    """A new child process. Raises OSError where there is no more room for one."""
    ours, theirs = _SPAWN.Pipe()
    with theirs:  # a pipe that we hold open too would not tell of the worker's death
        process = _SPAWN.Process(target=_work, args=(theirs,), name="augcli-worker", daemon=True)
        process.start()
    return _Worker(process, ours)


def _send(worker: _Worker, message: bytes) -> None:
    """Send to a worker that is reading. If it is dead, `_hear` will find out."""
    with suppress(OSError):
        worker.pipe.send_bytes(message)


def _hear(worker: _Worker) -> Outcome[Any] | None:
    """What a worker has answered, None if it is still busy, or `Lost` if it is dead."""
    alive = worker.process.is_alive()  # before poll(): it may answer and die in between
    try:
        if worker.pipe.poll():
            return _unpacked(worker.pipe.recv_bytes())
    except (EOFError, OSError):
        alive = False
    if alive:
        return None
    _await_end([worker])  # its pipe closes a moment before its exit code is known
    return Lost(_reason(worker.process.exitcode))


def _unpacked(message: bytes) -> Outcome[Any]:
    """A worker's answer. There are objects that pickle but do not unpickle."""
    try:
        outcome: Outcome[Any] = pickle.loads(message)  # noqa: S301  from our own child
    except Exception as error:
        return _raised(error)
    return outcome


def _reason(exitcode: int | None) -> str:
    """How a worker ended, in words."""
    if exitcode is None:
        return "vanished without an exit code"
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    name = next((s.name for s in signal.Signals if s == -exitcode), "no name")
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by signal {-exitcode} ({name}){hint}"


def _end(workers: Sequence[_Worker]) -> None:
    """Terminate, then kill, within twice the grace time. Leaves no zombie and no open file."""
    for end in (SpawnProcess.terminate, SpawnProcess.kill):
        for worker in workers:
            end(worker.process)
        _await_end(workers)
    for worker in workers:
        worker.pipe.close()
        with suppress(ValueError):  # not to be killed: it hangs in the kernel
            worker.process.close()


def _await_end(workers: Sequence[_Worker]) -> None:
    """Wait for workers to end, at most the grace time.

    Not by join(): for a worker that has closed its files but lives, it blocks whatever the timeout.
    """
    deadline = time.monotonic() + _GRACE_SECONDS
    while any(w.process.is_alive() for w in workers) and time.monotonic() < deadline:
        time.sleep(_STEP_SECONDS)


def _work(pipe: Connection) -> None:
    """A worker's life. It ends when the supervisor closes the pipe, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there is no mask to inherit
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with suppress(EOFError, OSError), pipe:
        setup = pipe.recv_bytes()
        try:
            function = pickle.loads(setup)()  # noqa: S301  from our own parent
        except BaseException as error:
            pipe.send_bytes(pickle.dumps(_raised(error)))
            return
        pipe.send_bytes(pickle.dumps(Done(None)))
        while True:
            pipe.send_bytes(_answer(function, pipe.recv_bytes()))


def _leave_with_parent() -> None:
    """End this process as soon as its parent is dead, also in the middle of a job."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _answer(function: Callable[[Any], object], message: bytes) -> bytes:
    """The pickled outcome of a pickled job."""
    try:
        return pickle.dumps(Done(function(pickle.loads(message))))  # noqa: S301  from our own parent
    except BaseException as error:
        return pickle.dumps(_raised(error))


def _attempt(function: Callable[[J], R], job: J) -> Outcome[R]:
    """The outcome of a job in this process, where an interrupt is meant for the whole run."""
    try:
        return Done(function(job))
    except Exception as error:
        return _raised(error)


def _raised(error: BaseException) -> Raised:
    return Raised(_one_line(error), "".join(traceback.format_exception(error)))


def _one_line(error: BaseException) -> str:
    """An expected error's own text; any other error's with its type in front."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = "(its text cannot be had)"
    if isinstance(error, AugcliError):
        return text
    name = type(error).__name__
    return printable(f"{name}: {text}" if text else name)


def _setup_failed(raised: Raised) -> EngineError:
    error = EngineError(f"a worker cannot be set up: {raised.error}")
    error.add_note(raised.traceback)
    return error
