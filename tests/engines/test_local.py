"""Engines: every job has exactly one outcome, whatever dies, and no process outlives its run."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import augcli
from augcli.engines import Done, EngineError, Lost, Raised, children
from augcli.engines.local import local_engine
from augcli.errors import ImageError

needs_signals = pytest.mark.skipif(os.name != "posix", reason="kills by signal, which Windows has not")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")

Job = tuple[str, int]
KILLED = "killed by signal 9 (SIGKILL), as when memory runs out"
SOON = 5.0  # seconds until a test gives up on something that takes a tenth of that


class UnloadableError(Exception):
    """Pickles, but does not unpickle."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(left + right)


class TextlessError(Exception):
    def __str__(self) -> str:
        raise ValueError


def give(value: Any) -> Any:
    return value


def fail(error: BaseException) -> Any:
    raise error


def die_by(number: int) -> None:
    os.kill(os.getpid(), number)


def fall_silent() -> None:
    os.closerange(3, 200)
    time.sleep(600)


def slow_pid(_: int) -> int:
    time.sleep(0.02)
    return os.getpid()


def surroundings(_: int) -> tuple[list[str | None], bool]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    return [os.environ.get(n) for n in names], signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


VERBS: dict[str, Callable[[int], Any]] = {
    "double": lambda n: 2 * n,
    "raise": lambda n: fail(ValueError(f"bad\nnumber {n}")),
    "exit": lambda n: fail(SystemExit(n)),
    "memory": lambda n: fail(MemoryError()),
    "refuse": lambda n: fail(ImageError("is truncated", where=f"{n}.png", hint="replace it")),
    "textless": lambda n: fail(TextlessError()),
    "lock": lambda n: (i for i in range(n)),
    "unloadable": lambda n: UnloadableError("a", "b"),
    "die": lambda n: die_by(n),
    "leave": os._exit,
    "fall silent": lambda n: fall_silent(),
    "pid": slow_pid,
    "look": surroundings,
}


def act(job: Job) -> Any:
    verb, number = job
    return VERBS[verb](number)


def actor() -> Callable[[Job], Any]:
    return act


def act_all(jobs: Sequence[Job]) -> list[Any]:
    return [act(job) for job in jobs]


def actor_of_many() -> Callable[[Sequence[Job]], list[Any]]:
    return act_all


def broken_setup() -> Callable[[Job], Any]:
    raise FileNotFoundError("no table")


def dying_setup() -> Callable[[Job], Any]:
    os._exit(3)


def late_setup(folder: Path, dying: Sequence[int]) -> Callable[[Job], Any]:
    """Numbers the workers by files, from 0, and kills those that are listed."""
    number = 0
    while not take(folder / str(number)):
        number += 1
    if number in dying:
        os._exit(3)
    return act


def take(file: Path) -> bool:
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def whole(job: Any) -> list[Any]:
    return [job]


def parts(job: Sequence[Job]) -> list[Sequence[Job]]:
    return [(part,) for part in job]


def outcomes(jobs: Sequence[Job], workers: int = 2, setup: Any = actor) -> list[tuple[Job, Any]]:
    with closing(local_engine(setup, workers=workers, alone=whole)) as engine:
        return list(engine.run(jobs))


def doubles(count: int) -> list[Job]:
    return [("double", n) for n in range(count)]


def gone(pid: int) -> bool:
    """No such process, or only its zombie, which a container's first process may never reap."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return True


def happens(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.fixture(params=[1, 2], ids=["here", "processes"])
def workers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_every_job_is_done_exactly_once(workers: int) -> None:
    found = outcomes(doubles(50), workers)
    assert sorted(found) == [(("double", n), Done(2 * n)) for n in range(50)]


def test_no_jobs_have_no_outcomes(workers: int) -> None:
    assert outcomes([], workers) == []


def test_one_worker_is_this_process_and_keeps_the_order() -> None:
    assert [o.result for _, o in outcomes([("pid", 0)] * 2, 1)] == [os.getpid()] * 2
    assert [job for job, _ in outcomes(doubles(9), 1)] == doubles(9)


def test_an_engine_runs_again(workers: int) -> None:
    with closing(local_engine(actor, workers=workers, alone=whole)) as engine:
        for _ in range(2):
            assert list(engine.run([("double", 2)])) == [(("double", 2), Done(4))]


def test_workers_wait_for_the_next_run_until_the_engine_is_closed() -> None:
    with closing(local_engine(actor, workers=2, alone=whole)) as engine:
        pids = [{outcome.result for _, outcome in engine.run([("pid", n) for n in range(40)])} for _ in "ab"]
        assert pids[0] == pids[1]
        assert len(pids[0]) == 2
    assert multiprocessing.active_children() == []


def test_a_worker_that_died_between_two_runs_costs_no_job() -> None:
    with closing(local_engine(actor, workers=2, alone=whole)) as engine:
        list(engine.run(doubles(9)))
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        assert dict(engine.run(doubles(9))) == {job: Done(2 * job[1]) for job in doubles(9)}


def test_an_exception_is_one_line_and_a_traceback(workers: int) -> None:
    errors: dict[Job, str] = {
        ("raise", 7): "ValueError: bad number 7",
        ("refuse", 7): "7.png: is truncated; replace it",
        ("memory", 7): "MemoryError",
        ("textless", 7): "TextlessError: (its text cannot be had)",
    }
    found = dict(outcomes([*doubles(3), *errors, ("double", 3)], workers))
    raised = {job: found.pop(job) for job in errors}
    assert {job: outcome.error for job, outcome in raised.items()} == errors
    assert all(o.traceback.startswith("Traceback (most recent call last):\n") for o in raised.values())
    assert found == {("double", n): Done(2 * n) for n in range(4)}


def test_what_cannot_be_sent_back_is_raised_and_the_worker_lives() -> None:
    found = dict(outcomes([("exit", 4), ("lock", 1), ("unloadable", 1), ("double", 1)]))
    assert found[("exit", 4)].error == "SystemExit: 4"
    assert found[("lock", 1)].error.startswith("TypeError: cannot pickle 'generator' object")
    assert found[("unloadable", 1)].error.startswith(
        "TypeError: UnloadableError.__init__() missing 1 required"
    )
    assert found[("double", 1)] == Done(2)


def test_a_job_that_cannot_be_sent_is_raised() -> None:
    job: Any = lambda: None  # noqa: E731  a lambda does not pickle
    found: dict[Any, Any] = dict(outcomes([job, ("double", 1)]))
    assert "pickle" in found[job].error
    assert found[("double", 1)] == Done(2)


def test_system_exit_in_this_process_passes_through() -> None:
    with pytest.raises(SystemExit):
        outcomes([("exit", 4)], 1)


@needs_signals
@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (("die", signal.SIGKILL), KILLED),
        (("die", signal.SIGSEGV), "killed by signal 11 (SIGSEGV)"),
        (("leave", 0), "ended with exit code 0"),
        (("fall silent", 0), "vanished without an exit code"),
    ],
)
def test_a_job_that_kills_its_worker_is_lost_and_all_others_done(poison: Job, reason: str) -> None:
    jobs = doubles(20)
    jobs.insert(7, poison)
    found = outcomes(jobs)
    assert found[-1] == (poison, Lost(reason))
    assert sorted(found[:-1]) == [(job, Done(2 * job[1])) for job in doubles(20)]


@needs_signals
def test_any_mixture_of_deaths_and_errors_has_one_outcome_a_job() -> None:
    rng = random.Random(66)  # noqa: S311  an order, not a secret
    jobs: list[Job] = [("double", n) for n in range(100, 160)]
    jobs += [("leave", n) for n in range(3)] + [("raise", n) for n in range(4)]
    rng.shuffle(jobs)
    found = outcomes(jobs)
    assert Counter(job for job, _ in found) == Counter(jobs)
    kinds = {"double": Done, "leave": Lost, "raise": Raised}
    assert all(isinstance(outcome, kinds[job[0]]) for job, outcome in found)


@needs_signals
def test_a_suspect_is_split_and_only_the_poisonous_part_is_lost() -> None:
    poison = ("die", signal.SIGKILL)
    jobs: list[Sequence[Job]] = [(("double", 1), ("double", 2)), (("double", 3), poison, ("double", 4))]
    engine = local_engine(actor_of_many, workers=2, alone=parts)
    assert list(engine.run(jobs)) == [
        (jobs[0], Done([2, 4])),
        ((("double", 3),), Done([6])),
        ((poison,), Lost(KILLED)),
        ((("double", 4),), Done([8])),
    ]


@needs_signals
def test_killing_a_worker_from_outside_costs_no_job() -> None:
    jobs: list[Job] = [("pid", n) for n in range(20)]
    found, victims = [], 2
    for job, outcome in local_engine(actor, workers=2, alone=whole).run(jobs):
        found.append(job)
        assert isinstance(outcome, Done)
        if victims and not gone(outcome.result):
            os.kill(outcome.result, signal.SIGKILL)
            victims -= 1
    assert victims == 0
    assert sorted(found) == jobs


def test_jobs_are_taken_as_they_are_needed(workers: int) -> None:
    taken = 0

    def source() -> Iterator[Job]:
        nonlocal taken
        for job in doubles(40):
            taken += 1
            yield job

    with closing(local_engine(actor, workers=workers, alone=whole)) as engine:
        for count, _ in enumerate(engine.run(source())):
            assert taken - count <= (2 * workers if workers > 1 else 1)


def test_an_error_in_the_source_of_jobs_ends_the_workers(workers: int) -> None:
    def source() -> Iterator[Job]:
        yield from doubles(5)
        raise KeyError("no more")

    with pytest.raises(KeyError):
        list(local_engine(actor, workers=workers, alone=whole).run(source()))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("way", ["close engine", "close run", "drop run"])
def test_a_run_that_is_left_early_leaves_no_process(way: str) -> None:
    engine = local_engine(actor, workers=2, alone=whole)
    run = engine.run(("pid", n) for n in range(1000))
    _, first = next(run)
    pids = [child.pid for child in multiprocessing.active_children()]
    assert isinstance(first, Done)
    assert first.result in pids
    if way == "close engine":
        engine.close()
        engine.close()
        with pytest.raises(RuntimeError, match="the engine was closed during a run"):
            list(run)
    elif way == "close run":
        run.close()  # type: ignore[attr-defined]
    else:
        del run
        gc.collect()
    assert all(gone(pid) for pid in pids if pid)


@needs_proc
def test_a_run_leaves_no_open_file_and_no_zombie() -> None:
    outcomes([("double", 1)])  # the first start also starts Python's resource tracker, which stays
    before = len(os.listdir("/proc/self/fd"))
    outcomes([*doubles(4), ("leave", 3)])
    assert len(os.listdir("/proc/self/fd")) == before
    assert multiprocessing.active_children() == []


@needs_signals
def test_children_use_one_thread_and_do_not_hear_ctrl_c_and_the_parent_is_as_before() -> None:
    before = dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    [(_, outcome)] = outcomes([("look", 0)])
    assert outcome == Done((["1"] * 4, True))
    assert (dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before


def test_a_setup_that_raises_is_told_with_its_traceback(workers: int) -> None:
    with pytest.raises(EngineError) as caught:
        outcomes(doubles(9), workers, broken_setup)
    assert str(caught.value) == "a worker cannot be set up: FileNotFoundError: no table"
    assert "in broken_setup" in caught.value.__notes__[0]
    assert multiprocessing.active_children() == []


def test_workers_that_die_before_they_begin_end_the_run() -> None:
    with pytest.raises(EngineError) as caught:
        outcomes(doubles(9), 2, dying_setup)
    assert str(caught.value) == (
        "3 workers in a row died before they could begin, the last ended with exit code 3; "
        'use one worker (-j 1); a script has to call augcli under `if __name__ == "__main__":`'
    )
    assert multiprocessing.active_children() == []


def test_two_workers_that_die_before_they_begin_are_replaced(tmp_path: Path) -> None:
    found = outcomes(doubles(9), 2, partial(late_setup, tmp_path, (0, 1)))
    assert sorted(found) == [(job, Done(2 * job[1])) for job in doubles(9)]


def test_only_deaths_in_a_row_end_the_run(tmp_path: Path) -> None:
    poison: list[Job] = [("leave", n) for n in range(3)]
    found = outcomes([*poison, *doubles(9)], 2, partial(late_setup, tmp_path, (0, 2, 4)))
    assert sorted(found[:9]) == [(job, Done(2 * job[1])) for job in doubles(9)]
    assert sorted(job for job, _ in found[9:]) == poison


def test_a_machine_without_room_for_a_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        children, "start", lambda: fail(BlockingIOError(11, "Resource temporarily unavailable"))
    )
    with pytest.raises(EngineError) as caught:
        outcomes(doubles(2))
    assert str(caught.value) == (
        "a worker cannot be started: [Errno 11] Resource temporarily unavailable; use fewer workers (-j)"
    )


@needs_signals
def test_ctrl_c_during_a_start_strikes_when_the_worker_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    now = threading.Event()

    def interrupt() -> None:
        now.wait()
        signal.raise_signal(signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()  # here, where it does not inherit the mask: the kernel may choose any thread

    def start() -> Any:
        now.set()
        other.join()
        started.append(begin())
        return started[-1]

    begin = children.start
    monkeypatch.setattr(children, "start", start)
    with pytest.raises(KeyboardInterrupt):
        outcomes(doubles(9))
    assert len(started) == 1
    assert multiprocessing.active_children() == []


def test_less_than_one_worker_is_refused() -> None:
    with pytest.raises(EngineError) as caught:
        local_engine(actor, workers=0, alone=whole)
    assert str(caught.value) == "0 workers cannot run a job; use 1 or more"


def test_an_unpicklable_setup_is_refused_before_anything_starts() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        local_engine(lambda: act, workers=2, alone=whole)


# The rest looks at a whole program from outside: `python -c` runs `keep_busy` below.


def stay(folder: Path, job: int) -> None:
    (folder / str(os.getpid())).touch()
    time.sleep(600)


def stayer(folder: Path) -> Callable[[int], None]:
    return partial(stay, folder)


def keep_busy(folder: str) -> None:
    engine = local_engine(partial(stayer, Path(folder)), workers=2, alone=whole)
    try:
        with closing(engine):
            list(engine.run(range(4)))
    except KeyboardInterrupt:
        sys.exit(130)


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A program in a process group of its own, and its two workers' pids, each in a job without end."""
    here, package = Path(__file__).parent, Path(augcli.__file__).parents[1]
    program = subprocess.Popen(
        [sys.executable, "-c", f"import test_local; test_local.keep_busy({str(tmp_path)!r})"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(package)])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with program:
        try:
            assert happens(lambda: len(list(tmp_path.iterdir())) == 2)
            yield program, [int(file.name) for file in tmp_path.iterdir()]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


@needs_signals
def test_workers_leave_a_killed_parent_in_the_middle_of_a_job(
    busy: tuple[subprocess.Popen[str], list[int]],
) -> None:
    program, pids = busy
    program.kill()
    assert happens(lambda: all(map(gone, pids)))


@needs_signals
def test_ctrl_c_ends_all_processes_without_a_word(busy: tuple[subprocess.Popen[str], list[int]]) -> None:
    program, pids = busy
    os.killpg(program.pid, signal.SIGINT)
    output, _ = program.communicate(timeout=SOON)
    assert (output, program.returncode) == ("", 130)
    assert all(map(gone, pids))
