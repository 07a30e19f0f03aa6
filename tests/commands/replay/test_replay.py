"""replay: every pair of every kind of output is made again bit for bit, or it is said what differs."""

import json

import numpy as np
import pytest
from support.damaged_outputs import redescribe, refusal_of, rewrite, sha
from support.datasets_on_disk import folders, labels, manifest, photo, read, run, save
from support.finished_outputs import KINDS, TURNED, made

from augcli.commands.replay.replay import replay
from augcli.output.fingerprint import fingerprint
from augcli.output.read import files_of, read_finished, read_lines
from augcli.output.store import StoreError

FROM_OUTPUT = ("index", "colours", "pictures", "classes", "deep", "pages_together", "accepted", "dropped")
NAME = "images/a__turned-1.jpg"
CHANGED = "the fingerprint is the same: the output was changed since, or this is a bug in augcli"


def records(out):
    return [line.record for line in read_lines(read_finished(out))]


@pytest.fixture
def out(tmp_path):
    folders(tmp_path / "in", 2)
    run(TURNED, tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def again(out, name=NAME, **options):
    return replay(out, name, out.parent / "again", **options)


def refused(out, name=NAME, **options):
    return refusal_of(lambda: again(out, name, **options))


# --- equal


@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_of_every_kind_is_made_again_bit_for_bit(kind, tmp_path):
    out = made(kind, tmp_path)
    for number, record in enumerate(records(out)):
        folder = tmp_path / f"again-{number}"
        found = replay(out, record.file_name, folder, source=tmp_path / "in")
        assert (found.is_equal, found.line, found.versions, found.by_line) == (True, (), (), False)
        assert found.files == dict.fromkeys(files_of(record), "equal")
        for name in found.files:
            assert (folder / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.parametrize("kind", FROM_OUTPUT)
def test_originals_that_are_the_sources_bytes_are_source_enough(kind, tmp_path):
    out = made(kind, tmp_path)
    (tmp_path / "in").rename(tmp_path / "gone")
    for number, record in enumerate(records(out)):
        assert replay(out, record.file_name, tmp_path / f"again-{number}").is_equal


def test_what_was_lost_is_made_again(out):
    kept = (out / NAME).read_bytes()
    (out / NAME).unlink()
    assert again(out).is_equal
    assert (out.parent / "again" / NAME).read_bytes() == kept


@pytest.mark.parametrize(
    "name", ["masks/a__turned-1.png", "{out}/masks/a__turned-1.png", "{out}/images/a__turned-1.jpg"]
)
def test_a_pair_goes_by_any_of_its_files_also_as_a_path(name, out):
    found = again(out, name.format(out=out))
    assert list(found.files) == ["images/a__turned-1.jpg", "masks/a__turned-1.png"]


def test_a_source_may_have_any_name(tmp_path):
    save(tmp_path / "in/images/a \u00fc \U0001f600 'q'.png", photo())
    save(tmp_path / "in/masks/a \u00fc \U0001f600 'q'.png", labels())
    run("input: {classes: ['\u00fc \U0001f600', b]}\n" + TURNED, tmp_path / "in", tmp_path / "out")
    for line in manifest(tmp_path / "out"):
        assert replay(
            tmp_path / "out", line["file_name"], tmp_path / line["variant"] / str(line["copy"])
        ).is_equal


def test_what_is_said_of_an_equal_pair(out):
    folder = out.parent / "again"
    assert again(out).lines() == [f"{folder}/{NAME}: equal", f"{folder}/masks/a__turned-1.png: equal"]


# --- not equal


def other_versions(out):
    redescribe(out, lambda found: found["fingerprint"].update(opencv="4.11.0", older="1"))


def test_other_versions_are_named_and_equal_files_are_equal(out):
    other_versions(out)
    found = again(out)
    assert found.is_equal
    assert found.lines()[:2] == [
        f"another fingerprint: opencv {fingerprint()['opencv']} here, 4.11.0 there",
        "another fingerprint: older missing here, 1 there",
    ]


def changed_picture(out, pixels):
    """The output as another OpenCV would have made it: its own file and digest are others."""
    save(out / "images/a__turned-1.png", pixels)
    rewrite(out, lambda lines: lines[1].update(sha256=sha(out / "images/a__turned-1.png")))


@pytest.fixture
def exact(tmp_path):
    """An output whose pictures are PNG."""
    folders(tmp_path / "in", 1, image=".png")
    run(TURNED, tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def test_pixels_that_differ_are_counted(exact):
    other_versions(exact)
    pixels = read(exact / "images/a__turned-1.png").astype(np.int16)
    pixels[0, 0] += np.where(pixels[0, 0] > 128, -3, 3)
    pixels[5, 7, 1] += -1 if pixels[5, 7, 1] > 128 else 1
    changed_picture(exact, pixels.astype(np.uint8))
    found = again(exact, "images/a__turned-1.png")
    assert not found.is_equal
    assert found.files == {
        "images/a__turned-1.png": "2 of 1073 pixels differ, by at most 3",
        "masks/a__turned-1.png": "equal",
    }
    assert CHANGED not in found.lines()


def test_equal_pixels_in_other_bytes_are_not_equal_files(exact):
    pixels = read(exact / "images/a__turned-1.png")
    save(exact / "images/a__turned-1.png", pixels, compress_level=0)
    rewrite(exact, lambda lines: lines[1].update(sha256=sha(exact / "images/a__turned-1.png")))
    found = again(exact, "images/a__turned-1.png")
    assert not found.is_equal
    assert found.files["images/a__turned-1.png"] == "equal pixels, other bytes"
    assert found.lines()[-1] == CHANGED


def test_labels_that_differ_are_counted(exact):
    mask = read(exact / "masks/a__turned-1.png").copy()
    mask[0, :4] ^= 1
    changed = {1: mask, 2: read(exact / "masks/a__turned-2.png")}
    for number, values in changed.items():
        name = f"masks/a__turned-{number}.png"
        save(exact / name, values, compress_level=0)
        rewrite(exact, lambda lines, n=number, f=name: lines[n].update(mask_sha256=sha(exact / f)))
        found = replay(exact, name, exact.parent / f"again-{number}")
        expected = ("4 of 1073 labels differ", "equal labels, other bytes")[number - 1]
        assert found.files[name] == expected


def test_another_size_or_depth_is_said(exact):
    changed_picture(exact, photo(width=20))
    save(exact / "masks/a__turned-1.png", labels(dtype=np.uint16))
    rewrite(exact, lambda lines: lines[1].update(mask_sha256=sha(exact / "masks/a__turned-1.png")))
    assert list(again(exact, "images/a__turned-1.png").files.values()) == [
        "a picture of another size or depth",
        "a mask of another size or depth",
    ]


def test_without_the_outputs_own_file_bytes_alone_are_compared(exact):
    rewrite(exact, lambda lines: lines[1].update(sha256="0" * 64, mask_sha256="1" * 64))
    (exact / "masks/a__turned-1.png").unlink()
    assert list(again(exact, "images/a__turned-1.png").files.values()) == [
        "other bytes than in the manifest; the output's own file is not as it was written",
        "other bytes than in the manifest; the output's own file is missing",
    ]


def test_a_line_that_was_changed_is_not_equal(out):
    changes = {"filled": 0.5, "attempts": 2, "note": "n", "reencoded": "r"}
    rewrite(out, lambda lines: lines[1].update(changes))
    found = again(out)
    assert not found.is_equal
    assert found.lines() == [
        "another manifest line: filled was 0.5, is 0.0",
        "another manifest line: attempts was 2, is 1",
        "another manifest line: reencoded was r, is None",
        "and 1 more difference in the manifest line",
        f"{out.parent}/again/{NAME}: equal",
        f"{out.parent}/again/masks/a__turned-1.png: equal",
        CHANGED,
    ]


# --- other draws


def drawn_otherwise(out):
    """The output of an augcli that draws other numbers: here, of another seed."""
    other = out.with_name("other")
    run("seed: 5\n" + TURNED, out.parent / "in", other)
    redescribe(
        other, lambda found: (found["recipe"].update(seed=0), found["fingerprint"].update(augcli="0.0.9"))
    )
    return other


def test_other_draws_are_said_and_the_steps_of_the_line_make_the_pair(out):
    other = drawn_otherwise(out)
    for line in manifest(other):
        found = replay(
            other, line["file_name"], out.parent / line["variant"] / line["group"] / str(line["copy"])
        )
        assert found.is_equal
        assert found.by_line == (line["variant"] != "original")
        assert (
            "this augcli draws other numbers: made with those of the manifest" in found.lines()
        ) == found.by_line


def test_a_step_that_this_augcli_does_not_have_is_named(out):
    other = drawn_otherwise(out)
    rewrite(other, lambda lines: lines[1]["applied"][0].update(name="unheard_of"))
    assert refused(other) == f"{other}: this augcli has no step unheard_of; use augcli 0.0.9"


def test_steps_that_cannot_be_carried_out_are_named(out):
    other = drawn_otherwise(out)
    rewrite(other, lambda lines: lines[1]["applied"][0].update(params={}))
    assert refused(other) == (
        f"{other}: the steps of {NAME} in the manifest cannot be carried out; use augcli 0.0.9"
    )


# --- refused


def test_a_name_that_no_pair_has_is_refused(out):
    assert refused(out, "images/z.jpg") == (
        f"{out}: no pair has a file called images/z.jpg; name a file as the manifest does, like images/a.jpg"
    )
    (out / "manifest.jsonl").write_text("x\n", "utf-8")
    assert refused(out) == f"{out}: no pair has a file called {NAME}; augcli verify says more"


def test_nothing_is_overwritten_and_nothing_written_then(out):
    save(out.parent / "again/masks/a__turned-1.png", labels())
    expected = f"{out.parent}/again/masks/a__turned-1.png: exists already; name another folder with -o"
    assert refused(out) == expected
    assert not (out.parent / "again/images").exists()


def test_a_place_that_cannot_be_written_is_named(out):
    (out.parent / "again").write_text("a file", "utf-8")
    with pytest.raises(StoreError, match="cannot write: "):
        again(out)


def test_a_source_that_is_another_now_is_refused_by_name(out):
    path = out.parent / "in/masks/a.png"
    before = sha(path)
    save(path, labels(9))
    assert refused(out, source=out.parent / "in") == (
        f"{path}: is not the file that was expanded: sha256 {sha(path)[:12]}, expected {before[:12]}; "
        "name the data set that was expanded"
    )
    path.unlink()
    assert refused(out, source=out.parent / "in") == f"{path}: cannot be read: No such file or directory"
    assert again(out).is_equal


def test_an_output_without_the_sources_bytes_asks_for_the_input(tmp_path):
    out = made("gifs", tmp_path)
    line = manifest(out)[1]
    assert refused(out, line["file_name"]) == (
        f"{out}: holds no copy of the source {line['sources'][0]['mask']}; "
        "name the data set that was expanded with --input"
    )


def test_a_damaged_original_is_no_source(out):
    hint = "name the data set that was expanded with --input"
    (out / "images/a.jpg").write_bytes(b"x")
    assert refused(out) == (
        f"{out}/images/a.jpg: is not as it was written, and the source images/a.jpg is needed; {hint}"
    )
    (out / "images/a.jpg").unlink()
    assert refused(out) == (
        f"{out}/images/a.jpg: cannot be read: No such file or directory, "
        f"and the source images/a.jpg is needed; {hint}"
    )
    assert again(out, source=out.parent / "in").is_equal


def test_a_variant_that_the_recipe_does_not_have_is_refused(out):
    rewrite(out, lambda lines: lines[1].update(variant="other"))
    assert refused(out) == (
        f"{out}: {NAME} is of the variant other, which its recipe does not have; augcli verify says more"
    )


def test_a_picture_over_the_limit_is_refused_from_its_header(out):
    assert refused(out, max_pixels=100).startswith("images/a.jpg: ")
    assert not (out.parent / "again").exists()


def test_the_recipe_in_dataset_json_is_the_one_that_was_expanded(out):
    recipe = json.loads((out / "dataset.json").read_text("utf-8"))["recipe"]
    assert read_finished(out).recipe.resolved() == recipe
