"""verify: finished outputs of every kind are whole, and each planted damage is named with its mend."""

import shutil

import numpy as np
import pytest
from PIL import Image as PilImage
from support.damaged_outputs import REMOVE, missing, redescribe, refusal_of, rewrite, sha, truncated
from support.datasets_on_disk import folders, labels, manifest, photo, read, run, save, tree
from support.finished_outputs import KINDS, TURNED, made

from augcli.commands.verify.pair import Damage
from augcli.commands.verify.verify import verify
from augcli.output.report import Progress

MASKED = ("index", "palette_without_originals", "binary", "colours", "several", "pages_together")
ANEW = "remove manifest.jsonl and run expand again"
HELD_BY_NOTHING = "held against nothing: name the data set that was expanded with --input"


@pytest.fixture
def out(tmp_path):
    """Two sources with masks of the values 0, 1, 2, 7 and 255: a, a__turned-1, a__turned-2, b, ..."""
    folders(tmp_path / "in", 2)
    run(TURNED, tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def said(out, **options):
    return [damage.sentence() for damage in verify(out, **options).damages]


def relabel(out, number, name="mask"):
    """Give a line the digests that its files have now."""

    def change(lines):
        line = lines[number]
        line["sha256"] = sha(out / line["file_name"])
        if line[f"{name}_file_name"]:
            line[f"{name}_sha256"] = sha(out / line[f"{name}_file_name"])

    rewrite(out, change)


# --- whole


@pytest.mark.parametrize("kind", KINDS)
def test_a_finished_output_of_any_kind_is_whole_and_stays_as_it_is(kind, tmp_path):
    out = made(kind, tmp_path)
    before = tree(out)
    alone = verify(out)
    assert (alone.damages, tree(out)) == ((), before)
    remark = f"the values of 4 masks were {HELD_BY_NOTHING}"
    assert alone.remarks == ((remark,) if kind == "palette_without_originals" else ())
    beside = verify(out, source=tmp_path / "in")
    assert (beside.damages, beside.remarks) == ((), ())
    assert beside.pairs == len(manifest(out))


def test_workers_find_what_one_process_finds(out, monkeypatch):
    (out / "masks/b.png").unlink()
    (out / "images/a.jpg").write_bytes(b"")
    alone = verify(out)
    monkeypatch.setattr("augcli.commands.verify.verify.PAIRS_PER_WORKER", 1)
    assert verify(out, workers=2) == alone
    assert [damage.file for damage in alone.damages] == ["images/a.jpg", "masks/b.png"]


def test_sources_of_many_copies_are_taken_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("augcli.commands.verify.verify.PAIRS_PER_TASK", 2)
    folders(tmp_path / "in", 1)
    run(TURNED.replace("copies: 2", "copies: 6"), tmp_path / "in", tmp_path / "out")
    assert (verify(tmp_path / "out").pairs, said(tmp_path / "out")) == (7, [])


def test_progress_is_told_pair_by_pair(out):
    class Heard(Progress):
        def __init__(self):
            self.total = self.advanced = self.ended = 0

        def begins(self, total, done):
            self.total = total

        def advances(self):
            self.advanced += 1

        def ends(self):
            self.ended += 1

    heard = Heard()
    verify(out, progress=heard)
    assert (heard.total, heard.advanced, heard.ended) == (6, 6, 1)


# --- damaged files: each is named with its mend, and the mend mends it


def flipped(out):
    path = out / "masks/a.png"
    written, data = sha(path), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return f"masks/a.png: sha256 {sha(path)[:12]}, expected {written[:12]}; {REMOVE}"


def foreign_value(out):
    values = read(out / "masks/a__turned-1.png").copy()
    values[0, :3] = 9, 10, 9
    save(out / "masks/a__turned-1.png", values)
    relabel(out, 1)
    return f"masks/a__turned-1.png: holds 9, 10, expected only 0, 1, 2, 7, 255; {REMOVE}"


def colours_among_classes(out):
    save(out / "masks/b__turned-1.png", photo())
    relabel(out, 4)
    return f"masks/b__turned-1.png: a mask of mode RGB, expected one of kind index; {REMOVE}"


def another_size(out):
    save(out / "images/a__turned-1.jpg", photo(width=30, height=20))
    relabel(out, 1)
    return f"images/a__turned-1.jpg: 30x20 pixels, expected 37x29; {REMOVE}"


def mask_of_another_size(out):
    save(out / "masks/a__turned-1.png", labels(width=30, height=20))
    relabel(out, 1)
    return f"masks/a__turned-1.png: 30x20 pixels, expected 37x29; {REMOVE}"


def no_picture(out):
    (out / "images/a__turned-1.jpg").write_bytes(b"no picture")
    relabel(out, 1)
    return (
        "images/a__turned-1.jpg: not an image of a format that is read (JPEG, PNG, GIF, TIFF, WebP, BMP and "
        f"JPEG 2000); {REMOVE}"
    )


def duplicate_line(out):
    rewrite(out, lambda lines: lines.append(lines[1]))
    return f"manifest.jsonl:7: images/a__turned-1.jpg again, expected it in line 2 alone; {ANEW}"


def broken_line(out):
    path = out / "manifest.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1][:50] + b"\n", *lines[2:]]))
    return f"manifest.jsonl:2: no JSON, expected a pair; {ANEW}"


def line_of_something_else(out):
    rewrite(out, lambda lines: lines.insert(0, [1, 2]))
    return f"manifest.jsonl:1: [1, 2], expected a pair; {ANEW}"


def line_without_keys(out):
    rewrite(out, lambda lines: [lines[2].pop(key) for key in ("variant", "sha256")])
    return f"manifest.jsonl:3: no variant, sha256, expected all keys of a pair; {ANEW}"


def line_of_another_type(out):
    rewrite(out, lambda lines: lines[2].update(width="wide"))
    return f"manifest.jsonl:3: width is 'wide', expected a whole number; {ANEW}"


def line_that_leaves(out):
    rewrite(out, lambda lines: lines[2].update(file_name="../in/images/a.jpg"))
    return f"manifest.jsonl:3: file_name is '../in/images/a.jpg', expected a path in the output; {ANEW}"


def line_without_a_digest(out):
    rewrite(out, lambda lines: lines[2].update(mask_sha256=None))
    parts = "parts that do not fit together"
    return f"manifest.jsonl:3: {parts}, expected a pair as expand writes it; {ANEW}"


def line_without_sources(out):
    rewrite(out, lambda lines: lines[2].update(sources=[]))
    return f"manifest.jsonl:3: no source, expected one; {ANEW}"


def lost_lines(out):
    rewrite(out, lambda lines: lines.pop())
    return f"dataset.json: counts.pairs is 6, expected 5 as manifest.jsonl says; {ANEW}"


def wrong_counts(out):
    redescribe(out, lambda found: found["counts"].update(sources=3))
    return f"dataset.json: counts.sources is 3, expected 2 as manifest.jsonl says; {ANEW}"


def wrong_failures(out):
    redescribe(out, lambda found: found["counts"].update(failed=1))
    return f"dataset.json: counts.failed is 1, expected 0 as failures.jsonl says; {ANEW}"


def unknown_variant(out):
    redescribe(out, lambda found: found["counts"]["variants"].update(other=1))
    return f"dataset.json: counts.variants.other is 1, expected 0 as manifest.jsonl says; {ANEW}"


def no_counts(out):
    redescribe(out, lambda found: found.pop("counts"))
    return f"dataset.json: counts.sources is nothing, expected 2 as manifest.jsonl says; {ANEW}"


def another_recipe(out):
    redescribe(out, lambda found: found["recipe"].update(seed=1))
    return f"dataset.json: a recipe that is not the one of recipe_digest; {ANEW}"


DAMAGES = (
    truncated,
    flipped,
    missing,
    foreign_value,
    colours_among_classes,
    another_size,
    mask_of_another_size,
    no_picture,
    duplicate_line,
    broken_line,
    line_of_something_else,
    line_without_keys,
    line_of_another_type,
    line_that_leaves,
    line_without_a_digest,
    line_without_sources,
    lost_lines,
    wrong_counts,
    wrong_failures,
    unknown_variant,
    no_counts,
    another_recipe,
)


@pytest.mark.parametrize("plant", DAMAGES)
def test_a_damage_is_named_and_what_its_line_says_mends_it(plant, out):
    whole = tree(out)
    expected = plant(out)
    damages = verify(out).damages
    assert damages[0].sentence() == expected
    assert verify(out, source=out.parent / "in").damages == damages
    if "remove manifest.jsonl" in expected:
        (out / "manifest.jsonl").unlink()
    elif "remove it" in expected:
        (out / damages[0].file).unlink()
    run(TURNED, out.parent / "in", out)
    assert tree(out) == whole
    assert said(out) == []


def test_several_damages_are_told_in_the_order_of_the_manifest(out):
    expected = [flipped(out), truncated(out), missing(out)]
    assert said(out) == expected


def test_a_folder_in_the_place_of_a_file_is_no_file(out):
    (out / "masks/a.png").unlink()
    (out / "masks/a.png").mkdir()
    assert said(out) == [f"masks/a.png: is no file; {REMOVE}"]


def test_a_further_description_that_says_something_else_is_damaged(tmp_path):
    out = made("described", tmp_path)
    whole = tree(out)
    path = out / "metadata.jsonl"
    path.write_bytes(path.read_bytes().replace(b"turned", b"burned"))
    assert said(out) == [f"metadata.jsonl: does not say what manifest.jsonl says; {ANEW}"]
    path.unlink()
    assert said(out) == [f"metadata.jsonl: is missing; {ANEW}"]
    (out / "manifest.jsonl").unlink()
    run("output: {also: [huggingface]}\n" + TURNED, tmp_path / "in", out)
    assert tree(out) == whole


def test_without_a_run_to_continue_the_mends_are_others(out):
    shutil.rmtree(out / ".augcli")
    (out / "images/a.jpg").unlink()
    assert said(out) == [
        "images/a.jpg: is missing; make it again: augcli replay OUTPUT images/a.jpg -o DIR",
    ]
    duplicate_line(out)
    assert said(out)[0].endswith(" alone; expand the input anew")


def test_a_worker_that_dies_is_told_of_each_of_its_pairs(out):
    from augcli.commands.verify.pair import VerifyTask
    from augcli.commands.verify.verify import _result
    from augcli.engines import Lost
    from augcli.output.read import read_finished, read_lines

    record = next(read_lines(read_finished(out))).record
    assert _result(VerifyTask(0, (record,), None, ()), Lost("killed by signal 9 (SIGKILL)")).damages == (
        Damage(
            "images/a.jpg",
            "the worker died: killed by signal 9 (SIGKILL)",
            "",
            "if memory ran out, use fewer workers (-j)",
        ),
    )


# --- the values of masks


def plant_value(out, number, value, name="mask"):
    """Write a value into the first pixel of a mask, and its new digest into the manifest."""
    path = out / manifest(out)[number][f"{name}_file_name"]
    mask = PilImage.open(path)
    mask.load()
    mask.putpixel((0, 0), value)
    mask.save(path)
    relabel(out, number, name)
    return path.relative_to(out).as_posix()


@pytest.mark.parametrize(
    ("kind", "number", "value", "held", "allowed"),
    [
        ("index", 1, 9, "9", "0, 1, 2, 7, 255"),
        ("index_filled", 1, 5, "5", "0, 300, 40000, 65535"),
        ("binary", 1, 1, "1", "0, 255"),
        ("binary_by_threshold", 1, 200, "200", "0, 255"),
        ("colours", 1, (1, 1, 1), "#010101", "#00008e, #010203, #464646, #fe0001, #ff0001"),
        ("dropped", 1, 9, "9", "0, 1, 2, 7, 255"),
    ],
)
def test_a_value_that_no_source_has_is_a_damage(kind, number, value, held, allowed, tmp_path):
    out = made(kind, tmp_path)
    file = plant_value(out, number, value)
    expected = [f"{file}: holds {held}, expected only {allowed}; {REMOVE}"]
    assert said(out) == expected
    assert said(out, source=tmp_path / "in") == expected


def test_instances_are_those_of_their_source_and_the_background(tmp_path):
    out = made("several", tmp_path)
    ids = plant_value(out, 1, 4, "ids")  # renumbered: 4, 255 and 300 have become 1, 2 and 3
    joined = plant_value(out, 1, 200, "joined")
    assert said(out) == [
        f"{ids}: holds 4, expected only 0, 1, 2, 3; {REMOVE}",
        f"{joined}: holds 200, expected only 0, 1, 2, 3; {REMOVE}",
    ]


def test_without_originals_and_input_the_kind_decides_as_far_as_it_does(tmp_path):
    folders(tmp_path / "in", 1, "palette", image=".png")
    classes = "keep_original: false\ninput: {classes: {0: sky, 3: sea, 97: land}}\n"
    run(classes + TURNED, tmp_path / "in", tmp_path / "out")
    found = verify(tmp_path / "out")
    assert found.damages == ()
    assert found.remarks == (
        "2 masks with values that no class has, first masks/a__turned-1.png (183), which their sources may "
        "have: name the data set that was expanded with --input",
    )
    assert verify(tmp_path / "out", source=tmp_path / "in").remarks == ()


@pytest.mark.parametrize(("kind", "value", "held"), [("colours", (9, 9, 9), "#090909"), ("binary", 9, "9")])
def test_declared_colours_and_binary_values_need_no_source(kind, value, held, tmp_path):
    text = "keep_original: false\n" + KINDS[kind](tmp_path / "in")
    run(text, tmp_path / "in", tmp_path / "out")
    assert verify(tmp_path / "out") == verify(tmp_path / "out", source=tmp_path / "in")
    file = plant_value(tmp_path / "out", 1, value)
    assert [line.split(",")[0] for line in said(tmp_path / "out")] == [f"{file}: holds {held}"]


def test_an_input_that_has_changed_is_a_remark_and_the_original_serves(out):
    save(out.parent / "in/masks/a.png", labels(9))
    (out.parent / "in/images/b.jpg").unlink()
    found = verify(out, source=out.parent / "in")
    assert found.damages == ()
    assert found.remarks == (
        f"2 files of {out.parent / 'in'} not as when it was expanded: images/b.jpg, masks/a.png",
    )
    expected = foreign_value(out)
    assert said(out, source=out.parent / "in") == [expected]


def test_many_values_are_not_all_listed(tmp_path):
    folders(tmp_path / "in", 1)
    save(tmp_path / "in/masks/a.png", np.arange(37 * 29, dtype=np.uint8).reshape(29, 37) % 20)
    run(TURNED, tmp_path / "in", tmp_path / "out")
    plant_value(tmp_path / "out", 1, 99)
    (line,) = said(tmp_path / "out")
    assert line.endswith(f"holds 99, expected only 0, 1, 2, 3, 4, 5, 6, 7 and 12 more; {REMOVE}")


# --- remarks


def test_files_that_the_manifest_does_not_name_are_a_remark(out):
    for number in range(7):
        (out / f"images/{number}.txt").write_text("mine", "utf-8")
    found = verify(out)
    assert (found.damages, found.remarks) == (
        (),
        (
            "7 files that the manifest does not name: "
            "images/0.txt, images/1.txt, images/2.txt, images/3.txt, images/4.txt and 2 more",
        ),
    )
    assert (out / "images/6.txt").read_text("utf-8") == "mine"


def test_an_unfinished_run_beside_the_output_is_a_remark(out):
    out.with_name("out.partial").mkdir()
    assert verify(out).remarks == (f"{out}.partial holds an unfinished run: run expand again, or remove it",)


def test_pairs_that_failed_are_a_remark_and_count(tmp_path):
    folders(tmp_path / "in", 2)
    (tmp_path / "in/images/b.jpg").write_bytes(b"")
    run(TURNED, tmp_path / "in", tmp_path / "out")
    found = verify(tmp_path / "out")
    assert found.damages == ()
    assert found.remarks == ("some pairs failed when it was made: failures.jsonl names them",)
    (tmp_path / "out/failures.jsonl").write_text("nonsense\n", "utf-8")
    assert [line.split(",")[0] for line in said(tmp_path / "out")] == ["dataset.json: counts.failed is 3"]


# --- nothing to look at


def refusal(path, **options):
    return refusal_of(lambda: verify(path, **options))


def test_what_is_no_finished_output_is_refused(out, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (empty, tmp_path / "nowhere"):
        assert refusal(path) == f"{path}: no manifest.jsonl; name the output of a finished run"
    out.rename(tmp_path / "late.partial")
    late = tmp_path / "late"
    assert refusal(late) == f"{late}: the run that writes it is not finished; run the same expand again"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (None, "dataset.json cannot be read: No such file or directory"),
        ("{", "dataset.json is damaged"),
        ("[]", "dataset.json is damaged"),
        ('{"recipe": {}, "masks": {"mask": {}}, "border": "reflect"}', "dataset.json is damaged"),
        ('{"recipe": {}, "masks": {}, "border": "none"}', "dataset.json is damaged"),
    ],
)
def test_without_dataset_json_nothing_can_be_said(text, what, out):
    (out / "dataset.json").unlink()
    if text:
        (out / "dataset.json").write_text(text, "utf-8")
    assert refusal(out) == f"{out}: {what}; {ANEW}"


def test_a_recipe_that_cannot_be_read_is_refused_with_its_line(out):
    redescribe(out, lambda found: found["recipe"].update(input={}, variants={"a": ["unheard_of"]}))
    assert refusal(out).startswith(f"{out / 'dataset.json'}:1:")
    assert "unknown transform 'unheard_of'" in refusal(out)


def test_an_input_that_is_no_folder_is_refused(out, tmp_path):
    path = tmp_path / "nowhere"
    assert refusal(out, source=path) == f"{path}: is no folder; --input names the data set that was expanded"


def test_a_picture_over_the_limit_of_reading_is_verified_too(tmp_path):
    save(tmp_path / "in/a.png", PilImage.new("1", (9000, 8000)))
    run("seed: 1\n", tmp_path / "in", tmp_path / "out", max_pixels=100_000_000)
    assert said(tmp_path / "out") == []
