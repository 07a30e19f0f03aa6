"""verify: the files that describe an output besides, YOLO's labels and the like, held against their bytes."""

import json
from hashlib import sha256

import pytest
from support import datasets_on_disk, object_datasets

from augcli.commands.verify.verify import verify
from augcli.errors import OutputError
from augcli.output import staging as output
from augcli.output.store import Store

FLIP = "variants: {fliplr: [horizontal_flip]}\n"
ANEW = "remove manifest.jsonl and run expand again"
LIST = ".augcli/also.json"


def said(out):
    return [damage.sentence() for damage in verify(out).damages]


def yolo(root):
    object_datasets.yolo(root, {"a": "1 0.25 0.2 0.25 0.2\n", "b": "0 0.5 0.5 0.5 0.5\n"})
    return FLIP + "output: {also: [voc, coco]}\n"


def voc(root):
    object_datasets.voc(root, [f"<name>cat</name>{object_datasets.box(9, 5, 24, 12)}"])
    return FLIP + "output: {also: [yolo, cityscapes, huggingface]}\n"


def listed(root):
    datasets_on_disk.folders(root, 2, image=".png")
    (root / "pairs.csv").write_text("image,mask\nimages/a.png,masks/a.png\nimages/b.png,masks/b.png\n")
    return "input: {layout: pattern, pairs: pairs.csv}\n" + FLIP


def made(make, tmp_path):
    datasets_on_disk.run(make(tmp_path / "in"), tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (yolo, ["data.yaml", "train.txt", "labels/a__fliplr.txt", "yolo.json"]),
        (yolo, ["Annotations/a.xml", "ImageSets/Main/train.txt", "voc.json", "annotations/instances.json"]),
        (voc, ["Annotations/a__fliplr.xml", "voc.json", "JPEGImages/a.txt", "data.yaml"]),
        (voc, ["gtFine/JPEGImages/a_gtFine_polygons.json", "cityscapes.json"]),
        (listed, ["pairs.csv"]),
    ],
)
def test_a_file_of_which_a_byte_changed_is_named(make, names, tmp_path):
    out = made(make, tmp_path)
    assert (said(out), verify(out).remarks) == ([], ())
    for name in names:
        path = out / name
        data = path.read_bytes()
        path.write_bytes(data + b"\n")
        before, after = (sha256(content).hexdigest()[:12] for content in (data, data + b"\n"))
        assert said(out) == [f"{name}: sha256 {after}, expected {before}; {ANEW}"]
        path.unlink()
        assert said(out) == [f"{name}: is missing; {ANEW}"]
        path.mkdir()
        assert said(out) == [f"{name}: is no file; {ANEW}"]
        path.rmdir()
        path.write_bytes(data)


def test_what_its_line_says_mends_a_file(tmp_path):
    out = made(yolo, tmp_path)
    whole = datasets_on_disk.tree(out)
    (out / "labels/a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    assert len(said(out)) == 1
    (out / "manifest.jsonl").unlink()
    made(yolo, tmp_path)
    assert datasets_on_disk.tree(out) == whole


def test_a_caption_that_changed_is_seen_though_nothing_contradicts_it(tmp_path):
    root = object_datasets.coco(
        tmp_path / "in", [{"id": 1, "image_id": 1, "caption": "a cat"}], name="captions"
    )
    datasets_on_disk.run(FLIP, root, tmp_path / "out")
    path = tmp_path / "out/annotations/captions_train.json"
    path.write_bytes(path.read_bytes().replace(b"a cat", b"a dog"))
    (line,) = said(tmp_path / "out")
    assert line.startswith("annotations/captions_train.json: sha256 ")


@pytest.mark.parametrize(
    ("make", "names"), [(yolo, "yolo, voc"), (voc, "voc, yolo, cityscapes"), (listed, "pairs")]
)
def test_without_the_list_of_these_files_a_remark_says_what_was_not_looked_at(make, names, tmp_path):
    out = made(make, tmp_path)
    (out / LIST).unlink()
    what = f"the files of {names} were held against nothing: {LIST}, their list, is missing"
    assert verify(out).remarks[-1] == what
    assert said(out) == []


def test_names_are_listed_before_the_first_of_the_files_is_written(tmp_path, monkeypatch):
    def killed():
        yield b"x"
        raise KeyboardInterrupt

    store = Store(tmp_path / "out.partial")
    store.make()
    with pytest.raises(KeyboardInterrupt):
        output.describe(store, [], {}, [], {"yolo": {"a.txt": b"1", "b.txt": killed()}})
    listed = json.loads((store.root / LIST).read_text())
    assert listed == {"yolo": {"a.txt": "", "b.txt": ""}}


@pytest.mark.parametrize("text", ["[]", '{"yolo": ["a.txt"]}', '{"yolo": {"a.txt": 1}}'])
def test_a_list_of_another_form_is_damaged(text, tmp_path):
    out = made(yolo, tmp_path)
    (out / LIST).write_text(text)
    with pytest.raises(OutputError) as error:
        verify(out)
    hint = "remove the folder, or name another output"
    assert str(error.value) == f"{out}: {LIST} is damaged; {hint}"
