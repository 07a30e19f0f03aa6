"""What every transform promises: documented fields, draws in their bounds, a record that replays it."""

import json
import typing
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from skimage import data
from support.recipe_steps import applied, drawn, pixels, program_of, run

from augcli.data import FillValues, PixelFormat, Sample
from augcli.errors import ImageError
from augcli.geometry import Frame
from augcli.recipe import parse_recipe
from augcli.render.program import build_program
from augcli.render.render import RenderOptions, render
from augcli.rng import Draws
from augcli.transforms import TRANSFORMS
from augcli.transforms.operations import Applied, ColorOp, SpatialOp
from augcli.transforms.parameters import Number

FRAME = Frame(240, 180)
PHOTO = data.astronaut()[40:220, 100:340]
MASK = np.arange(180 * 240, dtype=np.uint16).reshape(180, 240)
ALL = pytest.mark.parametrize("name", sorted(TRANSFORMS))
MOVES = pytest.mark.parametrize("name", sorted(n for n, t in TRANSFORMS.items() if t.moves))
STAYS = pytest.mark.parametrize("name", sorted(n for n, t in TRANSFORMS.items() if not t.moves))
CURVE = {"low_y": {"limit": 0}, "high_y": {"limit": 0}}
REQUIRED = {
    "elastic": {"sigma": 8},
    "tone_curve": CURVE,
    "cutout": {"size": 0.3},
}  # what a neutral value of another field needs beside it


def example(name: str) -> Any:
    """The example of a transform, with boxes that fit in a small picture."""
    return yaml.safe_load(TRANSFORMS[name].example.replace("256", "96"))


def always(name: str) -> list[Any]:
    step = example(name)
    params = step[name] if isinstance(step, dict) else {}
    return [{name: params | {"p": 1}}]


def fields_of(model: type[BaseModel], prefix: str = "") -> typing.Iterator[tuple[str, FieldInfo]]:
    for name, info in model.model_fields.items():
        yield prefix + name, info
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from fields_of(info.annotation, f"{prefix}{name}.")


def number_of(info: FieldInfo) -> Number | None:
    inner = [meta for arg in typing.get_args(info.annotation) for meta in getattr(arg, "__metadata__", ())]
    return next((meta for meta in [*info.metadata, *inner] if isinstance(meta, Number)), None)


NEUTRAL = [
    (name, field)
    for name, transform in sorted(TRANSFORMS.items())
    for field, info in fields_of(transform)
    if (number := number_of(info)) and number.neutral is not None
]


@ALL
def test_a_transform_documents_itself(name):
    transform = TRANSFORMS[name]
    assert transform.summary().endswith(".")
    assert transform.source
    assert transform.fuses
    assert transform.definition_number >= 1
    for field, info in fields_of(transform):
        assert info.description, field


@ALL
def test_the_example_is_a_recipe(name):
    text = f"transforms:\n  - {TRANSFORMS[name].example}\n"
    (variant,) = parse_recipe(text, "recipe.yaml").variants
    assert [step.transform.name for step in variant.children] == [name]


@pytest.mark.parametrize(("name", "field"), NEUTRAL)
def test_the_neutral_value_changes_nothing(name, field):
    outer, _, inner = field.partition(".")
    neutral = {"limit": 0}
    params = REQUIRED.get(name, {}) | {outer: {inner: neutral} if inner else neutral}
    image, mask = run([{name: params}], PHOTO, MASK)
    np.testing.assert_array_equal(image, PHOTO)
    np.testing.assert_array_equal(mask, MASK)


def test_neutral_values_were_found():
    assert {"rotate", "affine", "elastic", "elastic_grid", "color_jitter", "gamma", "box_blur"} <= {
        name for name, _ in NEUTRAL
    }


@ALL
def test_draws_keep_their_bounds(name):
    transform = drawn(always(name))[0].transform
    for copy in range(50):
        values = transform.draw(Draws((0, "key", "aug", copy)))
        for field, distribution in transform.distributions().items():
            low, high = distribution.ends
            assert low <= values.get(field, low) <= high


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - {"tiles"}))  # which takes no p
def test_probability_zero_is_never_and_one_is_always(name):
    step = always(name)[0][name]
    never = [d.transform.name for copy in range(20) for d in drawn([{name: step | {"p": 0}}], copy=copy)]
    assert set(never) <= {"end_warp"}  # what is not drawn still ends the warp where it stands
    assert all(len(drawn([{name: step}], copy=copy)) == 1 for copy in range(20))


@ALL
def test_a_step_says_whether_two_copies_can_differ(name):
    transform = drawn(always(name))[0].transform
    copies = {json.dumps([s.params for s in applied(always(name), FRAME, copy=c)]) for c in range(8)}
    assert (transform.is_random or name == "tiles") == (len(copies) > 1)


def moved(name: str, image: Any, mask: Any = None, copy: int = 1) -> tuple[Any, Any]:
    """A picture and a mask moved as a step moves them, without the colours that a policy draws."""
    frame, moves = FRAME, []
    for step in applied(always(name), FRAME, mask=mask, copy=copy):
        operation = TRANSFORMS[step.name].operate(step.params, frame)
        if isinstance(operation, SpatialOp):
            moves.append(step)
            frame = operation.frame
        elif not isinstance(operation, ColorOp):
            moves.append(Applied("end_warp", {}))
    return pixels(build_program(moves, FRAME, "reflect"), image, mask)


@MOVES
def test_picture_and_mask_move_alike(name):
    """The mask names the source pixel of each pixel; a smooth picture is nearly the same there."""
    smooth = np.uint8(128 + 60 * np.sin(MASK // 240 / 25) + 60 * np.cos(MASK % 240 / 30))
    for copy in range(1, 6):
        image, mask = moved(name, smooth, MASK, copy)
        expected = smooth.ravel()[mask].astype(int)
        assert np.abs(image - expected).max() <= 8  # the slope is at most 3.2 levels a pixel
        np.testing.assert_array_equal(mask, run(always(name), smooth, MASK, copy=copy)[1])


@STAYS
def test_what_does_not_move_pixels_leaves_masks_alone(name):
    image, mask = run(always(name), PHOTO, MASK)
    assert image.shape == PHOTO.shape
    np.testing.assert_array_equal(mask, MASK)
    assert (image != PHOTO).any() or name == "end_warp"


@ALL
def test_alpha_is_moved_and_never_coloured(name):
    alpha = data.camera()[100:280, 100:340]
    rgba, _ = run(always(name), np.dstack([PHOTO, alpha]))
    rgb, _ = run(always(name), PHOTO)
    expected = moved(name, alpha)[0] if TRANSFORMS[name].moves else alpha
    np.testing.assert_array_equal(rgba[..., :3], rgb)
    np.testing.assert_array_equal(rgba[..., 3], expected)


@ALL
def test_grey_stays_grey(name):
    grey, _ = run(always(name), PHOTO[..., 1])
    rgb, _ = run(always(name), PHOTO)
    assert grey.dtype == np.uint8
    assert grey.shape == rgb.shape[:2]


NOT_GREY = {"gaussian_noise", "color_jitter"}  # noise of each channel; a hue that clips colours, not grey
NOT_GREY |= {"to_sepia", "rgb_shift", "channel_shift", "lighting", "color_temperature"}  # tint a grey
NOT_GREY |= {"channel_dropout", "random_erasing"}  # take a colour away; noise of each channel
NOT_GREY |= {"clahe"}  # the lightness of Lab is another curve of levels than grey is
NOT_GREY |= {"poisson_noise", "speckle_noise", "sun_flare"}  # noise of each channel; a warm light


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - NOT_GREY))
def test_an_all_grey_rgb_picture_is_the_grey_picture(name):
    grey, _ = run(always(name), PHOTO[..., 1])
    rgb, _ = run(always(name), np.repeat(PHOTO[..., 1:2], 3, axis=-1))
    assert np.abs(rgb.astype(int) - grey[..., None]).max() <= 1


@ALL
def test_sources_are_not_changed(name):
    image, mask = PHOTO.copy(), MASK.copy()
    for border in ("reflect", "constant"):
        run(always(name), image, mask, border=border)
    np.testing.assert_array_equal(image, PHOTO)
    np.testing.assert_array_equal(mask, MASK)


def leaves(value: Any) -> typing.Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    for part in inner or ():
        yield from leaves(part)


@ALL
def test_resolved_parameters_are_plain_json(name):
    for step in applied(always(name), FRAME):
        assert json.loads(json.dumps(step.params)) == step.params
        assert {type(leaf) for leaf in leaves(step.params)} <= {str, int, float, bool}


@ALL
def test_real_numbers_are_resolved_as_floats(name):
    for step in applied(always(name), FRAME):
        for field, info in fields_of(TRANSFORMS[step.name]):
            number, value = number_of(info), step.params.get(field)
            if number and value is not None and step.name != "crop":  # a crop is resolved to whole pixels
                assert type(value) is (int if number.whole else float), field


@ALL
def test_a_step_is_made_again_from_its_record(name):
    steps = applied(always(name), FRAME)
    line = json.loads(json.dumps([{"name": s.name, "params": s.params} for s in steps]))
    again = build_program([Applied(s["name"], s["params"]) for s in line], FRAME, "reflect")
    image, mask = pixels(again, PHOTO, MASK)
    expected = pixels(program_of(always(name), FRAME), PHOTO, MASK)
    np.testing.assert_array_equal(image, expected[0])
    np.testing.assert_array_equal(mask, expected[1])


INNER = {"key", "displacements", "corners", "across", "rounded", "boxes", "every", "channels", "objects"}
INNER |= {"pixels", "chains"}


@ALL
def test_resolved_parameters_resolve_to_themselves_as_a_recipe(name):
    """A manifest's `applied` can be pasted into a recipe, but for noise fields, sizes and inner marks."""
    for step in applied(always(name), FRAME):
        inner = INNER & set(step.params) or step.name == "resize"
        if not inner:
            assert applied([{step.name: step.params}], FRAME) == [step]


DEEP = {
    "16 bit": (PHOTO.astype(np.uint16) * 257, PixelFormat("rgb", False, 0, 65535)),
    "12 bit in 16": (PHOTO.astype(np.uint16) * 16, PixelFormat("rgb", False, 0, 4095)),
    "16 bit grey": (PHOTO[..., 1:2].astype(np.uint16) * 257, PixelFormat("grey", False, 0, 65535)),
    "float": (PHOTO.astype(np.float32) / 255, PixelFormat("rgb", False, 0.0, 1.0)),
    "six bands": (np.concatenate([PHOTO, 255 - PHOTO], axis=-1), PixelFormat("multi", False, 0, 255)),
}


@ALL
@pytest.mark.parametrize("kind", DEEP)
def test_a_picture_of_another_kind_works_or_is_refused_by_name(name, kind):
    image, meaning = DEEP[kind]
    made = outcome(name, Sample(image, {"mask": MASK}, meaning))
    if isinstance(made, ImageError):
        steps = {step.name for step in applied(always(name), FRAME, mask=MASK)}
        assert any(step in str(made) for step in steps)
        assert made.hint
        return
    assert (made.image.dtype, made.image.shape[2]) == (image.dtype, image.shape[2])
    assert made.image.shape[:2] == made.masks["mask"].shape
    assert made.image.min() >= meaning.low - 1e-6
    assert made.image.max() <= meaning.high + 1e-6


def outcome(name: str, sample: Sample) -> Sample | ImageError:
    try:
        return render(
            program_of(always(name), FRAME, mask=MASK), sample, RenderOptions(), {"mask": FillValues(255)}
        ).sample
    except ImageError as error:
        return error


# OpenCV's CLAHE clips whole pixels of a bin, and there are 256 times more bins; a policy may posterize.
OF_THEIR_DEPTH = {"clahe", "auto_augment", "aug_mix", "trivial_augment", "rand_augment"}


@pytest.mark.parametrize("name", sorted(set(TRANSFORMS) - OF_THEIR_DEPTH))
def test_16_bits_are_8_bits_with_finer_levels(name):
    """The same picture at 16 bits is the same, up to the rounding of either, or it is refused."""
    image, meaning = DEEP["16 bit"]
    deep = outcome(name, Sample(image, {"mask": MASK}, meaning))
    plain, _ = run(always(name), PHOTO, MASK)
    assert isinstance(deep, ImageError) or np.abs(deep.image / 257 - plain).max() <= 2
