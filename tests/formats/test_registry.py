"""Every format of the registry keeps the contract: found, refused, written and documented by its table."""

import json
from pathlib import Path

import pytest
from support import datasets_on_disk, object_datasets
from support.paths import ROOT

from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.detect import read_dataset
from augcli.formats.write import from_lines
from augcli.recipe.format_words import ALSO, FORMAT_WORDS, LAYOUT_KEYS, format_of, keys_of, layout_for
from augcli.recipe.schema import recipe_schema

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
SQUARE = [[8.0, 4.0, 24.0, 4.0, 24.0, 12.0, 8.0, 12.0]]


def suffix(root):
    datasets_on_disk.save(root / "a.jpg", datasets_on_disk.photo())
    datasets_on_disk.save(root / "a_mask.png", datasets_on_disk.labels())


def classes(root):
    for name in ("cat", "dog"):
        datasets_on_disk.save(root / name / "a.jpg", datasets_on_disk.photo())


def coco(root):
    fields = {"bbox": [8, 4, 16, 8], "segmentation": SQUARE, "area": 128}
    object_datasets.coco(root, [object_datasets.annotation(1, **fields)])


def cityscapes(root):
    object_datasets.photo(root, "leftImg8bit/train/a/a_leftImg8bit.png")
    path = root / "gtFine/train/a/a_gtFine_polygons.json"
    path.parent.mkdir(parents=True)
    one = {"label": "car", "polygon": [[8, 4], [24, 4], [24, 12], [8, 12]]}
    size = {"imgWidth": object_datasets.WIDTH, "imgHeight": object_datasets.HEIGHT}
    path.write_text(json.dumps({**size, "objects": [one]}))


SAMPLES = {  # a small data set of each format that is read
    "folders": datasets_on_disk.folders,
    "suffix": suffix,
    "carvana": datasets_on_disk.carvana,
    "classes": classes,
    "images": datasets_on_disk.plain,
    "pattern": datasets_on_disk.folders,
    "coco": coco,
    "yolo": lambda root: object_datasets.yolo(root, {"a": "0 0.5 0.5 0.25 0.25\n"}),
    "voc": lambda root: object_datasets.voc(
        root, [f"<name>cat</name>{object_datasets.box(9, 5, 24, 12)}"], "JPEGImages/a.png"
    ),
    "cityscapes": cityscapes,
}
KEYS = {"pattern": {"images": "images/{id}.jpg", "masks": "masks/{id}.png"}}  # what has to be said
READ = [words.name for words in FORMAT_WORDS if words.is_read]
GUESSED = [name for name in READ if name not in KEYS]
REFUSED = [name for name in READ if FORMATS[name].nothing]


@pytest.fixture
def sample(tmp_path, request):
    SAMPLES[request.param](tmp_path / "in")
    return tmp_path / "in"


samples = pytest.mark.parametrize(("sample", "name"), [(name, name) for name in READ], indirect=["sample"])


def test_each_row_of_words_has_a_format_and_each_format_a_row():
    assert {words.name: words for words in FORMAT_WORDS} == {name: one.words for name, one in FORMATS.items()}
    assert len({words.name for words in FORMAT_WORDS}) == len(FORMAT_WORDS)
    assert len(set(ALSO)) == len(ALSO)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_does_what_its_words_promise(name):
    one = FORMATS[name]
    assert (one.find is not None) == one.words.is_read
    assert bool(one.words.also) == bool(one.describe or one.describe_lines)
    assert not (one.describe and one.describe_lines)
    assert (one.write is not None) == one.words.has_annotations
    assert bool(one.nothing) == bool(one.hint)
    if one.words.is_written:
        assert one.copy_name or one.words.has_annotations


@samples
def test_a_format_is_read_by_its_name(sample, name):
    dataset = read_dataset(sample, layout=name, **KEYS.get(name, {}))
    assert dataset.layout == name
    assert dataset.items
    assert bool(dataset.annotation_files) == FORMATS[name].words.has_annotations


@pytest.mark.parametrize(("sample", "name"), [(name, name) for name in GUESSED], indirect=["sample"])
def test_a_format_is_found_without_its_name(sample, name):
    assert read_dataset(sample).layout == name


@pytest.mark.parametrize("name", REFUSED)
def test_a_folder_without_the_format_is_refused_in_its_words(tmp_path, name):
    datasets_on_disk.save(tmp_path / "a.jpg", datasets_on_disk.photo())
    with pytest.raises(DatasetError) as error:
        read_dataset(tmp_path, layout=name)
    assert (error.value.what, error.value.hint) == (FORMATS[name].nothing, FORMATS[name].hint)


@samples
def test_an_output_is_read_as_its_input_was_and_written_the_same_again(sample, name, tmp_path):
    keys = ", ".join(f'{key}: "{value}"' for key, value in KEYS.get(name, {}).items())
    text = f"input: {{layout: {name}{f', {keys}' if keys else ''}}}\n"
    first, second = tmp_path / "first", tmp_path / "second"
    assert datasets_on_disk.run(text + FLIP, sample, first).failed == []
    copied = "keep_original: true\nvariants: {}\n"
    assert datasets_on_disk.run(text + copied, first, second).failed == []
    own = {"manifest.jsonl", "dataset.json"}
    read, again = (
        {path: data for path, data in datasets_on_disk.tree(out).items() if path not in own}
        for out in (first, second)
    )
    assert again == read
    assert len(read_dataset(first, layout=name, **KEYS.get(name, {})).items) == 2 * len(
        read_dataset(sample, layout=name, **KEYS.get(name, {})).items
    )


@pytest.mark.parametrize("name", ALSO)
def test_a_description_is_written_beside_an_output_that_has_what_it_tells_of(tmp_path, name):
    one = FORMATS[format_of(name)]
    pose = {"keypoints": ["nose"], "skeleton": []}
    category = {"id": 1, "name": "cat", **(pose if name == "yolo-pose" else {})}
    fields = {"bbox": [8, 4, 16, 8], "segmentation": SQUARE, "area": 128}
    points = {"keypoints": [10, 6, 2], "num_keypoints": 1} if name == "yolo-pose" else {}
    object_datasets.coco(tmp_path / "in", [object_datasets.annotation(1, **fields, **points)], [category])
    plain, described = tmp_path / "plain", tmp_path / "described"
    source = tmp_path / "in" if one.name != "coco" else object_datasets.yolo(tmp_path / "yolo", {"a": ""})
    datasets_on_disk.run(FLIP, source, plain)
    datasets_on_disk.run(f"{FLIP}output: {{also: [{name}]}}\n", source, described)
    added = datasets_on_disk.tree(described).keys() - datasets_on_disk.tree(plain).keys()
    assert added
    if one.describe_lines:
        assert set(from_lines([name], datasets_on_disk.manifest(described))[name]) == added


# --- the words


def test_a_key_of_the_input_is_refused_for_the_layouts_that_do_not_have_it():
    for key in LAYOUT_KEYS:
        assert key in keys_of(layout_for(key))
    assert layout_for("suffix") == "suffix"
    assert (layout_for("images"), layout_for("annotations")) == ("folders", "coco")


def test_the_words_are_in_the_schema_and_the_manual():
    text = json.dumps(recipe_schema())
    manual = (ROOT / "augcli/manual/formats.md").read_text()
    for words in FORMAT_WORDS:
        assert f'"{words.name}"' in text or not words.is_read
        assert f"`{words.name}`" in manual
        assert all(f"`{name}`" in manual for name in words.also)
        assert Path(ROOT / f"augcli/manual/{FORMATS[words.name].page}.md").is_file()
