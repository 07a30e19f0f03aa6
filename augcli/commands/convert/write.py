"""A translated pipeline as the text of a commented recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from augcli.commands.convert.borders import look_of
from augcli.commands.convert.nodes import Node
from augcli.commands.convert.parse import Pipeline
from augcli.commands.convert.translate import Translation
from augcli.commands.init import comment
from augcli.recipe import parse_recipe

_OF_ALL_STEPS = (
    "True of all steps: neighbouring ones that move pixels are sampled once, every shrink is antialiased, "
    "and labels are exact. Comments below a step say what else is not the same."
)
_TOLD = {
    "bbox_params": "boxes belong to the data set, not to the recipe; this version does not read them",
    "keypoint_params": "keypoints belong to the data set, not to the recipe; this version does not read them",
    "additional_targets": "further masks are named under input: {masks: {...}}, and move with the picture",
}
_COPIES = "# of each source; augcli expand -n 10 makes more"
_ORIGINALS = "# a pipeline gives no originals: this line leaves them out"


def written(pipeline: Pipeline, translation: Translation) -> str:
    """The recipe. It parses, and says what was left out and what differs."""
    lines = [*_head(pipeline, translation), "augcli: 1"]
    steps = list(_steps(translation.nodes, 2))
    if any(node.name for node in translation.nodes):
        parsed = parse_recipe("\n".join(["transforms:", *steps]), "recipe")
        copies = [f"copies: 1             {_COPIES}"] if parsed.variants[0].is_random else []
        lines += [f"# keep_original: false  {_ORIGINALS}", *copies, "transforms:", *steps]
    else:
        lines += [*comment("The pipeline does nothing that a recipe can say."), *steps]
    return "\n".join([*lines, *_output(translation)]) + "\n"


def _head(pipeline: Pipeline, translation: Translation) -> Iterator[str]:
    version = f" {pipeline.version}" if pipeline.version else ""
    yield from comment(f"Made by augcli convert from {pipeline.file}, a pipeline of albumentations{version}.")
    yield from comment(_OF_ALL_STEPS)
    for key, told in _TOLD.items():
        if pipeline.transform.get(key):
            yield from comment(f"{key}: {told}.")
    if translation.left_out:
        yield "#"
        yield "# What has no equal here:"
        for left_out in translation.left_out:
            first, *rest = comment(f"- {left_out}")
            yield from (first, *(line.replace("# ", "#   ", 1) for line in rest))
    yield ""


def _steps(nodes: Iterable[Node], indent: int) -> Iterator[str]:
    for node in nodes:
        yield from _step(node, indent)


def _step(node: Node, indent: int) -> Iterator[str]:
    space = " " * indent
    if not node.name:
        yield from _notes(node, indent)
    elif node.children:
        yield f"{space}- {node.name}:"
        yield from _notes(node, indent + 4)
        if node.params:
            yield from (f"{space}    {key}: {flow(value)}" for key, value in node.params.items())
            yield f"{space}    transforms:"
        yield from _steps(node.children, indent + (6 if node.params else 4))
    else:
        yield f"{space}- {_named(node.name, node.params)}"
        yield from _notes(node, indent + 2)


def _notes(node: Node, indent: int) -> Iterator[str]:
    for note in node.notes:
        yield from comment(note, " " * indent)


def _output(translation: Translation) -> Iterator[str]:
    look = look_of(translation.calls)
    if look.options or look.notes:
        yield ""
    if look.options:
        yield "output:"
        yield from (f"  {key}: {flow(value)}" for key, value in look.options.items())
    for note in look.notes:
        yield from comment(note, "  " if look.options else "")


def _named(name: str, params: Mapping[str, Any]) -> str:
    """A step as YAML on one line."""
    return f"{name}: {flow(params)}" if params else name


def flow(value: Any) -> str:
    """Numbers, words, lists and mappings as YAML on one line; a step without parameters is its name."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_item(inner) for inner in value) + "]"
    return str(value)


def _item(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, params),) = value.items()
        if isinstance(params, Mapping):
            return _named(name, params)
    return flow(value)
