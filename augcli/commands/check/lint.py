"""What is allowed and yet looks like a slip: in a recipe by itself, and in a recipe for a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from augcli.commands.check.source import last_frame
from augcli.commands.check.survey import Duplicate, Survey
from augcli.data import Dataset
from augcli.errors import ImageError
from augcli.formats.splits import shared_groups
from augcli.geometry import RMS_OF_UNIT_ALPHA, Frame
from augcli.labels.mask_statistics import MOST_NAMED, MasksSeen, class_remarks, listed
from augcli.labels.masks import line_for
from augcli.labels.mirror import FLIPS, mirror_remarks
from augcli.recipe import Recipe, Variant
from augcli.recipe.mask_options import SOLE
from augcli.recipe.traverse import Placed, steps_of
from augcli.text import count
from augcli.transforms import Transform
from augcli.transforms.color import Brightness, ColorJitter, Contrast
from augcli.transforms.distortion import OpticalDistortion
from augcli.transforms.elastic import ControlGrid, Elastic, PiecewiseAffine
from augcli.transforms.geometric import Affine, Rotate, SafeRotate, Scale, Shear, ShiftScaleRotate, Translate
from augcli.transforms.parameters import Distribution, Number, Size
from augcli.transforms.perspective import Perspective

LEAST_PX = 0.1  # weaker elastic fields change nothing that is seen
# With displacements of 0.4 sigma (rms) the Jacobian is negative in 1 pixel of 1000, with 0.5 in 9, with 0.3
# in none of 100,000: its four entries are normal with a deviation of rms / (sqrt(2) sigma).
MOST_RMS_PER_SIGMA = 0.4
# Neighbours of the grid change places where their difference, of deviation sqrt(2) sigma, exceeds their
# distance: at a quarter of the distance in 1 of 400.
MOST_SIGMA_PER_SPACING = 0.25
MOST_CLASSES = 256
FULL = 255  # the foreground of most binary masks
MOST_STRETCH = 1.05
PROBES, PROBED_COPIES = (Frame(4000, 3000), Frame(3000, 4100)), (1, 2, 3)
NORMAL_REACH = 3.0  # deviations from the mean that count as "can be drawn"


def recipe_remarks(recipe: Recipe) -> list[str]:
    """What looks like a slip in a recipe, whatever the data set."""
    remarks = [] if recipe.variants else ["there are no variants: only the originals would be written"]
    for variant in recipe.variants:
        remarks += _variant_remarks(recipe, variant)
    return [*remarks, *_size_remarks(recipe)]


def _variant_remarks(recipe: Recipe, variant: Variant) -> Iterator[str]:
    steps = list(steps_of(variant))
    if all(_is_neutral(placed.transform) for placed in steps):
        yield f"{variant.name}: changes nothing: its copies are the originals again"
        return
    for placed in steps:
        if _is_neutral(placed.transform):
            yield placed.remark("changes nothing with these numbers")
        else:
            yield from _step_remarks(placed)
    if recipe.output.border == "constant":
        yield from _corner_remarks(variant, steps)


def _is_neutral(transform: Transform) -> bool:
    """Whether a step never changes anything: p is 0, or every number that has a neutral value is at it."""
    if transform.p == 0:
        return True
    if isinstance(getattr(transform, "size", None), Size):
        return False
    if isinstance(transform, Elastic):
        return (transform.alpha or transform.displacement_px or transform.sigma).is_always(0)
    neutrals = [
        (drawn, neutral)
        for name, drawn in transform.distributions().items()
        if (neutral := _neutral(transform, name)) is not None
    ]
    return bool(neutrals) and all(drawn.is_always(neutral) for drawn, neutral in neutrals)


def _neutral(model: BaseModel, name: str) -> float | None:
    """The neutral value of a number; its name may be `outer.inner`."""
    outer, _, inner = name.partition(".")
    if inner:
        return _neutral(getattr(model, outer), inner)
    info = type(model).model_fields[outer]
    parts: list[Any] = [*info.metadata, *(m for a in get_args(info.annotation) for m in get_args(a))]
    return next((part.neutral for part in parts if isinstance(part, Number)), None)


def _step_remarks(placed: Placed) -> Iterator[str]:
    transform = placed.transform
    if transform.name in FLIPS and transform.p == 1 and placed.always and placed.variant.is_random:
        line = f"{transform.name}: {{p: 0.5}}"
        yield placed.remark(f"has no p: it {FLIPS[transform.name]} every copy; for half of them write {line}")
    if isinstance(transform, Elastic):
        yield from _elastic_remarks(placed, transform)
    if isinstance(transform, ControlGrid):
        yield from _weak_grid_remarks(placed, transform)
    if isinstance(transform, Brightness | Contrast | ColorJitter):
        yield from _factor_remarks(placed, transform)


def _elastic_remarks(placed: Placed, transform: Elastic) -> Iterator[str]:
    """By its strongest draw: too weak to be seen, or so strong that it folds."""
    finest, coarsest = _reach(transform.sigma)
    if transform.alpha:
        rms, law = RMS_OF_UNIT_ALPHA * _reach(transform.alpha)[1] / finest, ", 0.163 alpha / sigma"
    else:
        rms, law = _reach(transform.displacement_px or transform.sigma)[1], ""
    if rms < LEAST_PX:
        better = f"elastic: {{displacement_px: 2, sigma: {coarsest:g}}}"
        yield placed.remark(
            f"moves pixels by {rms:.2g} px (root mean square{law}), which nobody sees; "
            f"for 2 px write {better}"
        )
    elif rms > MOST_RMS_PER_SIGMA * finest:
        yield placed.remark(
            f"moves pixels by up to {rms:.3g} px (root mean square{law}) with sigma {finest:g}: above "
            f"{MOST_RMS_PER_SIGMA:g} sigma the picture folds over itself in places"
        )


def _weak_grid_remarks(placed: Placed, transform: ControlGrid) -> Iterator[str]:
    """Control points that hardly move."""
    sigma, (across, down) = _reach(transform.sigma)[1], transform.points
    if sigma < LEAST_PX:
        yield placed.remark(
            f"moves its points by {sigma:.2g} px (standard deviation), which nobody sees; "
            f"for 2 px write {transform.name}: {{points: {across}x{down}, sigma: 2}}"
        )


def _factor_remarks(placed: Placed, transform: Brightness | Contrast | ColorJitter) -> Iterator[str]:
    """Factors that can be 0: black, or one flat grey."""
    named: dict[str, Distribution | None]
    if isinstance(transform, ColorJitter):
        named = {"brightness": transform.brightness, "contrast": transform.contrast}
    else:
        named = {transform.name: transform.factor}
    for name, factor in named.items():
        if factor and _reach(factor)[0] <= 0:
            seen = "black" if name == "brightness" else "flat grey"
            what = f"{name} factor" if name != transform.name else "factor"
            yield placed.remark(f"can draw a {what} of 0: such a copy is {seen}")


def _corner_remarks(variant: Variant, steps: Iterable[Placed]) -> Iterator[str]:
    """With border: constant, which steps bring the fill into view."""
    names = dict.fromkeys(p.transform.name for p in steps if _shows_outside(p.transform))
    if names:
        yield (
            f"{variant.name}: {', '.join(names)} can bring into view what lies outside the picture: "
            "border: constant shows fill there, and in the mask its ignore value"
        )


def _shows_outside(transform: Transform) -> bool:
    if _is_neutral(transform):
        return False
    if isinstance(transform, Rotate | SafeRotate):
        whole = 90 if isinstance(transform, SafeRotate) else 180
        turns = transform.degrees.values if transform.degrees.kind in ("fixed", "choice") else (1.0,)
        return any(turn % whole for turn in turns)
    if isinstance(transform, Scale):
        return _reach(transform.factor)[0] < 1
    if isinstance(transform, OpticalDistortion):
        return _reach(transform.k)[1] > 0
    if isinstance(transform, Perspective):
        return transform.definition == "torchvision"
    showing = Affine | ShiftScaleRotate | Shear | Translate | Elastic | ControlGrid
    return isinstance(transform, showing) and not isinstance(transform, PiecewiseAffine)


def _size_remarks(recipe: Recipe) -> Iterator[str]:
    """Copies of one size beside originals of another."""
    if recipe.output.size or not recipe.keep_original:
        return
    for variant in recipe.variants:
        if size := _fixed_size(recipe, variant):
            yield (
                f"{variant.name}: its copies become {size}, the originals keep their sizes; "
                f"for one size write output: {{size: {size}}}"
            )


def _fixed_size(recipe: Recipe, variant: Variant) -> Size | None:
    """The size of a variant's copies, if it is the same for pictures of two sizes and some draws."""
    try:
        frames = {last_frame(recipe, variant, "probe", copy, f) for copy in PROBED_COPIES for f in PROBES}
    except ImageError:
        return None
    return Size(frame.width, frame.height) if len(frames) == 1 and (frame := frames.pop()) else None


def _reach(number: Distribution) -> tuple[float, float]:
    """The smallest and largest value that is likely: of a normal one, three deviations from its mean."""
    if number.kind != "normal":
        return number.ends
    mean, std = number.values
    low, high = mean - NORMAL_REACH * std, mean + NORMAL_REACH * std
    return max(number.low, low), min(number.high, high)


def data_remarks(survey: Survey) -> list[str]:
    """What looks like a slip in a recipe for this data set."""
    return [
        *_split_remarks(survey),
        *shared_group_remarks(survey.dataset),
        *_duplicate_remarks(survey.duplicates),
        *_id_remarks(survey.dataset),
        *mirror_remarks(survey.recipe, survey.dataset),
        *_box_remarks(survey),
        *(remark for masks in survey.masks for remark in _mask_remarks(masks)),
        *_output_size_remarks(survey),
        *_grid_remarks(survey),
    ]


def _split_remarks(survey: Survey) -> Iterator[str]:
    splits, wanted = survey.splits, survey.recipe.input.expand
    if len(splits) == 1 and (only := next(iter(splits))) != "train":
        yield f"there is one split, called {only}: it is expanded"
    if len(splits) > 1:
        if missing := [split for split in wanted if split not in splits]:
            yield f"input.expand names {', '.join(missing)}; the splits here are {', '.join(splits)}"
        if not any(map(survey.is_expanded, splits)):
            first = max(splits, key=lambda split: splits[split])
            yield f"no split is expanded: only originals would be written; say input: {{expand: [{first}]}}"


def shared_group_remarks(dataset: Dataset) -> Iterator[str]:
    """Groups that lie in several splits: what was trained on would be tested on."""
    if shared := shared_groups(dataset.items):
        group, splits = next(iter(shared.items()))
        more = f", and {count(len(shared) - 1, 'more group')}" if len(shared) > 1 else ""
        yield f"group {group} lies in {' and '.join(splits)}{more}"


def _duplicate_remarks(duplicates: Sequence[Duplicate]) -> Iterator[str]:
    """Equal pictures, those first that lie in several splits, and those next whose masks differ."""
    ordered = sorted(duplicates, key=lambda one: (len(one.splits) < 2, not one.masks_differ))
    for one in ordered[:MOST_NAMED]:
        more = f" and {len(one.images) - MOST_NAMED} more" if len(one.images) > MOST_NAMED else ""
        differing = ", and their masks differ" if one.masks_differ else ""
        leak = f", in the splits {' and '.join(one.splits)}" if len(one.splits) > 1 else ""
        yield f"equal pictures: {', '.join(one.images[:MOST_NAMED])}{more}{leak}{differing}"
    if len(ordered) > MOST_NAMED:
        yield f"and {len(ordered) - MOST_NAMED} more sets of equal pictures, all in --json"


def _id_remarks(dataset: Dataset) -> Iterator[str]:
    """What is read otherwise than it stands in a file, and annotations that get another id."""
    for file, head in dataset.annotation_files.items():
        yield from (*head.remarks, *head.replaced_ids[:MOST_NAMED])
        if (more := len(head.replaced_ids) - MOST_NAMED) > 0:
            yield f"{file}: and {more} more ids replaced, all in --json"


def _box_remarks(survey: Survey) -> Iterator[str]:
    """Boxes that reach out of their pictures: the pictures may have been cut after they were annotated."""
    if outside := survey.outside:
        file, number, image = outside[0]
        more = f", and {len(outside) - 1} more" if len(outside) > 1 else ""
        what = f"{file}: the box of annotation {number} reaches out of {image} by more than a pixel{more}"
        yield f"{what}: copies have what is inside"


def _mask_remarks(masks: MasksSeen) -> Iterator[str]:
    found = [*class_remarks(masks.classes, masks.options)]
    if stray := stray_remark(masks):
        found.append(stray)
    if masks.spec and masks.spec.kind == "index":
        found += _index_remarks(masks)
    if masks.spec and masks.spec.kind == "rgb" and is_black_and_white(masks):
        line = line_for(masks.name, "{kind: binary}")
        found.append(
            f"masks are stored as RGB and hold black and white alone; to have them as 0 and 255 say {line}"
        )
    yield from found if masks.name == SOLE else (f"{masks.name}: {remark}" for remark in found)


def stray_remark(masks: MasksSeen) -> str | None:
    """Masks of 0 and 255 but for a few: those few decide what all are read as.

    Nothing is remarked where the recipe says what the masks are, and where most of them are not so.
    """
    found, said = masks.tally.foreground, masks.said
    is_said = said.kind != "auto" or said.threshold is not None or said.ignore is not None
    if is_said or masks.options.classes or found is None or found[0] != FULL or not found[1]:
        return None
    strange = [row for row in masks.classes if row.value not in (0, FULL)]
    files = sorted({path for row in strange for path in row.held_by})[:MOST_NAMED]
    more = f" and {found[1] - len(files)} more" if found[1] > len(files) else ""
    binary, ignored = (line_for(masks.name, m) for m in ("{kind: binary, threshold: 127}", "{ignore: 255}"))
    return (
        f"masks hold 0 and 255, but for {found[1]} of {masks.tally.masks} with "
        f"{listed([str(row.value) for row in strange])}: {', '.join(files)}{more}; mend "
        f"{'it' if found[1] == 1 else 'them'}, or say {binary} where 255 is foreground, {ignored} where it "
        "means: no label"
    )


def _index_remarks(masks: MasksSeen) -> Iterator[str]:
    """A lone 255 (or 65535) above the classes mostly means: no label."""
    if masks.said.ignore is None and not masks.options.classes and (void := void_value(masks)) is not None:
        line = line_for(masks.name, f"{{ignore: {void}}}")
        yield f"masks hold {void}; if that means: no label, say {line}"
    if len(masks.classes) > MOST_CLASSES:
        yield f"masks hold {len(masks.classes)} different values: are they classes?"


def is_black_and_white(masks: MasksSeen) -> bool:
    """Whether the masks looked at hold no colours but black and white."""
    return bool(masks.classes) and {row.value for row in masks.classes} <= {"#000000", "#ffffff"}


def void_value(masks: MasksSeen) -> int | None:
    """255 or 65535 where index masks hold it and hold nothing near it, and most hold more; else None."""
    if stray_remark(masks):
        return None
    values = sorted(row.value for row in masks.classes if isinstance(row.value, int))
    if len(values) < 2 or values[-1] not in (255, 65535) or values[-2] >= values[-1] - 1:
        return None
    return values[-1]


def _output_size_remarks(survey: Survey) -> Iterator[str]:
    size, sizes = survey.recipe.output.size, survey.sizes
    if size is None or not sizes:
        return
    total = sizes.total()
    smaller = sum(n for (w, h), n in sizes.items() if w < size.width and h < size.height)
    if smaller:
        yield f"output.size {size} is larger than {smaller} of {total} pictures: they are enlarged"
    ratio = size.width / size.height
    bent = sum(n for (w, h), n in sizes.items() if not 1 / MOST_STRETCH < w / h / ratio < MOST_STRETCH)
    if bent and survey.recipe.output.fit == "stretch":
        yield (
            f"output.size {size} changes the ratio of width to height of {bent} of {total} pictures; "
            "to keep it say output: {fit: letterbox} or {fit: crop}"
        )


def _grid_remarks(survey: Survey) -> Iterator[str]:
    """Grid displacements that are large beside the distance of the control points in the smallest picture."""
    if not survey.sizes:
        return
    width, height = min(survey.sizes, key=lambda size: size[0] * size[1])
    for variant in survey.recipe.variants:
        for placed in steps_of(variant):
            if not isinstance(placed.transform, ControlGrid):
                continue
            across, down = placed.transform.points
            spacing = min(width / (across - 1), height / (down - 1))
            sigma = _reach(placed.transform.sigma)[1]
            if sigma > MOST_SIGMA_PER_SPACING * spacing:
                yield placed.remark(
                    f"has sigma {sigma:g} with points {spacing:.0f} px apart in a picture of "
                    f"{width}x{height}: above a quarter of that distance it folds over itself in places"
                )
