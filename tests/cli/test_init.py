"""`augcli init` and the starter recipe that it writes."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.commands import mask, pairs, picture, recipe_of, run

from augcli.commands.check.lint import recipe_remarks
from augcli.commands.check.survey import survey
from augcli.commands.init import recipe_for_looking, starter
from augcli.errors import ChoiceError
from augcli.pipeline.prepare import read_input
from augcli.recipe import load_recipe, parse_recipe

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def starter_of(root: Path) -> str:
    return starter(survey(recipe_for_looking(), root, workers=1, max_pixels=10_000_000), "recipe.yaml")


def test_the_whole_starter_recipe(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 3, 255], [0, 7])
    code, out, err = run(capsys, "init", "in", "-o", "-")
    assert (code, err) == (0, "")
    assert (
        out
        == """\
# A first recipe for in. Change what you like, then
#   augcli check recipe.yaml in
#   augcli preview recipe.yaml in -o sheet.png
#   augcli expand recipe.yaml in OUTPUT

augcli: 1          # version of the recipe language
seed: 0            # the same seed gives the same files

input:
  # Found: the folders' names say so: images (images) and masks (masks); 2 pairs of matching names.
  layout: folders
  images: images
  masks: masks
  # The masks' kind is index: values 0, 3, 7 and 255 in the 2 looked at.
  # 255 is taken to mean: no label here.
  mask: {kind: index, ignore: 255}
  # Give the classes names if you like; dataset.json will hold them.
  # classes:
  #   0: class_0
  #   3: class_3
  #   7: class_7

variants:
  # A fixed variant: one copy of each source. Leave flips out where left and right matter (text).
  fliplr: [horizontal_flip]

  # A random variant: `copies` of each source, each with draws of its own.
  jitter:
    copies: 4
    transforms:
      - horizontal_flip: {p: 0.5}
      - rotate: {degrees: [-10, 10]}
      - scale: {factor: [0.9, 1.2]}
      # Colours change in pictures only; masks stay as they are.
      - color_jitter: {brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.02}

output:
  # What a turn or a shrink brings into view: `auto` is `reflect` here, picture and mask alike;
  # `constant` fills the picture with `fill`, and the mask with `ignore`.
  border: auto
"""
    )


def test_a_starter_is_written_and_passes_check(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1, 2])
    assert run(capsys, "init", "in", "-o", "recipe.yaml") == (
        0,
        "recipe.yaml written; next: augcli check recipe.yaml in\n",
        "",
    )
    code, out, err = run(capsys, "check", "recipe.yaml", "in")
    assert (code, err) == (0, "")
    assert "remark" not in out


def test_an_existing_file_is_kept_without_force(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0, 1, 2])
    Path("recipe.yaml").write_text("mine")
    assert run(capsys, "init", "in", "-o", "recipe.yaml") == (
        2,
        "",
        "augcli: recipe.yaml: exists already; name another file, or use --force\n",
    )
    assert Path("recipe.yaml").read_text() == "mine"
    assert run(capsys, "init", "in", "-o", "recipe.yaml", "--force")[0] == 0
    assert load_recipe("recipe.yaml").input.layout == "folders"


def two_readings(root: Path) -> Path:
    for folder in ("masks", "labels"):
        mask(root / f"{folder}/a.png", [0, 1])
    picture(root / "images/a.jpg")
    return root


def test_several_readings_stand_in_the_recipe_to_choose_from(here: Path, capsys: Capture) -> None:
    two_readings(here / "in")
    said = "in: can be read in several ways; remove the # before one of the 2 lines `input:` in {0}, "
    said += "then augcli check {0} in\n"
    assert run(capsys, "init", "in", "-o", "r.yaml") == (0, "", said.format("r.yaml"))
    code, out, err = run(capsys, "init", "in", "-o", "-")
    assert (code, err) == (0, said.format("recipe.yaml"))
    text = Path("r.yaml").read_text()
    assert out == text.replace("r.yaml", "recipe.yaml")
    assert (
        """
# in: can be read in several ways. To choose, remove the # before one of these lines.
# input: {layout: folders, images: images, masks: labels}
# input: {layout: folders, images: images, masks: masks}

variants:
"""
        in text
    )
    assert run(capsys, "check", "r.yaml", "in")[0] == 2
    for name in ("masks", "labels"):
        line = f"input: {{layout: folders, images: images, masks: {name}}}"
        Path("chosen.yaml").write_text(text.replace(f"# {line}", line))
        assert run(capsys, "check", "chosen.yaml", "in")[0] == 0
        assert load_recipe("chosen.yaml").input.masks == name


def test_every_reading_stands_in_the_recipe_where_a_message_shows_four(here: Path, capsys: Capture) -> None:
    two_readings(here / "in")
    for number in range(4):
        mask(here / f"in/masks_{number}/a.png", [0, 1])
    recipe = recipe_for_looking()
    with pytest.raises(ChoiceError) as caught:
        read_input(recipe, here / "in")
    assert str(caught.value).endswith(" ... and 2 more")
    sent = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert (str(sent), sent.lines) == (str(caught.value), caught.value.lines)
    code, out, _ = run(capsys, "init", "in", "-o", "-")
    assert (code, out.count("\n# input: ")) == (0, 6)


def test_an_open_question_stands_in_the_recipe_and_is_said(here: Path, capsys: Capture) -> None:
    pairs(here / "in", [0], [0])
    code, out, err = run(capsys, "init", "in", "-o", "-")
    question = "the 2 masks looked at hold only 0; say input: {mask: {kind: binary}}"
    assert code == 0
    assert f"  # What the masks are is open: {question}" in out
    assert "  # mask: {kind: index}\n" in out
    assert err.startswith(f"expand would still refuse: {question}")


def test_broken_files_are_counted(here: Path, capsys: Capture) -> None:
    root = pairs(here / "in", [0, 1], [0, 1])
    (root / "images/a.jpg").write_bytes(b"")
    _, _, err = run(capsys, "init", "in", "-o", "-")
    assert err == "1 of 2 sources would fail: augcli check names them\n"


def test_pictures_without_masks_get_no_word_of_masks(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", mode="L")
    text = starter_of(tmp_path)
    assert "mask:" not in text
    assert "- color_jitter: {brightness: 0.2, contrast: 0.2}\n" in text


def test_several_splits_say_which_is_expanded(tmp_path: Path) -> None:
    for name in ("val/images/a", "test/images/b", "test/images/c"):
        picture(tmp_path / f"{name}.png")
        mask(tmp_path / f"{name.replace('images', 'masks')}.png", [0, 1])
    text = starter_of(tmp_path)
    assert "  # Splits: test (2), val (1). Those that are not expanded pass through once.\n" in text
    assert recipe_of(text).input.expand == ("test",)


def test_several_sizes_are_told(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", (40, 30))
    picture(tmp_path / "b.png", (50, 30))
    assert "  # There are 2 sizes. To bring all to one:\n  # size: 256 " in starter_of(tmp_path)


def uncommented(text: str, first: str) -> str:
    """The recipe with the block below a commented key made active."""
    head, tail = text.split(f"  # {first}\n")
    block = [line for line in tail.splitlines() if line.startswith("  #   ")]
    rest = tail.splitlines()[len(block) :]
    return "\n".join([head.rstrip(), f"  {first}", *(f"  {line[4:]}" for line in block), *rest])


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 3], {0: "class_0", 3: "class_3"}),
        ([(0, 0, 142), (9, 9, 9)], {"class_00008e": "#00008e", "class_090909": "#090909"}),
    ],
)
def test_the_classes_block_works_when_its_marks_are_removed(
    tmp_path: Path, values: Sequence[object], classes: dict[object, str]
) -> None:
    text = uncommented(starter_of(pairs(tmp_path, values)), "classes:")
    assert recipe_of(text).input.classes == classes


def test_black_and_white_colors_can_be_had_as_binary(tmp_path: Path) -> None:
    text = starter_of(pairs(tmp_path, [(0, 0, 0), (255, 255, 255)]))
    assert "  # They hold black and white alone; {kind: binary} would write them as 0 and 255.\n" in text


def test_many_classes_are_shortened(tmp_path: Path) -> None:
    root = pairs(tmp_path, [*range(200)], size=(200, 4))
    text = starter_of(root)
    assert "  #   63: class_63\n  #   and 136 more\n" in text


def test_sixteen_bit_masks_have_a_void_of_their_own(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    (tmp_path / "masks").mkdir()
    values = np.zeros((30, 40), np.uint16)
    values[0], values[1] = 300, 65535
    Image.fromarray(values).save(tmp_path / "masks/a.png")
    assert recipe_of(starter_of(tmp_path)).input.mask.ignore == 65535


# Braces and * are a pattern's: a folder whose name holds them can be read, and not be named.
NAMES = st.text(
    st.characters(blacklist_categories=("C", "Zl", "Zp"), blacklist_characters="/{}*"), max_size=9
)


@settings(max_examples=30, deadline=None)
@given(NAMES)
def test_a_starter_parses_without_remarks_and_reads_the_same_pairs(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    root = tmp_path_factory.mktemp("x") / f"in {name}"
    picture(root / f"images {name}" / "a.png")
    mask(root / f"masks {name}" / "a.png", [0, 2])
    recipe = parse_recipe(starter_of(root), "recipe.yaml")
    read = read_input(recipe, root)
    assert recipe_remarks(recipe) == []
    assert [(item.key, dict(item.masks)) for item in read.items] == [
        (item.key, dict(item.masks)) for item in read_input(recipe_for_looking(), root).items
    ]
