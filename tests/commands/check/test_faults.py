"""Kinds of fault, planted one by one in a good data set: `augcli check` names each, and where it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.commands import run
from support.damage import HTML, cut_short, huge_png, with_bad_checksum
from support.paths import DATA

Capture = pytest.CaptureFixture[str]
Plant = Callable[[Path], None]

RECIPE = "copies: 1\ntransforms: [rotate: {degrees: [-5, 5]}]\n"
BINARY = RECIPE + "input: {mask: {kind: binary}}\n"
NAMED = RECIPE + "input: {classes: [background, thing, edge]}\n"
COLORS = RECIPE + 'input: {classes: {background: "#000000", thing: "#00008e"}}\n'
FLOATS = RECIPE + "input: {layout: images, image: {range: [0, 1]}}\n"
CROP = "transforms: [random_crop: {size: 60x60}]\n"
SIZE = (96, 64)
PHOTOGRAPHS = {"astronaut": "jpg", "chelsea": "png", "coffee": "jpg", "rocket": "png"}
DAMAGED = "it is damaged or of a rare kind: replace it or save it again"


def photograph(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).resize(SIZE)


def labels(name: str) -> np.ndarray:
    """Classes 0, 1 and 2: dark, middling and light pixels of a photograph."""
    return np.digitize(np.asarray(photograph(name).convert("L")), [60, 160]).astype(np.uint8)


def save(picture: Image.Image | np.ndarray, path: Path, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(path, **options)


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("good")
    for name, suffix in PHOTOGRAPHS.items():
        save(photograph(name), root / f"images/{name}.{suffix}")
        save(labels(name), root / f"masks/{name}.png")
    return root


def truncated(path: str) -> Plant:
    def plant(root: Path) -> None:
        (root / path).write_bytes(cut_short((root / path).read_bytes()))

    return plant


def written(path: str, content: bytes) -> Plant:
    return lambda root: void((root / path).write_bytes(content))


def void(_: object) -> None:
    """The result of a call that is made for what it does."""


def bad_checksum(root: Path) -> None:
    path = root / "images/chelsea.png"
    path.write_bytes(with_bad_checksum(path.read_bytes()))


def bomb(root: Path) -> None:
    path = root / "images/chelsea.png"
    path.write_bytes(huge_png(path.read_bytes()))


def renamed(root: Path) -> None:
    (root / "images/chelsea.png").rename(root / "images/chelsea.jpg")


def smaller_mask(root: Path) -> None:
    save(labels("coffee")[:, :-1], root / "masks/coffee.png")


def turned(*, with_mask: bool) -> Plant:
    def plant(root: Path) -> None:
        tags = Image.Exif()
        tags[274] = 6
        save(photograph("coffee"), root / "images/coffee.jpg", exif=tags)
        if with_mask:
            save(np.rot90(labels("coffee"), -1), root / "masks/coffee.png")

    return plant


def jpeg_mask(root: Path) -> None:
    (root / "masks/coffee.png").unlink()
    save(labels("coffee"), root / "masks/coffee.jpg")


def binary_masks(root: Path) -> None:
    for name in PHOTOGRAPHS:
        save(np.where(labels(name) > 1, 255, 0).astype(np.uint8), root / f"masks/{name}.png")


def stray_value(root: Path) -> None:
    binary_masks(root)
    values = np.where(labels("rocket") > 1, 255, 0).astype(np.uint8)
    values[3, 4] = 7
    save(values, root / "masks/rocket.png")


def undeclared_value(root: Path) -> None:
    values = labels("coffee")
    values[:8] = 9
    save(values, root / "masks/coffee.png")


def unused_class(root: Path) -> None:
    for name in PHOTOGRAPHS:
        save(np.minimum(labels(name), 1), root / f"masks/{name}.png")


def colored(name: str) -> np.ndarray:
    return np.array([(0, 0, 0), (0, 0, 142), (0, 0, 142)], np.uint8)[labels(name)]


def color_masks(root: Path) -> None:
    for name in PHOTOGRAPHS:
        save(colored(name), root / f"masks/{name}.png")


def undeclared_color(root: Path) -> None:
    color_masks(root)
    values = colored("rocket")
    values[:2] = (1, 2, 3)
    save(values, root / "masks/rocket.png")


def one_color_mask(root: Path) -> None:
    save(colored("rocket"), root / "masks/rocket.png")


def empty_mask(root: Path) -> None:
    save(np.zeros(SIZE[::-1], np.uint8), root / "masks/rocket.png")


def removed(path: str) -> Plant:
    return lambda root: (root / path).unlink()


def one_name_twice(root: Path) -> None:
    save(photograph("camera"), root / "images/coffee.png")


def link(root: Path) -> None:
    (root / "images/linked.jpg").symlink_to(root / "images/coffee.jpg")


def copied(root: Path) -> None:
    for folder, suffix in (("images", "jpg"), ("masks", "png")):
        shutil.copy(root / f"{folder}/coffee.{suffix}", root / f"{folder}/tea.{suffix}")


def copied_with_another_mask(root: Path) -> None:
    copied(root)
    save(labels("coffee")[::-1], root / "masks/tea.png")


def lists(root: Path, *train: str, val: str = "rocket") -> None:
    (root / "train.txt").write_text("\n".join(("astronaut", "chelsea", "coffee", *train)))
    (root / "val.txt").write_text(val)


def copied_across_splits(root: Path) -> None:
    copied(root)
    lists(root, val="rocket\ntea")


def group_across_splits(root: Path) -> None:
    for name, suffix in PHOTOGRAPHS.items():
        car = "car_1" if name in ("coffee", "rocket") else name
        (root / f"images/{name}.{suffix}").rename(root / f"images/{car}-{name}.{suffix}")
        (root / f"masks/{name}.png").rename(root / f"masks/{car}-{name}.png")
    (root / "train.txt").write_text("astronaut-astronaut\nchelsea-chelsea\ncar_1-coffee")
    (root / "val.txt").write_text("car_1-rocket")


def small_picture(root: Path) -> None:
    for folder, picture in (("images", photograph("rocket")), ("masks", Image.fromarray(labels("rocket")))):
        save(picture.crop((0, 0, 50, 40)), root / f"{folder}/rocket.png")


def float_pictures(value: float) -> Plant:
    def plant(root: Path) -> None:
        shutil.rmtree(root / "masks")
        shutil.rmtree(root / "images")
        for name in PHOTOGRAPHS:
            pixels = np.asarray(photograph(name).convert("L"), np.float32) / 255
            if name == "rocket":
                pixels[5, 6] = value
            save(pixels, root / f"images/{name}.tif")

    return plant


def pages(root: Path) -> None:
    (root / "images/coffee.jpg").unlink()
    more = [photograph("rocket")]
    save(photograph("coffee"), root / "images/coffee.tif", save_all=True, append_images=more)


@dataclass(frozen=True)
class Fault:
    """A fault: how it is planted, what check says of it (all these lines or parts), and its exit code."""

    plant: Plant
    says: str
    code: int = 1
    recipe: str = RECIPE


FAULTS = {
    "truncated JPEG": Fault(
        truncated("images/coffee.jpg"),
        "would fail (2 pairs): images/coffee.jpg: cannot be read as JPEG (Premature end of JPEG file); ",
    ),
    "truncated PNG": Fault(
        truncated("masks/coffee.png"),
        f"masks/coffee.png: cannot be read as PNG (the file is truncated); {DAMAGED}\n",
    ),
    "PNG with a bad checksum": Fault(
        bad_checksum, f"images/chelsea.png: cannot be read as PNG (bad checksum of chunk IDAT); {DAMAGED}\n"
    ),
    "zero bytes": Fault(
        written("images/coffee.jpg", b""), "images/coffee.jpg: the file is empty (0 bytes); replace it"
    ),
    "HTML named .jpg": Fault(
        written("images/coffee.jpg", HTML),
        "images/coffee.jpg: not an image of a format that is read (JPEG, ",
    ),
    "PNG named .jpg": Fault(
        renamed, "images/chelsea.jpg: a PNG file called .jpg; rename it to end in .png\n"
    ),
    "bomb by its header": Fault(
        bomb, "images/chelsea.png: 1,600,000,000 pixels are more than the limit of 64,000,000; "
    ),
    "mask of another size": Fault(
        smaller_mask,
        "images/coffee.jpg: the image is 96x64, its mask masks/coffee.png is 95x64; save both at one size\n",
    ),
    "mask of the unrotated image": Fault(
        turned(with_mask=False),
        "images/coffee.jpg: the image is 64x96, its mask masks/coffee.png is 96x64: "
        "the mask fits only the unrotated image (EXIF orientation 6); ",
    ),
    "EXIF orientation": Fault(
        turned(with_mask=True),
        "EXIF        1 image with an orientation: applied once, and not written again\n",
        code=0,
    ),
    "JPEG mask": Fault(
        jpeg_mask, "masks/coffee.jpg: a JPEG mask: compression has smeared its values; if the masks are"
    ),
    "stray value in a binary mask": Fault(
        stray_value, "masks/rocket.png: binary masks hold 0 and 255, this one also 7; mend it", recipe=BINARY
    ),
    "stray value in masks of which nothing is said": Fault(
        stray_value,
        "remark: masks hold 0 and 255, but for 1 of 4 with 7: masks/rocket.png; mend it, or say "
        "input: {mask: {kind: binary, threshold: 127}} where 255 is foreground, "
        "input: {mask: {ignore: 255}} where it means: no label\n",
        code=0,
    ),
    "value beyond the classes": Fault(
        undeclared_value,
        "remark: masks hold 9 (3.1 % of the pixels), which input.classes does not name, "
        "first in masks/coffee.png\n",
        code=0,
        recipe=NAMED,
    ),
    "class that is never used": Fault(
        unused_class, "remark: input.classes names edge, in none of the masks\n", code=0, recipe=NAMED
    ),
    "RGB mask with an undeclared colour": Fault(
        undeclared_color,
        "masks/rocket.png: 1 colours that no class has, most often #010203 (192 pixels); declare it",
        recipe=COLORS,
    ),
    "RGB mask among index masks": Fault(
        one_color_mask,
        "augcli: masks of two kinds: masks/rocket.png is RGB, masks/astronaut.png is not; convert",
        code=2,
    ),
    "RGB mask among masks that are said to be index masks": Fault(
        one_color_mask,
        "masks/rocket.png: a mask of mode RGB among index masks\n",
        recipe=RECIPE + "input: {mask: {kind: index}}\n",
    ),
    "empty mask": Fault(empty_mask, "empty       1 mask: masks/rocket.png\n", code=0),
    "image without a mask": Fault(
        removed("masks/rocket.png"), "1 image without a mask: images/rocket.png\n", code=0
    ),
    "mask without an image": Fault(
        removed("images/rocket.png"), "1 mask without an image: masks/rocket.png\n", code=0
    ),
    "two images of one name": Fault(
        one_name_twice,
        "two images with one name before the suffix, images/coffee.jpg and images/coffee.png; rename one",
        code=2,
    ),
    "link": Fault(link, "1 skipped: images/linked.jpg: is a link, and links are not followed\n", code=0),
    "picture twice": Fault(copied, "remark: equal pictures: images/coffee.jpg, images/tea.jpg\n", code=0),
    "picture twice with two masks": Fault(
        copied_with_another_mask,
        "remark: equal pictures: images/coffee.jpg, images/tea.jpg, and their masks differ\n",
        code=0,
    ),
    "picture in two splits": Fault(
        copied_across_splits,
        "remark: equal pictures: images/coffee.jpg, images/tea.jpg, in the splits train and val\n",
        code=0,
    ),
    "group in two splits": Fault(
        group_across_splits,
        "remark: group car_1 lies in train and val\n",
        code=0,
        recipe=RECIPE + 'input: {group: "{car}-{name}"}\n',
    ),
    "picture smaller than the crop": Fault(
        small_picture,
        "would fail (1 pair): images/rocket.png: variant aug: a crop of 60x60 does not fit in 50x40; ",
        recipe=CROP,
    ),
    "NaN in a float picture": Fault(
        float_pictures(float("nan")),
        "images/rocket.tif: holds values that are no numbers (NaN or infinite), 1 of 6144; replace them\n",
        recipe=FLOATS,
    ),
    "values beyond the range": Fault(
        float_pictures(2),
        "images/rocket.tif: holds 0.0470588 to 2, beyond the range 0 to 1; change input: {image: {range: ",
        recipe=FLOATS,
    ),
    "picture in two lists": Fault(
        lambda root: lists(root, "rocket"), "images/rocket.png stands in train.txt and in val.txt; ", code=2
    ),
    "list that names no image": Fault(
        lambda root: lists(root, "ghost"), "train.txt: 1 name without an image, first ghost\n", code=0
    ),
    "several pages": Fault(pages, "images/coffee.tif: 2 pages in one file, where one picture is expected; "),
}


def checked(root: Path, recipe: str, capsys: Capture) -> tuple[int, str]:
    """What check says, and with which code it ends."""
    path = root.with_name("recipe.yaml")
    path.write_text(recipe)
    code, out, err = run(capsys, "check", path, root, "-j1")
    return code, out + err


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(name: str, good: Path, tmp_path: Path, capsys: Capture) -> None:
    fault = FAULTS[name]
    root = shutil.copytree(good, tmp_path / "in")
    fault.plant(root)
    code, said = checked(root, fault.recipe, capsys)
    assert fault.says in said
    assert code == fault.code


@pytest.mark.parametrize("prepare", [None, binary_masks, color_masks, lists, float_pictures(0.5)])
def test_a_good_set_has_no_fault(prepare: Plant | None, good: Path, tmp_path: Path, capsys: Capture) -> None:
    root = shutil.copytree(good, tmp_path / "in")
    recipe = {None: NAMED, binary_masks: BINARY, color_masks: COLORS, lists: RECIPE}.get(prepare, FLOATS)
    if prepare:
        prepare(root)
    code, said = checked(root, recipe, capsys)
    assert code == 0
    assert "remark" not in said
    assert "left over" not in said
    assert "empty" not in said
    assert "EXIF" not in said
    assert said.endswith(" pairs would be written, 0 would fail\n")


@pytest.mark.skipif(not DATA.is_dir(), reason="no test data: set AUGCLI_TEST_DATA")
def test_faults_among_real_street_scenes_are_named(tmp_path: Path, capsys: Capture) -> None:
    root = tmp_path / "in"
    for path in sorted((DATA / "seg_camvid_train").rglob("*.png")):
        copy = root / path.relative_to(DATA / "seg_camvid_train")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    first, second, *_ = sorted(path.name for path in (root / "train").iterdir())
    truncated(f"train/{first}")(root)
    with Image.open(root / "trainannot" / second) as mask:
        values = np.array(mask)
    values[:5] = 77
    save(values, root / "trainannot" / second)
    code, said = checked(root, RECIPE + "input: {classes: [a, b, c, d, e, f, g, h, i, j, k, l]}\n", capsys)
    assert code == 1
    assert f"would fail (2 pairs): train/{first}: cannot be read as PNG (the file is truncated)" in said
    assert f"which input.classes does not name, first in trainannot/{second}\n" in said
    assert said.endswith("58 pairs would be written, 2 would fail\n")


def test_pages_that_are_asked_for_are_no_fault_and_no_duplicates(
    good: Path, tmp_path: Path, capsys: Capture
) -> None:
    root = shutil.copytree(good, tmp_path / "in")
    pages(root)
    for wanted, sources in (("each", 5), ("together", 4)):
        code, said = checked(root, RECIPE + f"input: {{pages: {wanted}}}\n", capsys)
        assert f"sources     {sources}, for {2 * sources} pairs\n" in said
        assert "remark" not in said
        assert code == 0
