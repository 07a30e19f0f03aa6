"""Writing annotation files: every key and every number as it was, but for what is changed."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO
from support.paths import DATA

from augcli.data import AnnotationHead
from augcli.errors import DatasetError
from augcli.formats.coco.annotation_file import AnnotationFile, read_annotation_file
from augcli.formats.coco.write import write_annotation_file
from augcli.labels.coco_json import on_one_line, text_of, with_fields

FILES = sorted(DATA.glob("coco_*/**/*.json"))


def written(head: AnnotationHead, images: list[bytes], annotations: list[bytes]) -> bytes:
    return b"".join(write_annotation_file(head, images, annotations))


def again(file: AnnotationFile) -> bytes:
    return written(file.head, [image.text for image in file.images], list(file.all_annotations()))


def test_the_keys_keep_their_order_and_each_entry_has_its_line() -> None:
    keys = ("info", "annotations", "own", "images")
    head = AnnotationHead(keys=keys, rest={"info": b'{"a":\n 1.50}', "own": b"[]"})
    assert written(head, [b'{"id": 1}', b'{"id":\r\n 2}'], [b'{"id": 7}']).decode() == (
        '{\n"info": {"a":1.50},\n"annotations": [\n{"id": 7}\n],\n"own": [],\n'
        '"images": [\n{"id": 1},\n{"id":2}\n]\n}\n'
    )


def test_lists_that_the_input_did_not_have_stand_last() -> None:
    head = AnnotationHead(keys=("info",), rest={"info": b"{}"})
    assert written(head, [], [b"{}"]) == b'{\n"info": {},\n"images": [],\n"annotations": [\n{}\n]\n}\n'
    assert written(head, [], []) == b'{\n"info": {},\n"images": []\n}\n'


def test_annotations_are_not_asked_for_before_the_images_are_written() -> None:
    asked = []

    def entries(name: str) -> Any:
        asked.append(name)
        yield b"{}"

    for keys in (("images", "annotations"), ("images",)):
        asked.clear()
        for _ in write_annotation_file(AnnotationHead(keys=keys), entries("images"), entries("annotations")):
            pass
        assert asked == ["images", "annotations"]


def test_fields_are_replaced_in_their_place_and_new_ones_come_last() -> None:
    text = b'{"id": 1, "bbox": [1.50, 2e3, -0.0], "file_name": "a", "x": "\\u00e9\\/"}'
    assert with_fields(text, file_name="b/\u00e9.jpg", id=2**60, width=3).decode() == (
        '{"id":1152921504606846976,"bbox":[1.50, 2e3, -0.0],"file_name":"b/é.jpg","x":"\\u00e9\\/","width":3}'
    )


def test_line_breaks_between_values_go_and_those_in_texts_stay() -> None:
    assert on_one_line(b'{"a":\n [1.0,\r\n 2], "b": "x\\ny z"}') == b'{"a":[1.0,2],"b":"x\\ny z"}'
    assert on_one_line(b'{"a": 1}') == b'{"a": 1}'


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert text_of({"a": float("nan"), "b": [float("inf"), 1.5]}) == b'{"a":null,"b":[null,1.5]}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
ENTRIES = st.dictionaries(st.sampled_from(["id", "image_id", "a", "b", "é"]) | st.text(), JSON, max_size=6)


@given(
    entry=ENTRIES,
    changes=st.dictionaries(st.sampled_from(["id", "file_name", "a"]), JSON),
    indent=st.none() | st.just(1),
)
def test_only_what_is_changed_changes(
    entry: dict[str, Any], changes: dict[str, Any], indent: int | None
) -> None:
    text = json.dumps(entry, indent=indent).encode()
    found = with_fields(text, **changes)
    assert json.loads(found) == entry | changes
    assert list(json.loads(found)) == list(entry | changes)
    assert b"\n" not in found


@given(images=st.lists(ENTRIES, max_size=3), annotations=st.lists(ENTRIES, max_size=3), rest=ENTRIES)
def test_what_is_written_is_what_was_given(images: list[Any], annotations: list[Any], rest: Any) -> None:
    rest = {key: value for key, value in rest.items() if key not in ("images", "annotations")}
    texts = {key: json.dumps(value, indent=2).encode() for key, value in rest.items()}
    head = AnnotationHead(keys=(*rest, "images", "annotations"), rest=texts)
    lists = [[json.dumps(entry).encode() for entry in entries] for entries in (images, annotations)]
    data = written(head, *lists)
    assert json.loads(data) == {**rest, "images": images, "annotations": annotations}
    assert data.count(b"\n") == 1 + len(head.keys) + 1 + sum(len(entries) + 1 for entries in lists if entries)


@pytest.mark.skipif(not FILES, reason="no test data (set AUGCLI_TEST_DATA)")
def test_every_real_file_is_written_as_it_was_read() -> None:
    seen = 0
    for path in FILES:
        with contextlib.suppress(DatasetError):
            file = read_annotation_file(path, where=path.name)
            expected = json.loads(path.read_bytes())
            numbers = iter(file.head.renumbered)
            found = json.loads(again(file))
            assert list(found) == list(expected)
            for entry, other in zip(
                found.get("annotations", ()), expected.get("annotations", ()), strict=True
            ):
                if entry != other:
                    assert (other["id"], entry["id"]) == next(numbers)
                    entry["id"] = other["id"]
            assert found == expected, path
            assert next(numbers, None) is None
            seen += 1
    assert seen == 41


@pytest.mark.skipif(not FILES, reason="no test data (set AUGCLI_TEST_DATA)")
def test_pycocotools_reads_what_is_written(tmp_path: Path) -> None:
    for name in ("instances", "person_keypoints", "captions"):
        path = DATA / f"coco_mini80/annotations/{name}_val2017.json"
        file = read_annotation_file(path, where=path.name)
        (tmp_path / "x.json").write_bytes(again(file))
        with contextlib.redirect_stdout(io.StringIO()):
            ours, theirs = COCO(str(tmp_path / "x.json")), COCO(str(path))
        assert (ours.anns, ours.imgs, ours.cats) == (theirs.anns, theirs.imgs, theirs.cats)
