"""Continuing: whatever a run was stopped by, the next one ends with the tree of an undisturbed run."""

import os

import numpy as np
import pytest
from support.datasets_on_disk import (
    FLIPS,
    RANDOM,
    failures,
    folders,
    labels,
    manifest,
    photo,
    plain,
    read,
    run,
    save,
    tree,
)

from augcli.commands.expand import run as running
from augcli.errors import OutputError
from augcli.output import store as stores
from augcli.output.report import Progress
from augcli.output.resume import differences
from augcli.output.store import StoreError
from augcli.pipeline.plan import Selection


class Killed(BaseException):
    """Stands for a process that is no more."""


class StopAfter(Progress):
    """Stops a run when so many pairs have been made."""

    def __init__(self, pairs):
        self.left = pairs

    def advances(self):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture
def source(tmp_path):
    return folders(tmp_path / "in", 2)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def undisturbed(source, tmp_path, text=FLIPS):
    run(text, source, tmp_path / "undisturbed")
    return tree(tmp_path / "undisturbed")


def refusal(*args, **options):
    with pytest.raises(OutputError) as caught:
        run(*args, **options)
    return str(caught.value)


def times(folder):
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def fail_from(monkeypatch, number, error, forever):
    """Let the operations on the output fail at one, or from one on. Returns what counts them."""
    real, done = stores._named, []

    def named(what, path):
        done.append(what)
        if len(done) == number or (forever and len(done) > number):
            raise error
        return real(what, path)

    monkeypatch.setattr(stores, "_named", named)
    return done


# --- stopped anywhere


@pytest.mark.parametrize(
    ("error", "forever"),
    [(Killed(), True), (KeyboardInterrupt(), False), (StoreError("cannot write: disk full"), True)],
    ids=["killed", "interrupted", "disk full"],
)
def test_stopped_at_any_operation_it_is_continued_to_the_same_tree(
    source, out, tmp_path, monkeypatch, error, forever
):
    whole = undisturbed(source, tmp_path)
    monkeypatch.setattr(running, "COMMIT_SECONDS", 0.0)  # the journal grows with every source
    number = 0
    while True:
        number += 1
        with monkeypatch.context() as patch:
            fail_from(patch, number, error, forever)
            try:
                run(FLIPS, source, out)
            except type(error):
                if out.exists():  # it is whole as soon as it is there
                    assert tree(out) == whole
            else:
                break
        run(FLIPS, source, out)
        assert tree(out) == whole
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "undisturbed"]
        for path in sorted(out.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        out.rmdir()
    assert number > 30


def test_a_retry_stopped_at_any_operation_is_continued_to_the_same_tree(source, out, tmp_path, monkeypatch):
    whole = undisturbed(source, tmp_path)
    broken, good = source / "images/b.jpg", (source / "images/b.jpg").read_bytes()
    number, done = 0, False
    while not done:
        number += 1
        broken.write_bytes(b"")
        assert len(run(FLIPS, source, out, overwrite=True).failed) == 3
        broken.write_bytes(good)
        with monkeypatch.context() as patch:
            fail_from(patch, number, Killed(), True)
            try:
                run(FLIPS, source, out)
                done = True
            except Killed:
                pass
        run(FLIPS, source, out)
        assert tree(out) == whole
        save(source / "images/b.jpg", photo(9))  # other inputs: --overwrite begins anew
    assert number > 15


def test_replacing_an_output_can_be_stopped_at_any_operation(source, out, tmp_path, monkeypatch):
    whole = undisturbed(source, tmp_path, RANDOM)
    number, done = 0, False
    while not done:
        number += 2
        run(FLIPS, source, out, overwrite=True)
        (out / "mine.txt").write_bytes(b"mine")
        with monkeypatch.context() as patch:
            fail_from(patch, number, Killed(), True)
            try:
                run(RANDOM, source, out, overwrite=True)
                done = True
            except Killed:
                pass
        run(RANDOM, source, out, overwrite=True)
        assert tree(out) == whole | {"mine.txt": b"mine"}
        assert not (tmp_path / "out.partial").exists()


def test_what_was_journaled_is_not_made_again(source, out):
    with pytest.raises(KeyboardInterrupt):
        run(RANDOM, source, out, progress=StopAfter(5))
    assert not out.exists()
    report = run(RANDOM, source, out)
    assert (report.planned, report.already, report.written) == (8, 5, 3)


def test_interrupted_again_and_again_it_ends_all_the_same(source, out, tmp_path):
    whole = undisturbed(source, tmp_path, RANDOM)
    for _ in range(8):
        with pytest.raises(KeyboardInterrupt):
            run(RANDOM, source, out, progress=StopAfter(1))
    assert run(RANDOM, source, out).written == 0
    assert tree(out) == whole


@pytest.mark.parametrize("lost", [1, 30, 400, 5000])
def test_with_a_torn_journal_the_rest_is_made_again(source, out, tmp_path, lost):
    with pytest.raises(KeyboardInterrupt):
        run(FLIPS, source, out, progress=StopAfter(5))
    journal = tmp_path / "out.partial/.augcli/journal.jsonl"
    os.truncate(journal, max(0, journal.stat().st_size - lost))
    report = run(FLIPS, source, out)
    assert report.already < 5
    assert tree(out) == undisturbed(source, tmp_path)


# --- finished


def test_a_finished_output_with_nothing_to_do_is_not_touched(source, out):
    run(FLIPS, source, out)
    before = times(out)
    report = run(FLIPS, source, out)
    assert report.sentence() == "nothing to do: all 6 pairs are there"
    assert times(out) == before


@pytest.mark.parametrize("name", ["images/a__flipud.jpg", "masks/b.png"])
def test_a_file_that_was_deleted_or_cut_is_made_again(source, out, name):
    run(FLIPS, source, out)
    whole = tree(out)
    (out / name).unlink()
    assert run(FLIPS, source, out).written == 1
    assert tree(out) == whole
    os.truncate(out / name, 7)
    assert run(FLIPS, source, out).written == 1
    assert tree(out) == whole


def test_without_its_manifest_it_is_finished_again(source, out):
    run(FLIPS, source, out)
    whole = tree(out)
    (out / "manifest.jsonl").unlink()
    assert run(FLIPS, source, out).written == 0
    assert tree(out) == whole


def test_files_of_others_survive_a_second_run(source, out):
    run(FLIPS, source, out)
    (out / "notes.txt").write_bytes(b"mine")
    (out / "masks/b.png").unlink()
    run(FLIPS, source, out)
    assert tree(out)["notes.txt"] == b"mine"


# --- failures


def test_failed_sources_are_tried_again_and_a_mended_one_is_done(source, out, tmp_path):
    whole = undisturbed(source, tmp_path)
    broken, good = source / "images/a.jpg", (source / "images/a.jpg").read_bytes()
    broken.write_bytes(good[:300])
    for already in (0, 3):
        report = run(FLIPS, source, out)
        assert (report.already, len(report.failed)) == (already, 3)
        assert [line["source"] for line in failures(out)] == ["images/a"] * 3
        assert {line["sources"][0]["image"] for line in manifest(out)} == {"images/b.jpg"}
    broken.write_bytes(good)
    assert run(FLIPS, source, out).written == 3
    assert tree(out) == whole


def test_a_broken_source_that_was_taken_away_is_no_failure_any_more(source, out):
    (source / "images/a.jpg").write_bytes(b"")
    run(FLIPS, source, out)
    (source / "images/a.jpg").unlink()
    (source / "masks/a.png").unlink()
    report = run(FLIPS, source, out)
    assert (report.planned, report.already, report.failed) == (3, 3, [])
    assert "failures.jsonl" not in tree(out)


def test_a_source_that_fails_now_leaves_nothing_of_what_was_made_of_it_before(tmp_path, out):
    source = plain(tmp_path / "in", 2)
    text = "transforms: [{center_crop: {size: 33x25}}]\n"
    save(source / "a.png", photo(width=20, height=20))
    assert len(run(text, source, out).failed) == 1
    assert "a.png" in tree(out)  # the original of a picture that is too small for the crop
    (source / "a.png").write_bytes(b"")
    assert len(run(text, source, out).failed) == 2
    assert sorted(tree(out)) == [
        "b.png",
        "b__aug.png",
        "dataset.json",
        "failures.jsonl",
        "manifest.jsonl",
    ]


# --- refused


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (FLIPS + "seed: 7", "another recipe: seed was 0, is 7"),
        (
            FLIPS + "output: {border: wrap, size: 8}",
            "another recipe: output.size was None, is 8x8; output.border was auto, is wrap",
        ),
        (
            FLIPS.replace("}", ", turn: [rotate90]}"),
            "another recipe: variants.turn is new",
        ),
        (
            "variants: {fliplr: [horizontal_flip], flipud: [vertical_flip]}\n",
            "another order of variants: [0] was flipud, is fliplr; [1] was fliplr, is flipud",
        ),
    ],
)
def test_another_recipe_is_refused_with_the_difference(source, out, text, what):
    run(FLIPS, source, out)
    before = tree(out)
    expected = f"{out}: belongs to {what}; name another output, or use --overwrite"
    assert refusal(text, source, out) == expected
    assert tree(out) == before


def test_an_unfinished_output_of_another_recipe_is_refused_too(source, out):
    with pytest.raises(KeyboardInterrupt):
        run(FLIPS, source, out, progress=StopAfter(2))
    assert refusal(FLIPS + "seed: 7", source, out) == (
        f"{out}.partial: belongs to another recipe: seed was 0, is 7; name another output, or use --overwrite"
    )
    run(FLIPS + "seed: 7", source, out, overwrite=True)
    assert len(manifest(out)) == 6


def test_another_selection_is_refused(source, out):
    run(FLIPS, source, out, selection=Selection(limit=1))
    assert f"{out}: belongs to another selection: limit was 1, is None; " in refusal(FLIPS, source, out)


def test_another_fingerprint_is_refused(source, out, monkeypatch):
    run(FLIPS, source, out)
    now = running.fingerprint()
    monkeypatch.setattr(running, "fingerprint", lambda: now | {"pillow": "99", "numpy": "98"})
    assert refusal(FLIPS, source, out) == (
        f"{out}: belongs to another fingerprint: numpy was {now['numpy']}, is 98; "
        f"pillow was {now['pillow']}, is 99; name another output, or use --overwrite"
    )


def test_other_inputs_are_refused_by_name(source, out, tmp_path):
    run(FLIPS, source, out)
    hint = "; name another output, or use --overwrite"
    save(source / "images/c.jpg", photo(2))
    save(source / "masks/c.png", labels(2))
    added = refusal(FLIPS, source, out)
    assert added == f"{out}: belongs to other inputs: 1 new (images/c){hint}"
    for name in ("images/b.jpg", "masks/b.png"):
        (source / name).unlink()
    both = refusal(FLIPS, source, out)
    assert both == f"{out}: belongs to other inputs: 1 new (images/c), 1 gone (images/b){hint}"


@pytest.mark.parametrize("name", ["images/a.jpg", "masks/a.png"])
def test_a_changed_source_is_refused_by_name(source, out, name):
    run(FLIPS, source, out)
    save(source / name, photo(8) if "images" in name else labels(8))
    expected = f"{out}: belongs to other inputs: {name} has changed; name another output, or use --overwrite"
    assert refusal(FLIPS, source, out) == expected


def test_a_source_that_was_only_touched_has_not_changed(source, out):
    run(FLIPS, source, out)
    os.utime(source / "images/a.jpg")
    assert run(FLIPS, source, out).written == 0


# --- replaced


def test_overwriting_removes_what_the_manifest_lists_and_nothing_else(source, out, tmp_path):
    run(FLIPS, source, out)
    (out / "images/mine.txt").write_bytes(b"mine")
    (out / "empty").mkdir()
    run(RANDOM, source, out, overwrite=True)
    assert tree(out) == undisturbed(source, tmp_path, RANDOM) | {"images/mine.txt": b"mine"}
    assert (out / "empty").is_dir()


def test_overwriting_does_not_replace_what_augcli_did_not_write(source, out):
    out.mkdir()
    (out / "mine.txt").touch()
    assert "exists and augcli did not write it" in refusal(FLIPS, source, out, overwrite=True)
    assert os.listdir(out) == ["mine.txt"]


def test_overwriting_the_same_recipe_has_nothing_to_do(source, out):
    run(FLIPS, source, out)
    before = times(out)
    run(FLIPS, source, out, overwrite=True)
    assert times(out) == before


def test_the_old_output_stays_until_the_new_one_is_made(source, out):
    run(FLIPS, source, out)
    before = tree(out)
    with pytest.raises(KeyboardInterrupt):
        run(RANDOM, source, out, overwrite=True, progress=StopAfter(8))
    assert tree(out) == before
    assert run(RANDOM, source, out, overwrite=True).already == 8


def test_a_refused_question_about_masks_leaves_nothing_and_its_answer_is_taken(tmp_path, out):
    source = folders(tmp_path / "in", 1)
    save(source / "masks/a.png", np.zeros((29, 37), np.uint8))
    with pytest.raises(Exception, match="hold only 0"):
        run(FLIPS, source, out)
    assert os.listdir(tmp_path) == ["in"]
    run(FLIPS + "input: {mask: {kind: binary}}", source, out)
    assert not read(out / "masks/a__flipud.png").any()


# --- differences


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b was 1, is 2"]),
        ({"a": 1}, {"b": 1}, ["a is gone", "b is new"]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ["a[1].b was 2, is 3"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a was [1], is [1, 2]"]),
        ({"a": "x" * 70}, {"a": None}, ["a was " + "x" * 57 + "..., is None"]),
    ],
)
def test_differences_name_their_place(before, now, shown):
    assert list(differences(before, now)) == shown
