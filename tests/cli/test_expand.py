"""augcli expand as a person or a Makefile meets it: exit codes, exact messages, signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support.datasets_on_disk import (
    FLIPS,
    RANDOM,
    folders,
    huge_png,
    manifest,
    mounted,
    photo,
    plain,
    run,
    save,
    tree,
)

from augcli.cli import _run_cli, exit_code
from augcli.commands.expand import run as running
from augcli.output import staging as output
from augcli.pipeline import pair

COMMIT_OFTEN = (
    "import augcli.commands.expand.run as run; run.COMMIT_SECONDS = 0.0; from augcli.cli import main; main()"
)
AGAIN = "run the same command again to continue"
SLOW = RANDOM.replace("copies: 3", "copies: 40")


@pytest.fixture
def augcli(tmp_path, monkeypatch, capsys):
    """Run a command in this process, in a folder with recipe.yaml: (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(FLIPS, "utf-8")

    def call(*args):
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["augcli", *map(str, args)])
        code = exit_code(_run_cli)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def expand(augcli):
    return lambda *more: augcli("expand", "recipe.yaml", "in", "out", "-j1", *more)


def started(folder, *more, workers=2):
    """A run in a process group of its own, as a terminal would start it."""
    args = ["expand", "recipe.yaml", "in", "out", f"-j{workers}", *more]
    return subprocess.Popen(
        [sys.executable, "-c", COMMIT_OFTEN, *args],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_until(true, process=None, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.005)


def written(folder):
    """How many pictures of an unfinished run are in their place."""
    return len(list((folder / "out.partial").glob("*.png")))


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            found += [int(stat.parent.name)] if int(fields[1]) == pid and fields[0] != "Z" else []
    return found


def is_alive(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def slow(tmp_path):
    """A folder with a run that lasts for a while."""
    for number in range(60):
        save(tmp_path / f"in/{number:02}.png", photo(number, width=120, height=90))
    (tmp_path / "recipe.yaml").write_text(SLOW, "utf-8")
    return tmp_path


# --- done


def test_a_run_says_what_it_found_and_ends_with_one_sentence(augcli, expand):
    folders(Path("in"), 2)
    code, said, noted = expand()
    assert code == 0
    assert re.fullmatch(r"6 pairs written, 0 failed; \d+\.\d s, \d+\.\d pairs per second\n", said)
    assert noted == (
        "folders: the folders' names say so: images (images) and masks (masks); 2 pairs of matching names\n"
    )
    assert expand("-q") == (0, "nothing to do: all 6 pairs are there\n", "")


def test_orphans_and_what_was_skipped_are_named(augcli, expand):
    folders(Path("in"), 3)
    Path("in/masks/c.png").rename("in/masks/z.png")
    save(Path("in/other/x.jpg"), photo())
    code, _, noted = expand()
    assert code == 0
    assert noted.splitlines()[1:] == [
        "1 image without a mask: images/c.jpg",
        "1 mask without an image: masks/z.png",
        "1 thing skipped: other: 1 image outside the data set",
    ]


def test_the_report_can_be_had_as_json(augcli, expand):
    folders(Path("in"), 2)
    Path("in/images/b.jpg").write_bytes(b"")
    code, said, _ = expand("--json", "-q")
    report = json.loads(said)
    assert code == 1
    assert (report["planned"], report["written"], report["already"]) == (6, 3, 0)
    assert [line["where"] for line in report["failed"]] == ["images/b.jpg"] * 3
    assert report["orphan_images"] == report["orphan_masks"] == []


def test_copies_and_seed_stand_above_the_recipes(augcli, expand):
    plain(Path("in"), 1)
    Path("recipe.yaml").write_text(RANDOM, "utf-8")
    assert expand("-n", "2", "--seed", "5")[0] == 0
    assert len(manifest(Path("out"))) == 3
    found = json.loads(Path("out/dataset.json").read_text("utf-8"))["recipe"]
    assert (found["seed"], found["variants"]["aug"]["copies"]) == (5, 2)


def test_only_and_limit_choose_sources(augcli, expand):
    plain(Path("in"), 4)
    assert expand("--only", "[bcd]", "--limit", "2")[0] == 0
    assert {line["group"] for line in manifest(Path("out"))} == {"b", "c"}


@pytest.mark.parametrize(("args", "workers"), [((), 3), (("-j", "2"), 2), (("-j", "9"), 4)])
def test_all_usable_cpus_work_by_default_but_no_more_than_there_are_sources(
    augcli, monkeypatch, args, workers
):
    engines, real = [], running.local_engine
    monkeypatch.setattr(running, "usable_cpus", lambda: 3)
    monkeypatch.setattr(
        running,
        "local_engine",
        lambda set_up, workers, alone: engines.append(workers) or real(set_up, workers=1, alone=alone),
    )
    plain(Path("in"), 4)
    assert augcli("expand", "recipe.yaml", "in", "out", *args)[0] == 0
    assert engines == [workers]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="CPUs cannot be bound here")
def test_usable_cpus_are_those_that_this_process_may_use():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert running.usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert running.usable_cpus() == len(before)


# --- some failed


def test_failed_sources_are_named_once_and_the_code_is_1_until_they_are_mended(augcli, expand):
    folders(Path("in"), 2)
    good = Path("in/images/b.jpg").read_bytes()
    Path("in/images/b.jpg").write_bytes(b"")
    reason = "images/b.jpg: the file is empty (0 bytes); replace it or leave it out"
    code, said, noted = expand("-q")
    assert (code, noted) == (1, f"failed (3 pairs): {reason}\n")
    assert said.startswith("3 pairs written, 3 failed; ")
    code, said, _ = expand("-q")
    assert code == 1
    assert said.startswith("0 pairs written, 3 already there, 3 failed; ")
    Path("in/images/b.jpg").write_bytes(good)
    code, said, noted = expand("-q")
    assert (code, noted) == (0, "")
    assert said.startswith("3 pairs written, 3 already there, 0 failed; ")
    assert not Path("out/failures.jsonl").exists()


def test_of_many_failures_the_first_twenty_are_named(augcli, expand):
    plain(Path("in"), 1)
    for number in range(23):
        Path(f"in/x{number:02}.png").write_bytes(b"")
    code, _, noted = expand("-q")
    lines = noted.splitlines()
    assert code == 1
    assert [line.split()[3] for line in lines[:20]] == [f"x{number:02}.png:" for number in range(20)]
    assert lines[20:] == ["and 3 more, all in out/failures.jsonl"]
    assert len(Path("out/failures.jsonl").read_text().splitlines()) == 69


def test_the_limit_of_pixels_can_be_set(augcli, expand):
    plain(Path("in"), 1)
    assert expand("--max-pixels", "1073")[0] == 0  # 37 x 29
    assert expand("--max-pixels", "1072")[0] == 0  # there already
    Path("in/bomb.png").write_bytes(huge_png())
    code, _, noted = expand("-q", "--overwrite", "--max-pixels", "1072")
    assert code == 1
    assert "a.png: 1,073 pixels are more than the limit of 1,072; " in noted
    assert "bomb.png: 400,000,000 pixels are more than the limit of 1,072; " in noted


# --- refused


def refused(result, message):
    """Exit code 2, nothing said but one line."""
    assert result == (2, "", f"augcli: {message}\n")


def test_a_missing_recipe_is_refused(augcli):
    plain(Path("in"), 1)
    refused(
        augcli("expand", "nothing.yaml", "in", "out"),
        "nothing.yaml: there is no such recipe; check the path",
    )


def test_recipe_and_input_in_the_wrong_order_are_refused(augcli):
    plain(Path("in"), 1)
    refused(
        augcli("expand", "in", "recipe.yaml", "out"),
        "in: is a folder, not a recipe; the recipe comes first: augcli expand recipe.yaml in/ out/",
    )


def test_an_empty_and_a_missing_input_are_refused(augcli, expand):
    reads = "augcli reads .jpg .jpeg .png .webp .tif .tiff .bmp .gif .jp2 .j2k"
    refused(expand(), "in: no such folder; check the path of the input")
    Path("in").mkdir()
    refused(expand(), f"in: no images below this folder; {reads}")
    assert sorted(os.listdir()) == ["in", "recipe.yaml"]


def test_an_output_in_the_input_is_refused(augcli):
    plain(Path("in"), 1)
    refused(
        augcli("expand", "recipe.yaml", "in", "in/out"),
        "in/out: the output lies in the input; put it beside the input",
    )
    assert os.listdir("in") == ["a.png"]


def test_two_sources_of_one_output_name_are_refused(augcli, expand):
    plain(Path("in"), 1)
    save(Path("in/a__fliplr.png"), photo())
    refused(
        expand("-q"),
        "two files would be called a__fliplr.png: of a.png and of a__fliplr.png; rename one of the sources",
    )
    assert sorted(os.listdir()) == ["in", "recipe.yaml"]


def test_an_output_that_augcli_did_not_write_is_refused(augcli, expand):
    plain(Path("in"), 1)
    save(Path("out/mine.png"), photo())
    for more in ((), ("--overwrite",)):
        refused(
            expand("-q", *more),
            "out: exists and augcli did not write it; name another output, or remove it yourself",
        )
    assert os.listdir("out") == ["mine.png"]


def test_an_output_of_another_recipe_is_refused_and_overwritten_only_when_told(augcli, expand):
    plain(Path("in"), 1)
    expand()
    Path("out/mine.txt").write_text("mine")
    Path("recipe.yaml").write_text(FLIPS + "seed: 3", "utf-8")
    refused(
        expand("-q"),
        "out: belongs to another recipe: seed was 0, is 3; name another output, or use --overwrite",
    )
    assert expand("-q", "--overwrite")[0] == 0
    assert Path("out/mine.txt").read_text() == "mine"
    assert json.loads(Path("out/dataset.json").read_text("utf-8"))["recipe"]["seed"] == 3


def test_an_output_that_another_run_is_writing_is_refused(augcli, expand):
    plain(Path("in"), 1)
    with output.locked(Path("out")):
        refused(expand("-q"), "out: another run is writing this output; wait for it")
    assert expand("-q")[0] == 0


def test_copies_of_what_is_fixed_are_refused(augcli, expand):
    plain(Path("in"), 1)
    refused(
        expand("-n", "2"),
        "recipe.yaml: no variant is random, so 2 copies would be the same; "
        "leave out -n, or draw something, like rotate: {degrees: [-15, 15]}",
    )


def test_a_glob_that_matches_nothing_is_refused(augcli, expand):
    plain(Path("in"), 1)
    refused(expand("-q", "--only", "z*"), "in: no source matches --only z*")


def test_orphans_are_refused_under_strict(augcli, expand):
    folders(Path("in"), 2)
    Path("in/masks/b.png").unlink()
    refused(
        expand("-q", "--strict"),
        "in: --strict: 1 image without a mask: images/b.jpg; pair them up, or leave out --strict",
    )


def test_every_mistake_of_a_recipe_is_shown_on_a_line_of_its_own(augcli, expand):
    plain(Path("in"), 1)
    Path("recipe.yaml").write_text("sead: 1\ntransforms: [horizontal_flop]\n", "utf-8")
    code, said, noted = expand()
    assert (code, said) == (2, "")
    assert [line.split(" ")[0] for line in noted.splitlines()] == ["recipe.yaml:1:1:", "recipe.yaml:2:14:"]


@pytest.mark.parametrize("args", [("-j", "0"), ("--limit", "0"), ("--max-pixels", "0"), ("--nonsense",)])
def test_arguments_that_make_no_sense_are_refused(augcli, expand, args):
    plain(Path("in"), 1)
    code, said, noted = expand(*args)
    assert (code, said) == (2, "")
    assert args[0].strip("-") in noted
    assert not Path("out").exists()


# --- bugs and disks


def test_a_bug_shows_where_it_happened_and_asks_for_a_report(augcli, expand, monkeypatch):
    plain(Path("in"), 1)

    def broken(*_, **__):
        raise ZeroDivisionError("in a worker")

    monkeypatch.setattr(pair, "augment", broken)
    code, said, noted = expand("-q")
    assert (code, said) == (70, "")
    assert "ZeroDivisionError: in a worker" in noted
    assert noted.endswith(
        "augcli: this is a bug in augcli; please report it, with the lines above and the recipe\n"
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_ends_with_74_and_is_continued_when_there_is_room(augcli, tmp_path, workers):
    plain(Path("in"), 8)
    Path("recipe.yaml").write_text(RANDOM, "utf-8")
    out = tmp_path / "disk/out"
    command = ("expand", "recipe.yaml", "in", out, f"-j{workers}", "-q")
    with mounted(tmp_path / "disk", "100k"):
        code, said, noted = augcli(*command)
        assert (code, said) == (74, "")
        assert re.fullmatch(
            rf"augcli: {out}.partial/\S+: cannot write: No space left on device; "
            r"mend that and run the same command again\n",
            noted,
        )
        assert not out.exists()
        subprocess.run(["mount", "-o", "remount,size=2m", str(tmp_path / "disk")], check=True)
        code, said, _ = augcli(*command)
        assert code == 0
        run(RANDOM, tmp_path / "in", tmp_path / "undisturbed")
        assert tree(out) == tree(tmp_path / "undisturbed")


def test_a_file_that_may_not_grow_ends_with_74(augcli, expand, tmp_path):
    save(Path("in/a.png"), photo(width=300, height=300))
    command = [sys.executable, "-m", "augcli", "expand", "recipe.yaml", "in", "out", "-j1"]
    limited = subprocess.run(
        ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *command], capture_output=True, text=True, check=False
    )
    assert limited.returncode == 74
    assert "cannot write: File too large; mend that and run the same command again\n" in limited.stderr
    assert not Path("out").exists()
    assert expand()[0] == 0
    assert len(manifest(Path("out"))) == 3


def test_a_mount_point_is_written_continued_and_replaced(augcli, expand):
    folders(Path("in"), 2)
    with mounted(Path("out")):
        assert expand("-q")[0] == 0
        run(FLIPS, Path("in"), Path("beside"))
        assert tree(Path("out")) == tree(Path("beside"))
        Path("out/masks/a.png").unlink()
        assert expand("-q")[1].startswith("1 pairs written, 5 already there, 0 failed; ")
        assert tree(Path("out")) == tree(Path("beside"))
        Path("recipe.yaml").write_text(FLIPS + "seed: 3", "utf-8")
        assert expand("-q", "--overwrite")[0] == 0
        assert len(manifest(Path("out"))) == 6
        assert not Path("out/.augcli.partial").exists()


# --- signals

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")


@needs_proc
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_ends_it_without_orphans(slow, number, code, word, workers):
    process = started(slow, workers=workers)
    wait_until(lambda: written(slow) > 20, process)
    begun = children(process.pid)
    assert bool(begun) == (workers > 1)  # one worker means no pool
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # Ctrl-C reaches the whole group
    else:
        process.send_signal(number)
    said, noted = process.communicate(timeout=60)
    assert process.returncode == code
    assert said == ""
    assert noted.splitlines()[-1] == f"augcli: {word}; {AGAIN}"
    assert "Traceback" not in noted
    wait_until(lambda: not any(map(is_alive, begun)))  # the resource tracker ends after it
    assert sorted(os.listdir(slow)) == ["in", "out.partial", "recipe.yaml"]


@needs_proc
def test_killed_again_and_again_it_ends_with_the_tree_of_an_undisturbed_run(tmp_path):
    for number in range(20):
        save(tmp_path / f"in/{number:02}.png", photo(number, width=90, height=60))
    (tmp_path / "recipe.yaml").write_text(RANDOM, "utf-8")
    for pictures in (1, 11, 37, 64):
        process = started(tmp_path)
        wait_until(lambda enough=pictures: written(tmp_path) >= enough, process)
        begun = children(process.pid)
        process.kill()
        process.communicate()
        assert not (tmp_path / "out").exists()
        wait_until(lambda pids=begun: not any(map(is_alive, pids)))
    process = started(tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.match(r"\d+ pairs written, [1-9]\d+ already there, 0 failed; ", said)
    run(RANDOM, tmp_path / "in", tmp_path / "undisturbed")
    assert tree(tmp_path / "out") == tree(tmp_path / "undisturbed")
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "recipe.yaml", "undisturbed"]


@needs_proc
def test_a_worker_that_is_killed_from_outside_costs_nothing(tmp_path):
    for number in range(20):
        save(tmp_path / f"in/{number:02}.png", photo(number, width=90, height=60))
    (tmp_path / "recipe.yaml").write_text(RANDOM, "utf-8")
    process = started(tmp_path)
    wait_until(lambda: written(tmp_path) > 5, process)
    workers = [pid for pid in children(process.pid) if b"spawn_main" in command_of(pid)]
    os.kill(workers[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.startswith("80 pairs written, 0 failed; ")
    run(RANDOM, tmp_path / "in", tmp_path / "undisturbed")
    assert tree(tmp_path / "out") == tree(tmp_path / "undisturbed")


def command_of(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def test_two_runs_at_once_one_works_and_one_is_refused(slow):
    first = started(slow)
    wait_until(lambda: written(slow) > 5, first)
    second = started(slow)
    _, noted = second.communicate(timeout=60)
    assert second.returncode == 2
    assert noted.splitlines()[-1] == "augcli: out: another run is writing this output; wait for it"
    assert first.poll() is None
    first.terminate()
    first.communicate(timeout=60)
    assert first.returncode == 143


def test_a_mistyped_command_is_answered_with_the_nearest(augcli):
    for typed, answer in (
        ("expnad", "did you mean expand?"),
        ("frobnicate", "the commands are expand, init"),
    ):
        code, _, said = augcli(typed)
        assert code == 2
        assert f"Error: no command '{typed}'; {answer}" in said
