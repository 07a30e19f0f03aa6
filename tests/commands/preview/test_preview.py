"""The contact sheet: which sources and copies it shows, how labels look, and what the command says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augcli.cli.app import cli
from augcli.cli.preview import write_sheet
from augcli.commands.preview.captions import (
    described,
    font_of,
    instances_shown,
    legible,
    paragraph,
    parameters,
    range_shown,
    shortened,
    shortest,
    wrapped,
)
from augcli.commands.preview.cells import class_name, ignored_label
from augcli.commands.preview.display import RAMP, levels_shown, ramped
from augcli.commands.preview.overlay import (
    QUALITATIVE,
    TILE_GAP,
    LabelStyle,
    below,
    colorful,
    contours,
    overlaid,
)
from augcli.commands.preview.preview import Selected, preview
from augcli.commands.preview.select import chosen_copies, chosen_jobs, chosen_pairs
from augcli.commands.preview.sheet import CHIP, Cell, Chip, Sheet, draw_sheet
from augcli.data import Image as Picture
from augcli.data import Item
from augcli.errors import AugcliError, DatasetError, OutputError
from augcli.labels.masks import MaskSpec
from augcli.pipeline.plan import Job, Pair
from augcli.recipe import Recipe, parse_recipe
from augcli.transforms.operations import Applied

FLIP = "variants: {fliplr: [horizontal_flip]}"
JITTER = """
variants:
  fliplr: [horizontal_flip]
  jitter: {copies: 3, transforms: [{rotate: {degrees: [-15, 15]}}]}
"""


def recipe_of(text: str) -> Recipe:
    return parse_recipe(text, "recipe.yaml")


def write_pair(root: Path, name: str, mask: Any = None, size: tuple[int, int] = (40, 30)) -> None:
    """A picture that is red on its left half, with a binary mask of that half."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 200
    values = np.where(pixels[..., 0] > 0, np.uint8(255), np.uint8(0)) if mask is None else mask
    for folder, array in (("images", pixels), ("masks", values)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(root / folder / f"{name}.png")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for name in "abcd":
        write_pair(root, name)
    return root


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(
        cli, ["preview", *map(str, args)], catch_exceptions=False, standalone_mode=False
    )


def jobs_of(count: int) -> list[Job]:
    return [Job(Item(f"images/{n}", f"images/{n}.png"), ()) for n in range(count)]


def numbers(jobs: list[Job]) -> list[int]:
    return [int(job.item.key.split("/")[1]) for job in jobs]


def copies_of(text: str, wanted: Selected) -> list[str]:
    """The copies that are shown of a source, as `variant number`."""
    recipe = recipe_of(text)
    plan = [("original", 1), *((v.name, copy + 1) for v in recipe.variants for copy in range(v.copies))]
    job = Job(Item("x", "x.png"), tuple(Pair("x", variant, copy, "", {}) for variant, copy in plan))
    (pairs,) = chosen_copies(recipe, [job], wanted)
    return [f"{pair.variant} {pair.copy}" for pair in pairs]


class TestChoice:
    def test_sources_are_spread_evenly(self) -> None:
        chosen = chosen_jobs(jobs_of(40), Selected(rows=4), Path("in"))
        assert numbers(chosen) == [5, 15, 25, 35]

    @given(count=st.integers(1, 200), rows=st.integers(1, 50))
    def test_no_source_is_shown_twice_and_none_is_missing_where_there_is_room(
        self, count: int, rows: int
    ) -> None:
        chosen = numbers(chosen_jobs(jobs_of(count), Selected(rows=rows), Path("in")))
        assert chosen == sorted(set(chosen))
        assert len(chosen) == min(count, rows)

    @pytest.mark.parametrize("name", ["images/3", "images/3.png", "in/images/3.png"])
    def test_a_sample_is_named_by_key_or_path(self, name: str) -> None:
        assert numbers(chosen_jobs(jobs_of(9), Selected(sample=name), Path("in"))) == [3]

    def test_an_unknown_sample_is_answered_with_one_that_is_there(self) -> None:
        with pytest.raises(DatasetError) as caught:
            chosen_jobs(jobs_of(9), Selected(sample="image/3"), Path("in"))
        assert str(caught.value) == (
            "in: no source that is expanded is called image/3; --sample takes a key or a path, like images/3"
        )

    def test_a_data_set_without_an_expanded_split_is_refused(self) -> None:
        with pytest.raises(DatasetError) as caught:
            chosen_jobs([], Selected(), Path("in"))
        assert str(caught.value) == "in: no source is in a split that is expanded"

    def test_every_variant_comes_once_before_any_comes_twice(self) -> None:
        plan = [("original", 1), ("a", 1), ("a", 2), ("a", 3), ("flip", 1), ("b", 1), ("b", 2), ("b", 3)]
        pairs = [Pair("x", variant, copy, "", {}) for variant, copy in plan[1:]]
        shown = {most: [(p.variant, p.copy) for p in chosen_pairs(pairs, most)] for most in (2, 5, 99)}
        assert shown[2] == [("a", 1), ("flip", 1)]
        assert shown[5] == [("a", 1), ("a", 2), ("flip", 1), ("b", 1), ("b", 2)]
        assert shown[99] == plan[1:]

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (Selected(variant="jitter"), ["jitter 1", "jitter 2", "jitter 3"]),
            (Selected(variant="jitter", cols=2), ["jitter 1", "jitter 2"]),
            (Selected(copy=1), ["fliplr 1", "jitter 1"]),
            (Selected(copy=3), ["jitter 3"]),
            (Selected(strip=True, rows=2), ["jitter 1", "jitter 2"]),
            (Selected(strip=True, copy=3), ["jitter 3"]),
            (Selected(strip=True, variant="fliplr"), ["fliplr 1"]),
        ],
    )
    def test_a_variant_and_a_copy_can_be_chosen(self, wanted: Selected, expected: list[str]) -> None:
        assert copies_of(JITTER, wanted) == expected

    def test_without_a_random_variant_a_strip_shows_the_first(self) -> None:
        text = "variants: {ud: [vertical_flip], lr: [horizontal_flip]}"
        assert copies_of(text, Selected(strip=True)) == ["ud 1"]

    @pytest.mark.parametrize(
        ("text", "wanted", "message"),
        [
            (
                JITTER,
                Selected(strip=True, variant="jiter"),
                "recipe.yaml: the recipe has no variant 'jiter'; it has fliplr, jitter",
            ),
            (
                JITTER,
                Selected(strip=True, copy=9),
                "recipe.yaml: variant jitter makes no copy 9; the last is copy 3",
            ),
            (JITTER, Selected(copy=9), "recipe.yaml: no variant makes a copy 9; the last is copy 3"),
            (
                "keep_original: true",
                Selected(strip=True),
                "recipe.yaml: the recipe has no variants; leave out --strip, --variant and --copy",
            ),
        ],
    )
    def test_what_is_not_there_is_answered_with_what_is(
        self, text: str, wanted: Selected, message: str
    ) -> None:
        with pytest.raises(AugcliError) as caught:
            copies_of(text, wanted)
        assert str(caught.value) == message


class TestPictures:
    def test_a_sheet_has_a_row_for_each_source_and_a_column_for_each_copy(self, pairs: Path) -> None:
        sheet = preview(recipe_of(JITTER), pairs, Selected(rows=3, cols=9, cell=64))
        assert (sheet.sources, sheet.copies, sheet.failures) == (3, 12, ())
        assert sheet.image.width == 2 * 28 + 5 * 64 + 4 * 14

    def test_the_copies_of_one_sample_run_on_over_all_rows(self, pairs: Path) -> None:
        wanted = Selected(rows=2, cols=2, sample="images/b", cell=64)
        sheet = preview(recipe_of(JITTER), pairs, wanted)
        assert (sheet.sources, sheet.copies) == (1, 4)
        assert sheet.image.width == 2 * 28 + 3 * 64 + 2 * 14

    def test_the_pixels_are_those_of_the_copy(self, pairs: Path) -> None:
        sheet = np.asarray(preview(recipe_of(FLIP), pairs, Selected(rows=1, cell=64)).image)
        source, copy = (sheet[28 + 30 + 32 :][:48, left:][:, :64] for left in (28, 28 + 64 + 14))
        assert np.array_equal(copy[:, ::-1], source)
        tinted, plain = source[24, 16], source[24, 48]
        assert tuple(plain) == (0, 0, 0)
        assert np.allclose(
            tinted, 0.58 * np.array([200, 0, 0]) + 0.42 * np.array(QUALITATIVE[254 % 20]), atol=1
        )

    def test_a_crop_at_the_origin_is_cut(self, pairs: Path) -> None:
        text = "variants: {cut: [{crop: {width: 0.5, height: 1}}]}"
        sheet = np.asarray(preview(recipe_of(text), pairs, Selected(rows=1, cell=64)).image)
        copy = sheet[28 + 30 + 32 :][:64, 28 + 64 + 14 :][:, :64]
        assert (copy[32, 30:60] != 0).any(axis=-1).sum() == 30  # of the red half nothing black is left

    def test_pictures_without_masks_are_shown_alone(self, tmp_path: Path) -> None:
        write_pair(tmp_path / "in", "a")
        root = tmp_path / "in" / "images"
        sheet = preview(recipe_of(FLIP), root, Selected(rows=1, cell=64))
        pixels = np.asarray(sheet.image)[28 + 30 + 32 :][:48, 28:][:, :64]
        assert tuple(pixels[24, 16]) == (200, 0, 0)

    def test_a_recipe_without_variants_shows_the_sources(self, pairs: Path) -> None:
        sheet = preview(recipe_of("keep_original: true"), pairs, Selected(rows=2, cell=64))
        assert (sheet.sources, sheet.copies) == (2, 0)

    def test_the_same_call_draws_the_same_sheet(self, pairs: Path) -> None:
        first, second = (preview(recipe_of(JITTER), pairs, Selected(cell=64)).image for _ in range(2))
        assert first.tobytes() == second.tobytes()

    def test_a_source_that_cannot_be_read_has_a_cell_with_the_reason(self, pairs: Path) -> None:
        (pairs / "images" / "b.png").write_bytes(b"")
        sheet = preview(recipe_of(FLIP), pairs, Selected(cell=64))
        assert (sheet.sources, sheet.copies) == (4, 3)
        assert sheet.failures == ("images/b.png: the file is empty (0 bytes); replace it or leave it out",)

    def test_a_copy_that_does_not_fit_fails_alone(self, pairs: Path) -> None:
        text = "variants: {cut: [{center_crop: {size: 35x30}}], flip: [vertical_flip]}"
        write_pair(pairs, "a", size=(32, 30))
        sheet = preview(recipe_of(text), pairs, Selected(cell=64))
        assert (sheet.sources, sheet.copies) == (4, 7)
        assert sheet.failures == (
            "images/a.png: a crop of 35x30 does not fit in 32x30; "
            "crop less, resize first, or put pad_if_needed: {size: 35x30} before it",
        )

    def test_a_sheet_too_large_for_memory_is_refused(self) -> None:
        cell = Cell("a", picture=Image.new("RGB", (2048, 10)))
        with pytest.raises(AugcliError) as caught:
            draw_sheet(Sheet("", "", [[cell] * 100] * 100, [], 2048))
        assert str(caught.value) == (
            "the sheet would have 206242x5696 pixels; use fewer --rows or --cols, or a smaller --cell"
        )


TOP, LEFT = 28 + 30 + 32, 28  # of the first picture in a sheet
OTHER = "input: {images: images, masks: {mask: masks, depth: {path: depth, kind: image}}}\n" + FLIP


def write_depth(root: Path, values: Any) -> None:
    (root / "depth").mkdir()
    Image.fromarray(values).save(root / "depth" / "a.png")


class TestOtherMasks:
    def test_a_depth_map_lies_below_its_picture_in_the_colours_of_the_ramp(self, tmp_path: Path) -> None:
        write_pair(tmp_path, "a")
        write_depth(tmp_path, np.repeat(np.linspace(900, 4900, 40)[None], 30, axis=0).astype(np.uint16))
        sheet = np.asarray(preview(recipe_of(OTHER), tmp_path, Selected(rows=1, cell=64)).image)
        plain = np.asarray(preview(recipe_of(FLIP), tmp_path, Selected(rows=1, cell=64)).image)
        assert np.array_equal(
            sheet[TOP : TOP + 48, LEFT : LEFT + 64], plain[TOP : TOP + 48, LEFT : LEFT + 64]
        )
        source, copy = (sheet[TOP + 48 + TILE_GAP :][:48, left:][:, :64] for left in (LEFT, LEFT + 64 + 14))
        assert np.array_equal(copy[:, ::-1], source)
        assert np.abs(source[24, 0].astype(int) - RAMP[0]).max() < 20
        assert np.abs(source[24, 63].astype(int) - RAMP[-1]).max() < 20

    def test_a_second_picture_in_colour_is_shown_in_its_colours(self, tmp_path: Path) -> None:
        write_pair(tmp_path, "a")
        write_depth(tmp_path, np.full((30, 40, 3), (10, 150, 200), np.uint8))
        sheet = np.asarray(preview(recipe_of(OTHER), tmp_path, Selected(rows=1, cell=64)).image)
        assert sheet[TOP + 48 + TILE_GAP + 24, LEFT + 30].tolist() == [10, 150, 200]

    def test_a_ramp_and_instances_have_a_chip_in_the_legend(self, tmp_path: Path) -> None:
        write_pair(tmp_path, "a")
        write_depth(tmp_path, np.zeros((30, 40), np.uint16))
        text = OTHER.replace("mask: masks", "ids: {path: masks, kind: instance}")
        sheet = preview(recipe_of(text), tmp_path, Selected(rows=1, cell=200)).image
        chips = [Chip("ids: a colour for each instance", QUALITATIVE[0], QUALITATIVE[1:6])]
        chips += [Chip("depth: low to high", RAMP[0], RAMP[1:])]
        cell = Cell("", picture=Image.new("RGB", (454, 9)))
        alone = draw_sheet(Sheet("", "", [[cell]], chips, sheet.width - 56))
        lines = [np.asarray(image)[-28 - 22 : -28, 28:] for image in (sheet, alone)]
        assert np.array_equal(*lines)
        assert {tuple(pixel) for pixel in lines[0][8, : 3 * CHIP]} == set(QUALITATIVE[:6])

    def test_instances_are_counted_by_mask_whether_joined_or_apart(self) -> None:
        ids = np.array([[0, 7, 7], [300, 0, 9]], np.uint16)
        nothing, one = np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8)
        masks = {"ids": ids, "cells#1": one, "cells#2": nothing, "cells#3": one, "mask": one, "other": ids}
        assert instances_shown(masks, {"ids", "cells#1", "cells#2", "cells#3", "mask"}) == [
            "cells: 2 instances",
            "ids: 3 instances",
            "1 instance",
        ]

    def test_a_range_is_that_of_the_copy(self) -> None:
        assert range_shown("depth", np.array([[0.25, 12.5]], np.float32)) == "depth: 0.25 to 12.5"
        assert range_shown("mask", np.array([[7, 40_000]], np.uint16)) == "7 to 40000"

    def test_the_ramp_grows_brighter_from_low_to_high(self) -> None:
        colors = ramped(np.linspace(-1, 2, 301)[None], (0.0, 1.0))[0].astype(int)
        light = colors @ [299, 587, 114]
        assert (np.diff(light[100:201]) > 0).all()
        assert (colors[:101] == RAMP[0]).all()
        assert (colors[200:] == RAMP[-1]).all()

    def test_a_depth_map_of_one_value_has_a_colour_too(self) -> None:
        image = Picture(np.full((4, 4, 1), 3, np.float32), "tiff", colors="grey")
        assert (ramped(image.pixels[..., 0], levels_shown(image)) == RAMP[0]).all()

    def test_pictures_lie_below_each_other_on_white(self) -> None:
        first, second = (Image.new("RGB", (5, height), color) for height, color in ((3, "red"), (2, "blue")))
        column = np.asarray(below(first, [second]))
        assert column.shape == (3 + TILE_GAP + 2, 5, 3)
        assert [column[row, 2].tolist() for row in (0, 3, -1)] == [[255, 0, 0], [255] * 3, [0, 0, 255]]


GREY = np.full((8, 8, 3), 100, np.uint8)


def shown(values: Any, look: LabelStyle, image: Any = GREY) -> tuple[Any, set[tuple[str, int]]]:
    drawn = overlaid(image, {"mask": np.asarray(values)}, {"mask": look}, 64)
    return np.asarray(drawn.picture), drawn.seen


class TestOverlay:
    def test_background_is_left_as_it_is(self) -> None:
        pixels, seen = shown(np.zeros((8, 8), np.uint8), LabelStyle())
        assert seen == set()
        assert (pixels == 100).all()

    def test_a_palette_gives_the_colours(self) -> None:
        pixels, seen = shown(np.ones((8, 8), np.uint8), LabelStyle(bytes([0, 0, 0, 200, 50, 0])))
        assert seen == {("mask", 1)}
        assert pixels[32, 32].tolist() == [142, 79, 58]

    def test_an_rgb_mask_is_shown_in_its_own_colours(self) -> None:
        pixels, seen = shown(np.full((8, 8, 3), (200, 50, 0), np.uint8), LabelStyle(is_rgb=True))
        assert seen == {("mask", 0xC83200)}
        assert pixels[32, 32].tolist() == [142, 79, 58]

    def test_a_palette_of_greys_gives_no_colours(self) -> None:
        assert colorful(bytes(np.repeat(np.arange(256, dtype=np.uint8), 3))) is None
        assert colorful(b"\0\0\0\xff\xff\xff") is None
        assert colorful(None) is None
        assert colorful(b"\0\0\0\x80\0\0") == b"\0\0\0\x80\0\0"

    def test_a_value_beyond_the_palette_has_a_colour_too(self) -> None:
        assert LabelStyle(b"\0\0\0\x80\0\0").color(40_000) in QUALITATIVE

    def test_classes_have_distinct_colours(self) -> None:
        assert len({LabelStyle().color(label) for label in range(1, 21)}) == 20

    @pytest.mark.parametrize("ignore", [255, 0])
    def test_ignored_pixels_are_hatched_in_grey(self, ignore: int) -> None:
        pixels, _ = shown(np.full((8, 8), ignore, np.uint8), LabelStyle(ignore=ignore))
        assert (pixels == pixels[..., :1]).all()
        assert len(np.unique(pixels)) > 1

    def test_contours_lie_on_both_sides_of_a_border_and_not_at_the_frame(self) -> None:
        labels = np.repeat([[0] * 6 + [1] * 6], 5, axis=0)
        assert contours(labels, 2).tolist() == [[False] * 4 + [True] * 4 + [False] * 4] * 5

    @given(color=st.tuples(*[st.integers(0, 255)] * 3), label=st.integers(1, 20), of_class=st.booleans())
    def test_a_contour_is_seen_on_a_picture_of_any_colour(
        self, color: tuple[int, int, int], label: int, of_class: bool
    ) -> None:
        color = LabelStyle().color(label) if of_class else color
        values = np.repeat([[0] * 32 + [label] * 32], 64, axis=0).astype(np.uint8)
        pixels, _ = shown(values, LabelStyle(), np.full((64, 64, 3), color, np.uint8))
        assert np.abs(pixels[:, 32:35].astype(int) - color).max() > 40
        assert (pixels[:, :32] == color).all()

    def test_the_plain_picture_has_no_masks(self) -> None:
        values = np.repeat([[0] * 4 + [1] * 4], 8, axis=0)
        drawn = overlaid(GREY, {"mask": values}, {"mask": LabelStyle()}, 64)
        assert (np.asarray(drawn.plain) == 100).all()
        assert (np.asarray(drawn.picture) != 100).any()

    def test_grey_and_transparent_pictures_are_shown_on_white(self) -> None:
        blank: dict[str, Any] = {}
        grey = overlaid(np.full((4, 4, 1), 90, np.uint8), blank, {}, 64).picture
        clear = overlaid(np.zeros((4, 4, 4), np.uint8), blank, {}, 64).picture
        assert grey.getpixel((9, 9)) == (90, 90, 90)
        assert clear.getpixel((9, 9)) == (255, 255, 255)

    @given(width=st.integers(1, 300), height=st.integers(1, 300))
    def test_every_picture_fits_its_cell(self, width: int, height: int) -> None:
        picture = overlaid(np.zeros((height, width, 1), np.uint8), {}, {}, 32).picture
        assert max(picture.size) == 32
        assert min(picture.size) >= 1


class TestNames:
    def test_classes_are_called_by_their_names(self) -> None:
        recipe = recipe_of("input: {classes: {0: sky, 1: car}}\n" + FLIP)
        spec = MaskSpec("index", fill=255)
        assert class_name(recipe, spec, 1, (1, 2, 3)) == "car"
        assert class_name(recipe, spec, 7, (1, 2, 3)) == "7"
        assert class_name(recipe, spec, 255, None) == "ignored"
        assert class_name(recipe, MaskSpec("binary", 255, 255), 255, (1, 2, 3)) == "car"
        assert class_name(recipe_of(FLIP), MaskSpec("binary", 255, 255), 255, (1, 2, 3)) == "foreground"

    def test_colours_are_called_by_their_names(self) -> None:
        recipe = recipe_of('input: {classes: {car: "#00008e"}}\n' + FLIP)
        assert class_name(recipe, MaskSpec("rgb"), 0x8E, (0, 0, 0x8E)) == "car"
        assert class_name(recipe, MaskSpec("rgb"), 0x8F, (0, 0, 0x8F)) == "#00008f"

    def test_the_fill_of_index_masks_is_ignored_unless_it_is_a_class(self) -> None:
        plain, named = recipe_of(FLIP), recipe_of("input: {classes: {255: car}}\n" + FLIP)
        rgb = recipe_of('input: {mask: {kind: rgb, ignore: "#010203"}}\n' + FLIP)
        assert ignored_label(plain, MaskSpec("index", fill=255)) == 255
        assert ignored_label(named, MaskSpec("index", fill=255)) is None
        assert ignored_label(plain, MaskSpec("binary", 255, 255)) is None
        assert ignored_label(plain, MaskSpec("rgb", fill=(0, 0, 0))) is None
        assert ignored_label(rgb, MaskSpec("rgb", fill=(1, 2, 3))) == 0x010203
        assert ignored_label(plain, None) is None

    def test_a_legend_of_many_classes_says_how_many_are_left_out(self) -> None:
        cell = Cell("a", picture=Image.new("RGB", (200, 10)))
        few, many, most = (
            draw_sheet(Sheet("", "", [[cell]], [Chip("some class", (9, 9, 9))] * count, 200)).height
            for count in (3, 300, 3000)
        )
        assert few < many == most


CHAIN: dict[str, Any] = {
    "weight": 0.4,
    "steps": [{"name": "solarize", "params": {"threshold": 0.8}}, {"name": "equalize", "params": {}}],
}


class TestCaptions:
    @pytest.mark.parametrize(
        ("applied", "text"),
        [
            (Applied("horizontal_flip", {}), "horizontal_flip"),
            (Applied("rotate", {"degrees": -7.3125}), "rotate -7.31\u00b0"),
            (
                Applied("crop", {"x": 40, "y": 12, "width": 312, "height": 256, "unit": "pixels"}),
                "crop 312x256 at 40, 12",
            ),
            (Applied("resize", {"width": 256, "height": 192}), "resize 256x192"),
            (Applied("hue", {"shift": -0.00973, "definition": "hsv"}), "hue -0.0097"),
            (Applied("translate", {"x": 0.125, "y": 0.0}), "translate x 0.12"),
            (
                Applied("affine", {"degrees": 5.0, "translate": {"x": 0.1, "y": 0.0}}),
                "affine degrees 5\u00b0, translate x 0.1",
            ),
            (
                Applied("elastic", {"alpha": 589.2, "sigma": 24.0, "key": "00ff"}),
                "elastic alpha 589, sigma 24",
            ),
            (Applied("elastic_grid", {"displacements": [[[1.0, 2.0]]]}), "elastic_grid"),
            (Applied("channel_dropout", {"channels": [0, 2], "fill": 0.0}), "channel_dropout channels 0, 2"),
            (Applied("cutout", {"boxes": [[1, 2, 3, 4]], "fill": [0, 0, 0]}), "cutout 1 box"),
            (
                Applied("aug_mix", {"keep": 0.25, "chains": [CHAIN, CHAIN | {"weight": 0.6}]}),
                "aug_mix keep 0.25, 0.4 solarize 0.8 > equalize, 0.6 solarize 0.8 > equalize",
            ),
        ],
    )
    def test_a_step_is_described_by_its_numbers(self, applied: Applied, text: str) -> None:
        assert described([applied]) == [text]

    def test_the_end_of_a_warp_is_no_step(self) -> None:
        steps = [Applied("end_warp", {}), Applied("transpose", {}), Applied("end_warp", {})]
        assert described(steps) == ["transpose"]

    @pytest.mark.parametrize(
        ("applied", "texts"),
        [
            (Applied("transpose", {}), []),
            (Applied("rotate", {"degrees": -7.3125}), ["degrees -7.31\u00b0"]),
            (Applied("crop", {"x": 4, "y": 0, "width": 9, "height": 8, "unit": "pixels"}), ["9x8 at 4, 0"]),
            (
                Applied("posterize", {"bits": 4, "rounded": True, "definition": "torchvision"}),
                ["bits 4", "definition torchvision", "rounded"],
            ),
            (Applied("poisson_noise", {"scale": 50.5, "key": "0f" * 16}), ["scale 50.5"]),
        ],
    )
    def test_parameters_are_told_by_name(self, applied: Applied, texts: list[str]) -> None:
        assert parameters(applied) == texts

    @pytest.mark.parametrize(
        ("value", "text"), [(3.0, "3"), (1234.56, "1235"), (12.345, "12.3"), (0.01766, "0.018"), (0, "0")]
    )
    def test_numbers_are_short(self, value: float, text: str) -> None:
        assert shortest(value) == text

    def test_text_that_the_font_lacks_is_replaced(self) -> None:
        assert legible("Z\u00fcrich/\u4e2d_1\n") == "Zurich/?_1?"

    @given(text=st.text("abc /_\u00b7", min_size=1), width=st.integers(20, 300), most=st.integers(1, 4))
    def test_captions_stay_in_their_place(self, text: str, width: int, most: int) -> None:
        font = font_of(11)
        for lines in (wrapped(text.split("/"), font, width, most), paragraph(text, font, width, most)):
            assert len(lines) <= most
            assert all(font.getlength(line) <= width for line in lines)
        assert font.getlength(shortened(text, font, width)) <= width

    def test_a_long_key_keeps_its_end(self) -> None:
        assert shortened("some/long/folder/0001", font_of(13), 60).endswith("/0001")

    def test_what_does_not_fit_is_shown_as_an_ellipsis(self) -> None:
        assert wrapped(["rotate 1", "crop 2", "hue 3"], font_of(11), 60, 2) == [
            "rotate 1",
            "crop 2  \u00b7  \u2026",
        ]


class TestCommand:
    def test_a_sheet_is_written_and_nothing_else(self, pairs: Path, tmp_path: Path) -> None:
        (tmp_path / "recipe.yaml").write_text(JITTER)
        before = set(tmp_path.rglob("*"))
        result = run(tmp_path / "recipe.yaml", pairs, "-o", tmp_path / "sheet.png", "--cell", "64", "-n", "1")
        assert result.return_value == 0
        with Image.open(tmp_path / "sheet.png") as sheet:
            width, height = sheet.size
        expected = f"{tmp_path}/sheet.png: 4 sources, 8 copies, 0 failed; {width}x{height} pixels\n"
        assert result.stdout == expected
        assert set(tmp_path.rglob("*")) - before == {tmp_path / "sheet.png"}

    def test_another_seed_draws_other_copies(self, pairs: Path, tmp_path: Path) -> None:
        (tmp_path / "recipe.yaml").write_text(JITTER)
        for seed in (1, 2):
            sheet = tmp_path / f"{seed}.png"
            run(tmp_path / "recipe.yaml", pairs, "-o", sheet, "--cell", "64", "--seed", str(seed))
        assert (tmp_path / "1.png").read_bytes() != (tmp_path / "2.png").read_bytes()

    def test_a_failure_is_named_and_ends_with_1_after_the_sheet_is_written(
        self, pairs: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "recipe.yaml").write_text(FLIP)
        (pairs / "images" / "b.png").write_bytes(b"")
        result = run(tmp_path / "recipe.yaml", pairs, "-o", tmp_path / "sheet.png", "--cell", "64")
        assert result.return_value == 1
        assert "failed: images/b.png: the file is empty (0 bytes)" in result.stderr
        assert (tmp_path / "sheet.png").exists()

    @pytest.mark.parametrize(("suffix", "kind"), [(".jpg", "JPEG"), (".webp", "WEBP"), (".PNG", "PNG")])
    def test_the_suffix_says_the_format(self, tmp_path: Path, suffix: str, kind: str) -> None:
        write_sheet(Image.new("RGB", (9, 9)), tmp_path / f"sheet{suffix}")
        with Image.open(tmp_path / f"sheet{suffix}") as sheet:
            assert sheet.format == kind

    def test_another_suffix_is_refused(self, pairs: Path, tmp_path: Path) -> None:
        with pytest.raises(OutputError) as caught:
            run(tmp_path / "recipe.yaml", pairs, "-o", "sheet.pdf")
        assert str(caught.value) == (
            "sheet.pdf: a sheet is a .png, .jpg, .webp or .html file; name such a file with -o"
        )

    def test_a_folder_is_refused(self, pairs: Path, tmp_path: Path) -> None:
        (tmp_path / "sheet.png").mkdir()
        with pytest.raises(OutputError) as caught:
            run("recipe.yaml", pairs, "-o", tmp_path / "sheet.png")
        assert str(caught.value) == f"{tmp_path}/sheet.png: is a folder; name a file with -o"

    def test_a_sheet_in_the_input_is_refused(self, pairs: Path) -> None:
        with pytest.raises(OutputError) as caught:
            run("recipe.yaml", pairs, "-o", pairs / "images" / "sheet.png")
        place = pairs / "images" / "sheet.png"
        assert str(caught.value) == (
            f"{place}: the sheet would lie in the input, as a picture of it; put it beside the input"
        )

    def test_a_format_that_cannot_hold_the_sheet_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError) as caught:
            write_sheet(Image.new("RGB", (20_000, 4)), tmp_path / "sheet.webp")
        assert str(caught.value) == (
            f"{tmp_path}/sheet.webp: WEBP cannot hold a sheet of 20000x4 pixels; name a .png file"
        )

    def test_a_place_that_cannot_be_written_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(AugcliError) as caught:
            write_sheet(Image.new("RGB", (9, 9)), tmp_path / "file" / "sheet.png")
        assert str(caught.value).startswith(f"{tmp_path}/file/sheet.png: cannot write: ")
        assert "\n" not in str(caught.value)
