"""Damage to finished outputs, planted by the tests of verify and replay."""

import hashlib
import json

import pytest
from support.datasets_on_disk import manifest

from augcli.errors import AugcliError

REMOVE = "remove it and run expand again"


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rewrite(out, change):
    """The manifest with its lines, as data, changed in place."""
    lines = manifest(out)
    change(lines)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (out / "manifest.jsonl").write_text(text, "utf-8")


def truncated(out):
    path = out / "images/a__turned-1.jpg"
    written = sha(path)
    path.write_bytes(path.read_bytes()[:-20])
    return f"images/a__turned-1.jpg: sha256 {sha(path)[:12]}, expected {written[:12]}; {REMOVE}"


def missing(out):
    (out / "masks/a__turned-2.png").unlink()
    return "masks/a__turned-2.png: is missing; run expand again"


def redescribe(out, change):
    path = out / "dataset.json"
    found = json.loads(path.read_text("utf-8"))
    change(found)
    path.write_text(json.dumps(found), "utf-8")


def refusal_of(call):
    with pytest.raises(AugcliError) as caught:
        call()
    return str(caught.value)
