"""The recipe: YAML -> Recipe, every mistake with its line and column, and a digest of what it means."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from augcli.errors import AugcliError
from augcli.recipe.messages import Report, shown
from augcli.recipe.nodes import MAX_BYTES, parse_document
from augcli.recipe.options import MAX_COPIES, MAX_SEED, InputOptions, OutputOptions
from augcli.recipe.reading import read_options, read_variants
from augcli.recipe.schema import recipe_schema
from augcli.recipe.steps import Group, Step, Variant, plain, resolved_steps

__all__ = [
    "Group",
    "InputOptions",
    "OutputOptions",
    "Recipe",
    "Step",
    "Variant",
    "load_recipe",
    "parse_recipe",
    "recipe_schema",
    "with_overrides",
]


MIRRORED = ("reflect", "replicate", "wrap")
_MIRRORED_OBJECTS = (
    "would show objects twice that are labelled once: with kind: instance use constant or auto"
)


@dataclass(frozen=True)
class Recipe:
    """A validated recipe. `file` is the name it was read from, and no part of its meaning."""

    file: str
    seed: int
    keep_original: bool
    input: InputOptions
    variants: tuple[Variant, ...]
    output: OutputOptions

    def resolved(self) -> dict[str, Any]:
        """The recipe as plain JSON data with every default written out.

        Equal for recipes that mean the same, and itself a recipe: written as YAML it parses to the same.
        """
        return {
            "augcli": 1,
            "seed": self.seed,
            "keep_original": self.keep_original,
            "input": plain(self.input.model_dump(mode="json")),
            "variants": {variant.name: _resolved_variant(variant) for variant in self.variants},
            "output": plain(self.output.model_dump(mode="json")),
        }

    def digest(self) -> str:
        """The 128-bit BLAKE2b hash of the resolved recipe's canonical JSON, as 32 hexadecimal digits."""
        text = json.dumps(self.resolved(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _resolved_variant(variant: Variant) -> dict[str, Any]:
    return {"copies": variant.copies, "transforms": resolved_steps(variant.children, definitions=False)}


def load_recipe(path: str | PathLike[str]) -> Recipe:
    """Read a recipe file.

    Raises RecipeError with every mistake in it, AugcliError where the file cannot be read.
    """
    where = fspath(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise AugcliError("there is no such recipe", where=where, mend="check the path") from None
    except IsADirectoryError:
        mend = "the recipe comes first: augcli expand recipe.yaml in/ out/"
        raise AugcliError("is a folder, not a recipe", where=where, mend=mend) from None
    except OSError as error:
        raise AugcliError(f"cannot be read ({error.strerror})", where=where) from None
    except ValueError:
        raise AugcliError("is no path of a file", where=where) from None
    return parse_recipe(data, where)


def parse_recipe(text: str | bytes, file: str) -> Recipe:
    """Read a recipe's text; `file` is its name in messages. Raises RecipeError with every mistake."""
    document = parse_document(text, file)
    report = Report(file, document)
    if not isinstance(document.data, dict):
        wanted = "a recipe is keys and values, for example transforms: [horizontal_flip]"
        report.add((), f"{wanted}, got {shown(document.data)}")
        report.close()
    options = read_options(document.data, report)
    variants = read_variants(document.data, report)
    if options.input.has_instances and options.output.border in MIRRORED:
        report.add(("output", "border"), f"{options.output.border} {_MIRRORED_OBJECTS}")
    report.close()
    if not variants and not options.keep_original:
        report.add(("keep_original",), "no variants and no originals: nothing would be made")
        report.close()
    return Recipe(file, options.seed, options.keep_original, options.input, variants, options.output)


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
        mend = "leave out -n, or draw something, like rotate: {degrees: [-15, 15]}"
        what = f"no variant is random, so {copies} copies would be the same"
        raise AugcliError(what, where=recipe.file, mend=mend)
    changed = (replace(v, copies=copies) if v.is_random else v for v in recipe.variants)
    return replace(recipe, variants=tuple(changed))
