"""The catalogue and `augcli transforms`: every step is documented, and every default is what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from pydantic import BaseModel

from augcli.cli.app import cli
from augcli.errors import AugcliError
from augcli.recipe import parse_recipe
from augcli.recipe.catalogue import (
    CatalogueEntry,
    Parameter,
    catalogue,
    entry_of,
    parameters_of,
    recipe_options,
)
from augcli.recipe.parse import GROUPS
from augcli.transforms import TRANSFORMS

ENTRIES = catalogue()
TRANSFORM_ENTRIES = [entry for entry in ENTRIES if entry.name in TRANSFORMS]


def run(*arguments: str) -> str:
    return CliRunner().invoke(cli, ["transforms", *arguments], catch_exceptions=False).output


def test_every_transform_and_group_is_in_the_catalogue_once() -> None:
    assert sorted(entry.name for entry in ENTRIES) == sorted([*TRANSFORMS, *GROUPS])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_everything_is_described(entry: CatalogueEntry) -> None:
    assert entry.summary.endswith(".")
    assert entry.labels
    assert entry.fuses
    for parameter in (*entry.parameters, entry.p):
        assert parameter.form, parameter.name
        assert parameter.description, parameter.name


@pytest.mark.parametrize("entry", TRANSFORM_ENTRIES, ids=lambda entry: entry.name)
def test_every_transform_names_its_source_and_definition(entry: CatalogueEntry) -> None:
    assert entry.source
    assert entry.definition_number == TRANSFORMS[entry.name].definition_number


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_example_is_a_step(entry: CatalogueEntry) -> None:
    recipe = parse_recipe(f"transforms:\n  - {entry.example}\n", "recipe.yaml")
    assert recipe.variants[0].children[0].name == f"{entry.name}#0"


@pytest.mark.parametrize("option", recipe_options(), ids=lambda option: option.name)
def test_every_option_is_described(option: Parameter) -> None:
    assert option.form
    assert option.description
    has_default = option.name != "output.pixelmaps.kind"  # which has to be said where maps are wanted
    assert (option.default is not None) == has_default


def nested(parameters: list[Parameter]) -> dict[str, Any]:
    """The defaults as a recipe would hold them."""
    data: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.default is not None and ".NAME." not in parameter.name:
            *outer, name = parameter.name.split(".")
            place = data
            for key in outer:
                place = place.setdefault(key, {})
            place[name] = yaml.safe_load(str(parameter.default))
    return data


def dumped(model: type[BaseModel], data: dict[str, Any]) -> str:
    text = json.dumps(model.model_validate(data).model_dump(mode="json"))
    return text.replace("1.3333333333333333", "1.3333")  # shown to four digits


VALUES = {"size": 64, "degrees": 5, "factor": 1.5, "shift": 0.1, "sigma": 2, "std": 0.1, "gamma": 2}
VALUES |= {"width": 0.5, "height": 0.5}
VALUES |= {"bits": 4, "low_y": 0.2, "high_y": 0.8, "points": [[0, 0], [1, 1]]}
VALUES |= {"radius": 4, "alpha": 0.5, "amount": 0.5, "photons": 50, "intensity": 0.5, "quality": 50}
VALUES |= {"strength": 0.5, "density": 0.1, "limit": 0.3, "k": 0.2, "share": 0.1}
NEEDED: dict[str, dict[str, Any]] = {
    "cutout": {"size": 0.5},
    "median_blur": {"size": 5},
    "downscale": {"factor": 0.5},
    "resize": {"short_side": 64},
    "pad": {"size": 64},
    "elastic": {"alpha": 10, "sigma": 5},
    "brightness": {"factor": 1.5},
    "color_temperature": {"kelvin": 5000},
}


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_a_default_that_is_written_out_changes_nothing(name: str) -> None:
    model = TRANSFORMS[name]
    fields = model.model_fields.items()
    needed = {key: VALUES[key] for key, field in fields if field.is_required()} | NEEDED.get(name, {})
    assert dumped(model, nested(parameters_of(model)) | needed) == dumped(model, needed)


def test_recipe_defaults_that_are_written_out_change_nothing() -> None:
    steps = "transforms: [rotate: {degrees: [-5, 5]}]\n"
    defaults = nested(recipe_options())
    # These may be left out, and where they stand they have to ask for something.
    del defaults["accept"], defaults["output"]["pixelmaps"]
    text = steps + yaml.safe_dump(defaults)
    assert parse_recipe(text, "a").digest() == parse_recipe(steps, "b").digest()


def test_parameters_have_their_form_default_and_bounds() -> None:
    entry = entry_of("random_resized_crop")
    assert entry.parameters[1:] == (
        Parameter("scale", "number", "[0.08, 1]", "above 0 and at most 1", "share of the picture's area"),
        Parameter(
            "ratio",
            "number",
            "[0.75, 1.3333]",
            "above 0",
            "width to height of the part; a pair is log-uniform",
        ),
    )
    assert entry.p == Parameter("p", "fixed number", "1", "0 to 1", "probability that the step is applied")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("rotat", "there is no transform 'rotat'; did you mean rotate?"),
        (
            "HorizontalFlip",
            "there is no transform 'HorizontalFlip'; write - horizontal_flip: {p: 0.5}",
        ),
        (
            "Normalize",
            "there is no transform 'Normalize'; "
            "the network's values are not pixels of a file: do this in your loader",
        ),
        ("xyzzy", "there is no transform 'xyzzy'; see augcli transforms"),
    ],
)
def test_an_unknown_name_is_answered_with_what_to_write(name: str, message: str) -> None:
    with pytest.raises(AugcliError) as error:
        entry_of(name)
    assert str(error.value) == message


def test_the_list_names_every_transform_below_its_family() -> None:
    lines = run().splitlines()
    family = ""
    found = {}
    for line in lines:
        if line.startswith("  "):
            found[line.split()[0]] = family
        else:
            family = line or family
    assert found == {entry.name: entry.family for entry in ENTRIES}


def test_one_transform_is_told_in_full() -> None:
    assert run("rotate") == (
        "rotate (geometric)\n"
        "  Turn counter-clockwise as seen, about the centre; the frame stays.\n"
        "\n"
        "parameters\n"
        "  degrees: degrees counter-clockwise as seen\n"
        "      number; required\n"
        "  p: probability that the step is applied\n"
        "      fixed number; 0 to 1; default 1\n"
        "\n"
        "A number is 5, [low, high], {limit: x}, {choice: [...]}, {normal: [mean, std]} or "
        "{log_uniform: [low, high]}.\n"
        "\n"
        "labels      move with the picture\n"
        "fusing      joins the warp\n"
        "source      torchvision's rotate (expand=False)\n"
        "definition  number 1\n"
        "example     - rotate: {degrees: [-15, 15]}\n"
    )


def test_the_catalogue_is_also_json() -> None:
    everything = json.loads(run("--json"))
    assert [entry["name"] for entry in everything] == [entry.name for entry in ENTRIES]
    assert json.loads(run("hue", "--json")) == next(e for e in everything if e["name"] == "hue")
