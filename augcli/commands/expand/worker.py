"""One job: read and decode a source once, make its pairs, leave their files to be committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from augcli.data import Item
from augcli.engines import Bug, Done, Engine, Raised
from augcli.errors import ImageError, PluginError
from augcli.labels.annotations import check_entries
from augcli.labels.masks import MaskInspection, MaskSpec, look_at, unreadable
from augcli.output.journal import Input, JournalEntry
from augcli.output.store import TEMPORARY, Store, StoreError
from augcli.pipeline.augment import ORIGINAL
from augcli.pipeline.encode import targets
from augcli.pipeline.load import Decoded, read_file, read_source, whole_mask
from augcli.pipeline.pair import PairContext, finished, pair_digest
from augcli.pipeline.plan import FailedPair, Job, Pair
from augcli.pipeline.prepare import specs_of
from augcli.recipe import Recipe
from augcli.rng import key_of


@dataclass(frozen=True)
class InspectMasks:
    """A job: look at the masks of this item."""

    item: Item


@dataclass(frozen=True)
class MakePairs:
    """A job: make these pairs."""

    job: Job
    specs: Mapping[str, MaskSpec]


@dataclass(frozen=True)
class StagedPair:
    """A pair whose files lie under temporary names, to be renamed and journaled."""

    entry: JournalEntry
    moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Unwritable:
    """The output cannot be written: the run ends."""

    error: StoreError


ExpandTask = InspectMasks | MakePairs
ExpandResult = Sequence[MaskInspection | StagedPair | FailedPair] | Unwritable


def set_up(context: PairContext) -> Callable[[ExpandTask], ExpandResult]:
    """Prepare a worker; returns its job function."""
    import cv2

    cv2.setNumThreads(1)

    def answer(task: ExpandTask) -> ExpandResult:
        return looks(context, task.item) if isinstance(task, InspectMasks) else make(context, task)

    return answer


def looks(context: PairContext, item: Item) -> list[MaskInspection]:
    """How an item's masks look, or why they cannot be read; those fail later, by name."""
    found = []
    for name, path in item.masks.items():
        if context.recipe.input.mask_of(name).kind == "image":
            continue
        try:
            data = read_file(context.root / path, path)
            found.append(look_at(whole_mask(data, item, path, context.max_pixels), path, name))
        except ImageError as error:
            found.append(unreadable(path, name, error))
        except MemoryError:
            found.append(unreadable(path, name, _out_of_memory(path)))
    return found


def make(context: PairContext, task: MakePairs) -> ExpandResult:
    """Make a job's pairs. A fault of the source fails all of them, a fault of one pair that one."""
    try:
        source = read_source(context.root, task.job.item, task.specs, context.recipe, context.max_pixels)
        check_entries(source.item, *source.header.upright_size)
    except ImageError as error:
        return [_failed(pair, error) for pair in task.job.pairs]
    except MemoryError:
        return [_failed(pair, _out_of_memory(task.job.item.image)) for pair in task.job.pairs]
    try:
        return [_made(context, source, pair) for pair in task.job.pairs]
    except StoreError as error:
        return Unwritable(error)


def _out_of_memory(where: str) -> ImageError:
    return ImageError("not enough memory", where=where, hint="use fewer workers (-j)")


def _failed(pair: Pair, error: ImageError) -> FailedPair:
    return FailedPair(pair, error.what, error.where, error.hint)


def _made(context: PairContext, source: Decoded, pair: Pair) -> StagedPair | FailedPair:
    try:
        made = finished(context, source, pair)
    except ImageError as error:
        traceback = error.traceback if isinstance(error, PluginError) else ""
        return FailedPair(pair, error.what, error.where or source.item.image, error.hint, traceback)
    except MemoryError:
        return _failed(pair, _out_of_memory(source.item.image))
    sizes = {name: len(data) for name, data in made.files.items()}
    digest, line = pair_digest(context, source, pair), made.record.as_line()
    inputs = {path: Input(*stat, source.sha256[path]) for path, stat in source.stats.items()}
    entry = JournalEntry(
        pair.id, digest, line, sizes, inputs, source.item.labels_digest, made.annotations, made.maps
    )
    return StagedPair(entry, tuple(_left(context, source, pair, made.files)))


def _left(
    context: PairContext, source: Decoded, pair: Pair, files: Mapping[str, bytes]
) -> list[tuple[str, str]]:
    """Write files under temporary names; an original that is the source's bytes may be a hard link."""
    store = Store(context.staging)
    links = _links(context, source, pair)
    moves = []
    for number, (name, data) in enumerate(files.items()):
        temporary = f"{TEMPORARY}/{key_of(pair.id)}-{number}"
        if name in links and data is source.data[links[name]]:
            store.link(context.root / links[name], temporary)
        else:
            store.write(temporary, data)
        moves.append((temporary, name))
    return moves


def _links(context: PairContext, source: Decoded, pair: Pair) -> dict[str, str]:
    """Output files that may be linked to their source file."""
    if context.recipe.output.originals != "hardlink" or pair.variant != ORIGINAL:
        return {}
    return {pair.image: source.item.image} | {path: source.path_of(key) for key, path in targets(pair)}


def specs_by_looking(
    recipe: Recipe, engine: Engine[ExpandTask, ExpandResult], items: Sequence[Item]
) -> dict[str, MaskSpec]:
    """Look at these items' masks in the engine. Raises DatasetError where their kind is open."""
    looks: list[MaskInspection] = []
    for _, outcome in engine.run(InspectMasks(item) for item in items):
        if isinstance(outcome, Raised):
            raise Bug(outcome.traceback)
        if isinstance(outcome, Done) and not isinstance(outcome.result, Unwritable):
            looks += [look for look in outcome.result if isinstance(look, MaskInspection)]
    return specs_of(recipe, looks, items)
