"""Further descriptions of an output: the libraries that they are for read them back."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as PilImage
from support import datasets_on_disk
from support.manual import all_blocks

from augcli.errors import OutputError, RecipeError
from augcli.formats.write import from_lines
from augcli.output.staging import staging_of
from augcli.recipe import parse_recipe
from augcli.recipe.format_words import ALSO as DESCRIPTIONS

PLAIN = ["variant", "copy", "split", "group", "label", "source"]
ALSO = "output: {also: [huggingface]}\n"
TEXT = "copies: 1\ntransforms: [rotate: {degrees: [-9, 9]}]\n" + ALSO


def pair(root, image, mask=None, seed=0):
    datasets_on_disk.save(root / image, datasets_on_disk.photo(seed))
    if mask:
        datasets_on_disk.save(root / mask, datasets_on_disk.labels(seed))


def split_above(root):
    for split, names in (("train", "ab"), ("val", "c")):
        for name in names:
            pair(root, f"{split}/images/{name}.png", f"{split}/masks/{name}.png")
    return root


def split_below(root):
    for split, names in (("train", "ab"), ("val", "c")):
        for name in names:
            pair(root, f"images/{split}/{name}.jpg", f"masks/{split}/{name}.png")
    return root


def suffix(root):
    for number, name in enumerate(("train/a", "train/b", "test/a")):
        pair(root, f"{name}.jpg", f"{name}_mask.png", number)
    return root


def classes(root):
    for number, name in enumerate(("train/cat/1", "train/cat/2", "train/dog/1", "val/dog/1")):
        pair(root, f"{name}.png", seed=number)
    return root


def split_in_names(root):
    for number, name in enumerate(("car_test_1", "car_2")):
        pair(root, f"images/{name}.jpg", f"masks/{name}.png", number)
    return root


INPUTS = {
    "folders": datasets_on_disk.folders,
    "split above": split_above,
    "split below": split_below,
    "split in names": split_in_names,
    "suffix": suffix,
    "carvana": datasets_on_disk.carvana,
    "classes": classes,
    "images": datasets_on_disk.plain,
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """An output for each kind of input."""
    home = tmp_path_factory.mktemp("also")
    for name, make in INPUTS.items():
        assert datasets_on_disk.run(TEXT, make(home / "in" / name), home / name).failed == []
    return home


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """`datasets.load_dataset`, offline, with a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_HOME", "HF_DATASETS_CACHE"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name)))
        patch.setenv("HF_HUB_OFFLINE", "1")
        library = pytest.importorskip("datasets", reason="the package datasets is not installed")
        library.disable_progress_bars()
        yield library.load_dataset


def rows_of(load, out):
    return load("imagefolder", data_files=str(out / "metadata.jsonl"), split="train")


def pixels(out, name):
    return datasets_on_disk.read(out / name).astype(int)


# --- Hugging Face's datasets


@pytest.mark.parametrize("name", INPUTS)
def test_the_library_loads_every_pair_with_image_and_mask_as_columns(outputs, load, name):
    lines, rows = datasets_on_disk.manifest(outputs / name), rows_of(load, outputs / name)
    masks = ["mask"] if lines[0]["mask_file_name"] else []
    assert rows.column_names == ["image", *masks, *PLAIN]
    assert len(rows) == len(lines)
    for line, row in zip(lines, rows, strict=True):
        for column, key in (("image", "file_name"), *((mask, f"{mask}_file_name") for mask in masks)):
            assert np.array_equal(np.array(row[column]).astype(int), pixels(outputs / name, line[key]))
        wanted = {key: line[key] for key in PLAIN[:-1]} | {"source": line["sources"][0]["image"]}
        assert {key: row[key] for key in PLAIN} == wanted


@pytest.mark.parametrize(
    ("name", "splits"),
    [
        ("folders", {"train": 6}),
        ("images", {"train": 4}),
        ("split above", {"train": 4, "validation": 1}),
        ("suffix", {"train": 4, "test": 1}),
        ("classes", {"train": 6, "validation": 1}),
    ],
)
def test_given_the_folder_the_library_finds_the_splits_and_takes_no_mask_for_a_picture(
    outputs, load, name, splits
):
    found = load("imagefolder", data_dir=str(outputs / name))
    assert {split: len(rows) for split, rows in found.items()} == splits
    assert {tuple(rows.column_names[-len(PLAIN) :]) for rows in found.values()} == {tuple(PLAIN)}
    assert all(Path(row["source"]).stem for rows in found.values() for row in rows)


def test_given_the_folder_of_a_split_the_library_loads_that_split(outputs, load):
    rows = load("imagefolder", data_dir=str(outputs / "split above/val"), split="train")
    assert [(row["source"], row["mask"].size) for row in rows] == [
        ("val/images/c.png", (datasets_on_disk.WIDTH, datasets_on_disk.HEIGHT))
    ]


@pytest.mark.parametrize("name", ["split above", "split below"])
def test_a_filter_chooses_a_split_in_every_layout(outputs, load, name):
    path = str(outputs / name / "metadata.jsonl")
    rows = load("imagefolder", data_files=path, filters=[("split", "==", "val")], split="train")
    assert [(row["split"], row["variant"], row["mask"].mode) for row in rows] == [("val", "original", "L")]


def test_a_label_is_text_and_becomes_a_class_on_request(outputs, load):
    rows = rows_of(load, outputs / "classes")
    assert rows.features["label"].dtype == "string"
    assert rows.class_encode_column("label").features["label"].names == ["cat", "dog"]


def test_a_file_for_each_split_is_written_where_a_split_has_a_folder_of_its_own(outputs):
    found = {path.relative_to(outputs).as_posix() for path in outputs.glob("*/**/metadata.jsonl")}
    assert found == {f"{name}/metadata.jsonl" for name in INPUTS} | {
        "split above/train/metadata.jsonl",
        "split above/val/metadata.jsonl",
        "suffix/train/metadata.jsonl",
        "suffix/test/metadata.jsonl",
        "classes/train/metadata.jsonl",
        "classes/val/metadata.jsonl",
    }


def line(name, **columns):
    """A manifest line as far as a description reads it."""
    plain = {"variant": "original", "copy": 1, "split": None, "group": name, "label": None}
    return {"file_name": f"{name}.png", **columns, **plain, "sources": [{"image": f"{name}.png"}]}


def rows_in(files, name="metadata.jsonl"):
    return [json.loads(text) for text in files["huggingface"][name].splitlines()]


def test_a_missing_mask_is_an_empty_cell_and_a_mask_of_several_files_a_list(tmp_path, load):
    cells = (None, ["m.png", "m.png"], None)
    masks = (None, None, "m.png")
    lines = [
        line(name, mask_file_name=mask, cells_file_name=cell)
        for name, mask, cell in zip("abc", masks, cells, strict=True)
    ]
    for name in "abcm":
        pair(tmp_path, f"{name}.png")
    (tmp_path / "metadata.jsonl").write_bytes(
        from_lines(["huggingface"], lines)["huggingface"]["metadata.jsonl"]
    )
    rows = {row["group"]: row for row in rows_of(load, tmp_path)}
    assert {name: len(row["cells"]) for name, row in rows.items()} == {"a": 0, "b": 2, "c": 0}
    assert [name for name, row in rows.items() if row["mask"]] == ["c"]


def test_rows_that_show_a_columns_type_come_first_and_the_rest_keeps_its_order():
    masks = {"a": None, "b": None, "c": "m.png", "d": "m.png"}
    lines = [line(name, mask_file_name=mask) for name, mask in masks.items()]
    rows = rows_in(from_lines(["huggingface"], lines))
    assert [row["group"] for row in rows] == ["a", "c", "b", "d"]


def test_a_column_without_any_mask_is_left_out():
    rows = rows_in(from_lines(["huggingface"], [line("a", mask_file_name=None, depth_file_name="d.png")]))
    assert list(rows[0]) == ["file_name", "depth_file_name", *PLAIN]


def test_an_output_without_pairs_has_an_empty_description():
    assert from_lines(["huggingface"], []) == {"huggingface": {"metadata.jsonl": b""}}


@pytest.mark.parametrize(
    ("folder", "is_split"),
    [
        ("train", True),
        ("my-train", True),
        ("test_subject 1", True),
        ("dev.2", True),
        ("Train", False),
        ("trained", False),
        ("contest", False),
        ("images", False),
    ],
)
def test_folders_are_splits_where_the_library_takes_them_for_that(tmp_path, load, folder, is_split):
    files = pytest.importorskip("datasets.data_files")
    datasets_on_disk.save(tmp_path / folder / "a.png", datasets_on_disk.photo())
    patterns = files.get_data_patterns(str(tmp_path))
    assert (patterns != files.DEFAULT_PATTERNS_ALL) is is_split
    written = from_lines(["huggingface"], [line(f"{folder}/a")])["huggingface"]
    assert (f"{folder}/metadata.jsonl" in written) is is_split


# --- the description as part of an output


FIXED = "variants: {flipud: [vertical_flip]}\n"


def files_of(out):
    return sorted(name for name in datasets_on_disk.tree(out) if not name.endswith((".jpg", ".png")))


BARE, FULL = ["dataset.json", "manifest.jsonl"], ["dataset.json", "manifest.jsonl", "metadata.jsonl"]


def test_the_same_recipe_describes_in_the_same_bytes(tmp_path):
    root = split_above(tmp_path / "in")
    datasets_on_disk.run(FIXED + ALSO, root, tmp_path / "one")
    datasets_on_disk.run(FIXED + ALSO, root, tmp_path / "two")
    assert datasets_on_disk.tree(tmp_path / "one") == datasets_on_disk.tree(tmp_path / "two")


def test_a_description_is_added_to_a_finished_output_and_removed_and_no_pair_is_made_again(tmp_path):
    root, out = split_above(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED, root, out)
    plain = datasets_on_disk.tree(out)
    assert datasets_on_disk.run(FIXED + ALSO, root, out).written == 0
    assert files_of(out) == [*FULL, "train/metadata.jsonl", "val/metadata.jsonl"]
    assert json.loads((out / "dataset.json").read_text())["recipe"]["output"]["also"] == ["huggingface"]
    assert datasets_on_disk.run(FIXED, root, out).written == 0
    assert datasets_on_disk.tree(out) == plain


def test_a_run_with_nothing_to_do_leaves_the_manifest_untouched(tmp_path):
    root, out = datasets_on_disk.folders(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED + ALSO, root, out)
    before = os.stat(out / "manifest.jsonl").st_mtime_ns
    datasets_on_disk.run(FIXED + ALSO, root, out)
    assert os.stat(out / "manifest.jsonl").st_mtime_ns == before


def test_a_description_that_was_removed_comes_back(tmp_path):
    root, out = datasets_on_disk.folders(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED + ALSO, root, out)
    (out / "metadata.jsonl").unlink()
    datasets_on_disk.run(FIXED + ALSO, root, out)
    assert files_of(out) == FULL


def test_overwrite_removes_the_description_of_the_replaced_output_and_keeps_files_of_others(tmp_path):
    root, out = split_above(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED + ALSO, root, out)
    (out / "notes.txt").write_text("mine")
    datasets_on_disk.run("variants: {fliplr: [horizontal_flip]}\n", root, out, overwrite=True)
    assert files_of(out) == [*BARE, "notes.txt"]


def test_a_description_is_continued_beside_files_of_others(tmp_path):
    root, out = split_above(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED + ALSO, root, out)
    (out / "notes.txt").write_text("mine")
    datasets_on_disk.run(FIXED, root, out)
    assert files_of(out) == [*BARE, "notes.txt"]
    assert not staging_of(out).exists()


def test_somebody_elses_metadata_is_never_written_over(tmp_path):
    root, out = datasets_on_disk.folders(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED, root, out)
    (out / "metadata.jsonl").write_text("mine")
    with pytest.raises(OutputError) as error:
        datasets_on_disk.run(FIXED + ALSO, root, out)
    here = staging_of(out)
    assert str(error.value) == f"{here}: metadata.jsonl is in the way, and augcli did not write it; move it"
    assert (here / "metadata.jsonl").read_text() == "mine"
    (here / "metadata.jsonl").unlink()
    assert datasets_on_disk.run(FIXED + ALSO, root, out).written == 0
    assert files_of(out) == FULL


def test_a_damaged_list_of_descriptions_is_named(tmp_path):
    root, out = datasets_on_disk.folders(tmp_path / "in"), tmp_path / "out"
    datasets_on_disk.run(FIXED + ALSO, root, out)
    (out / ".augcli/also.json").write_text("{")
    with pytest.raises(OutputError) as error:
        datasets_on_disk.run(FIXED + ALSO, root, out)
    hint = "remove the folder, or name another output"
    assert str(error.value) == f"{out}: .augcli/also.json is damaged; {hint}"


def test_a_recipe_may_ask_for_each_description_that_there_is_and_for_no_other():
    for name in DESCRIPTIONS:
        assert parse_recipe(f"{FIXED}output: {{also: [{name}]}}\n", "r.yaml").output.also == (name,)
    with pytest.raises(RecipeError, match=re.escape(f"other than {', '.join(DESCRIPTIONS)} (csv)")):
        parse_recipe(f"{FIXED}output: {{also: [huggingface, csv]}}\n", "r.yaml")


def test_no_mask_may_be_called_as_a_column_of_the_description():
    for name in PLAIN:
        with pytest.raises(RecipeError, match=f"the name {name} is taken: choose another"):
            parse_recipe(f"input: {{masks: {{{name}: folder}}}}\n{FIXED}", "r.yaml")


# --- what the manual shows


@pytest.fixture
def augmented(tmp_path, outputs, monkeypatch):
    """The current folder holds an output `augmented`, as in the manual."""
    (tmp_path / "augmented").symlink_to(outputs / "split below", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return outputs / "split below"


def shown(word):
    (block,) = (block for _, block in all_blocks("python") if word in block)
    return block


def run_block(word):
    names = {}
    exec(compile(shown(word), "manual", "exec"), names)  # noqa: S102 - our own manual
    return SimpleNamespace(**names)


def test_the_lines_for_datasets_load_what_they_say(augmented, load):
    names = run_block("load_dataset")
    lines = datasets_on_disk.manifest(augmented)
    assert len(names.pairs) == len(lines)
    copies = [line for line in lines if line["variant"] != "original"]
    assert 0 < len(names.copies) == len(copies) < len(lines)
    assert names.pairs[0]["mask"].size == names.pairs[0]["image"].size


def test_the_lines_for_pandas_read_the_manifest(augmented):
    pytest.importorskip("pandas", reason="the package pandas is not installed")
    names = run_block("read_json")
    assert list(names.pairs["file_name"]) == [
        line["file_name"] for line in datasets_on_disk.manifest(augmented)
    ]
    assert set(names.train["variant"]) == {"aug"}


def test_the_class_for_pytorch_gives_every_pair(augmented):
    pairs = run_block("class Pairs").pairs
    assert len(pairs) == len(datasets_on_disk.manifest(augmented))
    for (image, mask), line in zip(
        (pairs[i] for i in range(len(pairs))), datasets_on_disk.manifest(augmented), strict=True
    ):
        with PilImage.open(augmented / line["file_name"]) as picture:
            assert np.array_equal(image, np.array(picture))
        assert np.array_equal(mask, datasets_on_disk.read(augmented / line["mask_file_name"]))
        assert image.shape[:2] == mask.shape
