"""Annotation files of COCO, written entry by entry."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augcli.errors import DatasetError


def image(number: Any = 1, name: Any = "a.jpg", **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 4, "height": 3, **more}


def note(number: Any = 1, image_id: Any = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image_id, "category_id": 1, **more}


def coco(images: list[Any], annotations: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    lists = {"images": images} if annotations is None else {"images": images, "annotations": annotations}
    return lists | more


def plant(folder: Path, files: dict[str, Any], pictures: list[str] = ()) -> Path:  # type: ignore[assignment]
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    for name in pictures:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def refusal(call: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        call(*args, **options)
    return str(caught.value)
