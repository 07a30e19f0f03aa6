"""The cells of a sheet: sources, their copies and the steps to them, and the legend of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from PIL import Image

from augcli.commands.preview.captions import (
    counted,
    described,
    instances_shown,
    of_mask,
    parameters,
    range_shown,
)
from augcli.commands.preview.display import RAMP, displayed, levels_shown, ramped, window_of
from augcli.commands.preview.marks import draw_marks
from augcli.commands.preview.objects import Legend, ObjectLayer, objects_of
from augcli.commands.preview.overlay import QUALITATIVE, LabelStyle, Rgb, below, colorful, overlaid
from augcli.commands.preview.select import Selected
from augcli.commands.preview.sheet import Cell, Chip, Row
from augcli.data import PANOPTIC, PART, Array, Coding, Dataset, Mask, Sample, name_of
from augcli.errors import ImageError
from augcli.labels.annotations import AnnotationSetting, annotated, check_entries
from augcli.labels.masks import MaskSpec
from augcli.pipeline.augment import Augmented, augment, variant_of
from augcli.pipeline.load import Decoded, pixel_format, read_source
from augcli.pipeline.pair import PairContext
from augcli.pipeline.plan import Job, Pair
from augcli.pipeline.prepare import border_of, categories_by_file
from augcli.recipe import Recipe
from augcli.transforms.filters import EndWarp
from augcli.transforms.operations import Applied

_OBJECTS = ""  # no mask has this name


@dataclass
class Drawing:
    """The cells as they are made, and what was met on the way."""

    recipe: Recipe
    dataset: Dataset
    specs: Mapping[str, MaskSpec]
    wanted: Selected
    copies: int = 0
    failures: list[str] = field(default_factory=list)
    seen: dict[tuple[str, int], Rgb | None] = field(default_factory=dict)
    instances: dict[str, None] = field(default_factory=dict)
    ramps: dict[str, None] = field(default_factory=dict)

    @cached_property
    def objects(self) -> Legend:
        """The colours of what is annotated."""
        return Legend(self.dataset.annotation_files, self.recipe.input.mirror)

    @cached_property
    def context(self) -> PairContext:
        """What says how annotations are moved."""
        root, categories = self.dataset.root, categories_by_file(self.dataset)
        most = self.wanted.max_pixels
        return PairContext(root, root, self.recipe, border_of(self.recipe), "", most, categories)

    def rows(self, job: Job, pairs: Sequence[Pair]) -> list[Row]:
        """A source's rows: itself with its copies beside it and below, or of a strip a row for each copy."""
        try:
            source = self._read(job)
        except (ImageError, MemoryError) as error:
            return [[self._failed(job.item.key, error, job.item.image)]]
        if self.wanted.strip:
            return [list(self._strip(source, pair)) for pair in pairs]
        first, across = self._cell(source, None, job.item.key, ()), self.wanted.cols
        cells = [self._copy(source, pair) for pair in pairs]
        starts = range(0, max(1, len(cells)), across)
        return [[None if start else first, *cells[start : start + across]] for start in starts]

    def _read(self, job: Job) -> Decoded:
        """A source. Raises ImageError."""
        root, most = self.dataset.root, self.wanted.max_pixels
        source = read_source(root, job.item, self.specs, self.recipe, most)
        check_entries(job.item, *source.header.upright_size)
        return source

    def _copy(self, source: Decoded, pair: Pair) -> Cell:
        """A finished copy."""
        title = self._title(pair)
        try:
            result = self._augmented(source, pair)
        except (ImageError, MemoryError) as error:
            return self._failed(title, error, source.item.image)
        self.copies += 1
        details = [*_attempts(result), *_filled(result), *described(result.applied)]
        return self._cell(source, result, title, details)

    def _strip(self, source: Decoded, pair: Pair) -> Row:
        """The source, and what each further step of a copy makes of it."""
        title, item = self._title(pair), source.item
        try:
            result = self._augmented(source, pair)
        except (ImageError, MemoryError) as error:
            first = self._cell(source, None, item.key, [title])
            return [first, self._failed(title, error, item.image)]
        self.copies += 1
        ends = [n for n, step in enumerate(result.applied, 1) if step.name != EndWarp.name]
        details = [title, *_attempts(result), *([] if ends else ["no step was applied"])]
        first = self._cell(source, None, item.key, details)
        return [first, *(self._step(source, pair, result.applied[:end]) for end in ends)]

    def _step(self, source: Decoded, pair: Pair, applied: Sequence[Applied]) -> Cell:
        """What a copy would be if it ended with these steps."""
        last = applied[-1]
        try:
            result = self._augmented(source, pair, applied)
        except (ImageError, MemoryError) as error:
            return self._failed(last.name, error, source.item.image)
        return self._cell(source, result, last.name, [*parameters(last), *_filled(result)])

    def _title(self, pair: Pair) -> str:
        variant = variant_of(self.recipe, pair.variant)
        return f"{pair.variant} {pair.copy}" if variant and variant.is_numbered else pair.variant

    def _augmented(self, source: Decoded, pair: Pair, applied: Sequence[Applied] | None = None) -> Augmented:
        """A copy as `expand` makes it; with `applied` of these steps alone."""
        return augment(
            self.recipe,
            source.sample,
            key=pair.key,
            variant=pair.variant,
            copy=pair.copy,
            border=border_of(self.recipe),
            specs=source.spec_of,
            further=[page.sample for page in source.further],
            applied=applied,
        )

    def _cell(self, source: Decoded, result: Augmented | None, title: str, details: Sequence[str]) -> Cell:
        """A copy, or the source itself (None)."""
        sample = result.sample if result else source.sample
        looks = {key: self._look(name_of(key), mask.coding) for key, mask in _drawn_masks(source).items()}
        masks = {key: _by_number(key, sample.masks[key]) for key in looks}
        window = window_of(source.image.pixels, source.format, self.recipe.input.image.range)
        shown = displayed(sample.image, source.format, window)
        objects, said = self._objects(source, result, sample)
        drawn = overlaid(
            shown, *_with_objects(masks, looks, objects), self.wanted.cell, _over(objects, sample)
        )
        for key, label in (one for one in drawn.seen if one[0] in looks and one[0] not in source.instances):
            look = looks[key]
            self.seen.setdefault((key, label), None if label == look.ignore else look.color(label))
        tiles = [self._tile(source, sample, name) for name in source.labels.soft]
        picture, plain = (below(part, tiles) for part in (drawn.picture, drawn.plain))
        facts = (*said, *self._facts(source, sample), *details)
        size = "{}x{}".format(*sample.size)
        return Cell(title, size, facts, picture, plain=plain if looks or objects else None)

    def _objects(
        self, source: Decoded, result: Augmented | None, sample: Sample
    ) -> tuple[ObjectLayer | None, list[str]]:
        """What is annotated, and how much of it is there; nothing where there are no annotation files."""
        item, context = source.item, self.context
        if not item.entries:
            return None, []
        program = result.program if result and result.applied else None
        size = source.header.upright_size
        colors = source.sample.masks.get(PANOPTIC)
        setting = AnnotationSetting(program, size, context.rules, context.categories, source.marked, colors)
        made = annotated(item, setting, item.masks.get(PANOPTIC), sample.masks.get(PANOPTIC))
        objects = objects_of(made, sample.size, self.objects)
        gone = sum(not one.partly for one in made.left_out)
        lost = [f"{gone} left out"] if gone else []
        return objects, [counted(objects.total, "object"), *lost]

    def _facts(self, source: Decoded, sample: Sample) -> list[str]:
        """What a picture cannot show of its instances, depth maps and mattes."""
        ramps = [name for name in source.labels.soft if _is_ramped(source, name)]
        self.instances |= dict.fromkeys(map(name_of, source.instances))
        self.ramps |= dict.fromkeys(ramps)
        ranges = [range_shown(name, sample.masks[name][..., 0]) for name in ramps]
        return instances_shown(sample.masks, source.instances) + ranges

    def _tile(self, source: Decoded, sample: Sample, name: str) -> Image.Image:
        """A depth map or matte as a picture of its own, in the source's range; colours as they are."""
        before, values = source.labels.soft[name], sample.masks[name]
        if _is_ramped(source, name):
            shown = ramped(values[..., 0], levels_shown(before))
        else:
            meaning = pixel_format(before, None, name)
            shown = displayed(values, meaning, window_of(before.pixels, meaning, None))
        return overlaid(shown, {}, {}, self.wanted.cell).picture

    def _look(self, name: str, coding: Coding) -> LabelStyle:
        """How labels are drawn: in the colours of the mask itself, or of its palette, or in ours."""
        ignored = ignored_label(self.recipe, self.specs.get(name))
        return LabelStyle(colorful(coding.palette), coding.mode == "RGB", ignored)

    def _failed(self, title: str, error: ImageError | MemoryError, where: str) -> Cell:
        if isinstance(error, MemoryError):
            error = ImageError("not enough memory", where=where)
        reason = str(ImageError(error.what, where=error.where or where, hint=error.hint))
        self.failures.append(reason)
        return Cell(title, reason=reason)

    def legend(self) -> list[Chip]:
        """The classes that are seen, in the order of their labels, ignored pixels last; then other masks."""
        order = sorted(self.seen.items(), key=lambda known: (known[1] is None, known[0]))
        chips = [
            Chip(class_name(self.recipe, self.specs.get(name), label, color), color)
            for (name, label), color in order
        ]
        chips += [Chip(name, color) for name, color in self.objects.entries().items()]
        first, *others = QUALITATIVE[:6]
        chips += [
            Chip(of_mask(name, "a colour for each instance"), first, tuple(others)) for name in self.instances
        ]
        chips += [Chip(of_mask(name, "low to high"), RAMP[0], RAMP[1:]) for name in self.ramps]
        return list(dict.fromkeys(chips))


def _drawn_masks(source: Decoded) -> dict[str, Mask]:
    """The masks that are drawn by their values: not the map of panoptic segments."""
    known = source.masks.items()
    return {key: mask for key, mask in known if not (key == PANOPTIC and source.item.entries)}


def _with_objects(
    masks: Mapping[str, Array], looks: Mapping[str, LabelStyle], objects: ObjectLayer | None
) -> tuple[dict[str, Array], dict[str, LabelStyle]]:
    """Masks and their looks with the map of objects over them."""
    if objects is None or not objects.numbers.any():
        return {**masks}, {**looks}
    return {**masks, _OBJECTS: objects.numbers}, {**looks, _OBJECTS: LabelStyle(objects.palette)}


def _over(objects: ObjectLayer | None, sample: Sample) -> Callable[[Image.Image], None] | None:
    """What draws boxes and keypoints; None where there are none."""
    return partial(draw_marks, objects.marks, sample.size) if objects and objects.marks else None


def _attempts(result: Augmented) -> list[str]:
    return [counted(result.attempts, "attempt")] if result.attempts > 1 else []


def _filled(result: Augmented) -> list[str]:
    return [f"{100 * result.filled:.0f} % filled"] if result.filled else []


def _is_ramped(source: Decoded, name: str) -> bool:
    """Whether a depth map or matte is shown by the ramp, and not in colours of its own."""
    return source.labels.soft[name].colors != "rgb"


def _by_number(key: str, values: Array) -> Array:
    """A single instance's mask with its number as its label, so that each has a colour of its own."""
    _, _, number = key.partition(PART)
    return np.where(values != 0, np.uint16(number), np.uint16(0)) if number else values


def ignored_label(recipe: Recipe, spec: MaskSpec | None) -> int | None:
    """The label that means: no label here, as `overlay` counts labels; None where there is none."""
    if spec is None or spec.kind in ("binary", "instance"):
        return None
    if isinstance(spec.fill, int):
        return None if spec.fill in recipe.input.class_names else spec.fill
    red, green, blue = spec.fill
    return (
        (red << 16) + (green << 8) + blue if isinstance(recipe.input.mask_of(spec.name).ignore, str) else None
    )


def class_name(recipe: Recipe, spec: MaskSpec | None, label: int, color: Rgb | None) -> str:
    """What the legend calls a label."""
    if spec and spec.kind == "binary":
        return recipe.input.class_names.get(1, "foreground")
    if color is None:
        return "ignored"
    if spec and spec.kind == "rgb":
        named = {color: name for name, color in recipe.input.class_colors.items()}
        return named.get(f"#{label:06x}", f"#{label:06x}")
    return recipe.input.class_names.get(label, str(label))
