"""What both ways share: pictures worked off by several processes, their results in order, and the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from augcli.engines import Bug, Lost, Outcome, Raised
from augcli.engines.local import local_engine
from augcli.errors import ImageError
from augcli.output.report import Progress
from augcli.output.store import Store, StoreError, new_name

PICTURES_PER_WORKER = 64  # fewer are done before another process has started


class NumberedTask(Protocol):
    """One picture's work: its number in the order of the results, from 0, and its name in messages."""

    @property
    def number(self) -> int:
        """Its place."""

    @property
    def name(self) -> str:
        """What messages call it."""


T = TypeVar("T", bound=NumberedTask)
R = TypeVar("R")


@dataclass(frozen=True)
class FailedMap:
    """A picture of which nothing was made, and why, in one line that names it."""

    reason: str


def results(
    job: Callable[[T], R], tasks: Iterable[T], total: int, *, workers: int, progress: Progress
) -> Iterator[tuple[T, R | FailedMap]]:
    """Each task with what `job` made of it, in the order of their numbers, or with why it made nothing.

    `job` is pickled for the workers; an ImageError that it raises is a failure. Raises StoreError where it
    cannot write, and Bug for other errors.
    """
    most = max(1, min(workers, math.ceil(total / PICTURES_PER_WORKER)))
    engine = local_engine(partial(_set_up, job), workers=most, alone=lambda task: [task])
    progress.begins(total, 0)
    waiting: dict[int, tuple[T, R | FailedMap]] = {}
    number = 0
    try:
        for task, outcome in engine.run(tasks):
            waiting[task.number] = task, _result(task, outcome)
            progress.advances()
            while number in waiting:
                yield waiting.pop(number)
                number += 1
    finally:
        engine.close()
        progress.ends()


def _set_up(job: Callable[[T], R]) -> Callable[[T], R | FailedMap | StoreError]:
    return partial(_attempt, job)


def _attempt(job: Callable[[T], R], task: T) -> R | FailedMap | StoreError:
    try:
        return job(task)
    except ImageError as error:
        return FailedMap(str(error))
    except StoreError as error:
        return error


def _result(task: NumberedTask, outcome: Outcome[R | FailedMap | StoreError]) -> R | FailedMap:
    if isinstance(outcome, Raised):
        raise Bug(outcome.traceback)
    if isinstance(outcome, Lost):
        hint = "if memory ran out, use fewer workers (-j)"
        return FailedMap(str(ImageError(f"the worker died: {outcome.reason}", where=task.name, hint=hint)))
    if isinstance(outcome.result, StoreError):
        raise outcome.result
    return outcome.result


def write_in_parts(store: Store, name: str, parts: Iterable[bytes]) -> None:
    """Write a file part by part under another name, which is gone whatever happens, and rename it."""
    try:
        store.replace(name, parts)
    finally:
        store.remove(new_name(name))
