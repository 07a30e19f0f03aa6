"""Worker processes: their start and end, what they are told and answer, and their life in the child."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from augcli.engines import Done, Lost, Outcome, Raised
from augcli.errors import AugcliError, printable

_SPAWN = get_context("spawn")  # OpenCV hangs or crashes after a fork (opencv#5150)
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_GRACE_SECONDS = 0.4  # for a worker to end after SIGTERM, and again after SIGKILL
_STEP_SECONDS = 0.005


@dataclass(eq=False)
class Worker:
    """A child process, our end of its pipe, and whether it has set itself up."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False


@contextmanager
def undisturbed() -> Iterator[None]:
    """Start processes inside: Ctrl-C strikes after the block, and never them; they do not share out cores."""
    with _one_thread(), _interrupt_later(), _interrupt_masked():
        yield


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


def start() -> Worker:
    """A new child process. Raises OSError where there is no more room for one."""
    ours, theirs = _SPAWN.Pipe()
    with theirs:  # a pipe that we hold open too would not tell of the worker's death
        process = _SPAWN.Process(target=_work, args=(theirs,), name="augcli-worker", daemon=True)
        process.start()
    return Worker(process, ours)


def send(worker: Worker, message: bytes) -> None:
    """Send to a worker that is reading. If it is dead, `hear` will find out."""
    with suppress(OSError):
        worker.pipe.send_bytes(message)


def hear(worker: Worker) -> Outcome[Any] | None:
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
        return raised(error)
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


def end(workers: Sequence[Worker]) -> None:
    """Terminate, then kill, within twice the grace time. Leaves no zombie and no open file."""
    for stop in (SpawnProcess.terminate, SpawnProcess.kill):
        for worker in workers:
            stop(worker.process)
        _await_end(workers)
    for worker in workers:
        worker.pipe.close()
        with suppress(ValueError):  # not to be killed: it hangs in the kernel
            worker.process.close()


def _await_end(workers: Sequence[Worker]) -> None:
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
            pipe.send_bytes(pickle.dumps(raised(error)))
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
        return pickle.dumps(raised(error))


def raised(error: BaseException) -> Raised:
    """An exception as an outcome, which can be sent."""
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
