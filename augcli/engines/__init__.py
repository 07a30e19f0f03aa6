"""How jobs are run: what can become of a job, and the interface that every engine has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from augcli.errors import AugcliError

J = TypeVar("J")
R_co = TypeVar("R_co", covariant=True)


class EngineError(AugcliError):
    """Jobs cannot be run at all. Jobs without an outcome may have been run, wholly or in part."""


class Bug(Exception):  # noqa: N818 - it is no user's error
    """Something that must not happen; holds the traceback of the process where it did."""


@dataclass(frozen=True)
class Done(Generic[R_co]):
    """The job function returned `result`."""

    result: R_co


@dataclass(frozen=True)
class Raised:
    """The job function raised; its worker lives. `error` is one line, `traceback` is as Python prints it."""

    error: str
    traceback: str


@dataclass(frozen=True)
class Lost:
    """The job's worker died, also when the job was run alone. `reason` is one line: a signal or exit code."""

    reason: str


Outcome: TypeAlias = Done[R_co] | Raised | Lost


class Engine(Protocol[J, R_co]):
    """Runs a job function over jobs, somewhere."""

    def run(self, jobs: Iterable[J]) -> Iterator[tuple[J, Outcome[R_co]]]:
        """Each job, or each part of a job that had to be split, with its one outcome, in any order.

        `jobs` is consumed lazily. A job may be run more than once, so jobs have to be idempotent.
        Raises EngineError where workers cannot be had.
        """

    def close(self) -> None:
        """End all workers now, whatever they are at; a run that is under way cannot go on. Idempotent."""
