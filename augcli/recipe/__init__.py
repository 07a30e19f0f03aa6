"""The recipe: YAML -> Recipe, every mistake with its line and column, and a digest of what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, overload

from augcli.data import Array, Arrays, Colors, Sample
from augcli.errors import AugcliError
from augcli.recipe.errors import Mistakes
from augcli.recipe.options import MAX_COPIES, MAX_SEED, InputOptions, OutputOptions
from augcli.recipe.parse import read_options, read_variants
from augcli.recipe.schema import recipe_schema
from augcli.recipe.steps import Group, Step, Variant, plain, resolved_steps
from augcli.recipe.yaml_text import MAX_BYTES, parse_document
from augcli.text import shown
from augcli.transforms.plugins import Plugin, load_file, load_named

__all__ = [
    "Group",
    "InputOptions",
    "OutputOptions",
    "Recipe",
    "Step",
    "Variant",
    "digest_of",
    "load_recipe",
    "parse_recipe",
    "recipe_schema",
    "with_overrides",
]


MIRRORED = ("reflect", "replicate", "wrap")
_MIRRORED_OBJECTS = "would show objects twice that are labelled once: use constant or auto"


def _without_applier(*_: Any, **__: Any) -> Any:
    raise AugcliError("this recipe was not read to be applied", hint="read it with augcli.load_recipe")


@dataclass(frozen=True)
class Recipe:
    """A validated recipe. `file` is the name it was read from, and no part of its meaning.

    `applier` is what `apply` calls. Copies are made further down the way of the data, so this room cannot
    import what makes them: `augcli.load_recipe` puts it in. It is no part of the recipe's meaning either.
    """

    file: str
    seed: int
    keep_original: bool
    input: InputOptions
    variants: tuple[Variant, ...]
    output: OutputOptions
    plugins: tuple[Plugin, ...] = ()
    applier: Callable[..., Any] = field(default=_without_applier, repr=False, compare=False)

    @overload
    def apply(
        self,
        image: Array,
        mask: Arrays | None = None,
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> tuple[Array, Array | None]: ...

    @overload
    def apply(
        self,
        image: Array,
        mask: Mapping[str, Arrays],
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> tuple[Array, dict[str, Any]]: ...

    @overload
    def apply(self, image: Sample, *, key: str, variant: str, copy: int = 1) -> Sample: ...

    def apply(
        self,
        image: Array | Sample,
        mask: Arrays | Mapping[str, Arrays] | None = None,
        *,
        key: str,
        variant: str,
        copy: int = 1,
        colors: Colors | None = None,
        alpha: bool = False,
    ) -> Any:
        """One copy of a picture and its labels: the very ones that `expand` writes, before they are encoded.

        `image` is uint8, uint16 or float32, (H, W) grey or (H, W, C). `colors` says what its channels are,
        `alpha` that one more stands behind them; without both 1 is grey, 3 RGB, 2 and 4 the same with alpha,
        more are bands. `mask` is uint8 or uint16 (H, W), or uint8 (H, W, 3) for colours; one that the recipe
        declares to be `kind: image` may be uint8, uint16 or float32, (H, W) or (H, W, C). Several masks go by
        their names, and come back so. A mask of `kind: instance` may be a list of arrays, one for each
        instance: it becomes one map, or with `join: false` stays a list. `key` is the source's key (its path
        below the input without its suffix); `copy` counts from 1. What a mask is, the recipe says; where that
        is `auto` and it matters, this mask alone decides. Returns new arrays with as many dimensions as the
        given ones.

        A Sample holds the image, its masks by name and its objects (boxes, polygons, keypoints); a new one
        comes back. Objects are treated as `expand` treats annotations of COCO: `output.annotations` says
        which are dropped, `input.mirror` which keypoints a mirror exchanges besides those whose names say
        their side, and `border: auto` is `constant`. `colors` and `alpha` are those of the Sample's `format`;
        the range is the recipe's.

        Raises AugcliError for another dtype or shape, for values that are no numbers or beyond the recipe's
        range, for objects that are faulty, an unknown variant, or a recipe that does not fit.
        """
        options = {"key": key, "variant": variant, "copy": copy, "colors": colors, "alpha": alpha}
        return self.applier(self, image, mask, **options)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Cross a process border by what was said: a plugin's classes have to be loaded there first."""
        if not self.plugins:
            return super().__reduce__()
        files = [str(plugin.file) for plugin in self.plugins if plugin.given]
        return (_crossed, (self.file, json.dumps(self.resolved()), files, self.applier))

    @property
    def looks_at_labels(self) -> bool:
        """Whether what is made depends on what the values of masks mean."""
        return any(variant.looks_at_labels for variant in self.variants)

    def resolved(self) -> dict[str, Any]:
        """The recipe as plain JSON data with every default written out.

        Equal for recipes that mean the same, and itself a recipe: written as YAML it parses to the same.
        """
        return {
            "augcli": 1,
            "seed": self.seed,
            "plugins": [plugin.name for plugin in self.plugins],
            "keep_original": self.keep_original,
            "input": plain(self.input.model_dump(mode="json")),
            "variants": {variant.name: _resolved_variant(variant) for variant in self.variants},
            "output": plain(self.output.model_dump(mode="json")),
        }

    def digest(self) -> str:
        """The 128-bit BLAKE2b hash of the resolved recipe's canonical JSON, as 32 hexadecimal digits."""
        return digest_of(self.resolved())


def digest_of(resolved: Mapping[str, Any]) -> str:
    """The digest of a resolved recipe."""
    text = json.dumps(resolved, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _report_nothing_filled(variants: Iterable[Variant], data: Mapping[Any, Any], report: Mistakes) -> None:
    for variant in variants:
        if variant.accept and variant.accept.max_filled is not None:
            path = ("variants", variant.name) if "variants" in data else ()
            message = "only border: constant fills: write output: {border: constant}, or leave it out"
            report.add((*path, "accept", "max_filled"), message, key=True)


def _resolved_variant(variant: Variant) -> dict[str, Any]:
    steps = resolved_steps(variant.children, definitions=False)
    accept = {"accept": plain(variant.accept.model_dump(mode="json"))} if variant.accept else {}
    return {"copies": variant.copies, "transforms": steps, **accept}


def _crossed(file: str, text: str, plugins: list[str], applier: Callable[..., Any]) -> Recipe:
    for plugin in plugins:
        load_file(Path(plugin))
    return replace(parse_recipe(text, file), applier=applier)


def load_recipe(path: str | PathLike[str]) -> Recipe:
    """Read a recipe file.

    Raises RecipeError with every mistake in it, AugcliError where the file cannot be read.
    """
    where = fspath(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise AugcliError("there is no such recipe", where=where, hint="check the path") from None
    except IsADirectoryError:
        hint = "the recipe comes first: augcli expand recipe.yaml in/ out/"
        raise AugcliError("is a folder, not a recipe", where=where, hint=hint) from None
    except OSError as error:
        raise AugcliError(f"cannot be read ({error.strerror})", where=where) from None
    except ValueError:
        raise AugcliError("is no path of a file", where=where) from None
    return parse_recipe(data, where)


def parse_recipe(text: str | bytes, file: str) -> Recipe:
    """Read a recipe's text; `file` is its name in messages. Raises RecipeError with every mistake."""
    document = parse_document(text, file)
    report = Mistakes(file, document)
    if not isinstance(document.data, dict):
        wanted = "a recipe is keys and values, for example transforms: [horizontal_flip]"
        report.add((), f"{wanted}, got {shown(document.data)}")
        report.close()
    options = read_options(document.data, report)
    plugins = _plugins(options.plugins, report)
    variants = read_variants(document.data, report)
    _report_undeclared(plugins, variants, document.data, report)
    if options.input.has_objects and options.output.border in MIRRORED:
        report.add(("output", "border"), f"{options.output.border} {_MIRRORED_OBJECTS}")
    if not (options.input.has_objects or options.output.border == "constant"):
        _report_nothing_filled(variants, document.data, report)
    report.close()
    if not variants and not options.keep_original:
        report.add(("keep_original",), "no variants and no originals: nothing would be made")
        report.close()
    return Recipe(file, options.seed, options.keep_original, options.input, variants, options.output, plugins)


def _plugins(names: Iterable[str], report: Mistakes) -> tuple[Plugin, ...]:
    """The plugins that a recipe names; without one of them nothing else can be read."""
    found = []
    for number, name in enumerate(names):
        plugin = load_named(name)
        if plugin is None:
            hint = f"give --plugin {name}.py, or install the package that has it"
            report.add(("plugins", number), f"the plugin {shown(name)} is not here: {hint}")
        else:
            found.append(plugin)
    if len(found) < len(list(names)):
        report.close()
    return tuple(found)


def _report_undeclared(
    plugins: Iterable[Plugin], variants: Iterable[Variant], data: Mapping[Any, Any], report: Mistakes
) -> None:
    """A recipe says which plugins it needs, so that it fails clearly where one is missing."""
    declared = [plugin.name for plugin in plugins]
    for variant in variants:
        for transform in variant.transforms():
            if transform.plugin and transform.plugin not in declared:
                path = ("variants", variant.name) if "variants" in data else ("transforms",)
                needed = ", ".join([*declared, transform.plugin])
                message = f"{transform.name} is of the plugin {transform.plugin}: write plugins: [{needed}]"
                report.add(path, message, key=True)
                declared.append(transform.plugin)


def with_overrides(recipe: Recipe, *, copies: int | None = None, seed: int | None = None) -> Recipe:
    """The recipe with another number of copies of every random variant, or another seed.

    Raises AugcliError where a number is out of bounds, or where no variant is random.
    """
    if seed is not None:
        if not 0 <= seed <= MAX_SEED:
            raise AugcliError(f"a seed is 0 to {MAX_SEED}, got {seed}")
        recipe = replace(recipe, seed=seed)
    if copies is None:
        return recipe
    if not 1 <= copies <= MAX_COPIES:
        raise AugcliError(f"copies are 1 to {MAX_COPIES}, got {copies}")
    if not any(variant.is_random for variant in recipe.variants):
        hint = "leave out -n, or draw something, like rotate: {degrees: [-15, 15]}"
        what = f"no variant is random, so {copies} copies would be the same"
        raise AugcliError(what, where=recipe.file, hint=hint)
    changed = (replace(v, copies=copies) if v.is_random else v for v in recipe.variants)
    return replace(recipe, variants=tuple(changed))
