"""Plugins: transforms of one's own, as good as augcli's."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from support.datasets_on_disk import failures, folders, manifest, tree
from support.plugin_files import PLUGIN, RECIPE

from augcli.api import load_recipe
from augcli.commands.expand.run import Settings, expand
from augcli.errors import AugcliError, PluginError, RecipeError
from augcli.recipe import parse_recipe, recipe_schema
from augcli.recipe.catalogue import entry_of
from augcli.transforms import TRANSFORMS, plugins

pytestmark = pytest.mark.usefixtures("no_plugins")


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.py"
    path.write_text(PLUGIN)
    return path


def test_a_plugin_s_transforms_are_in_the_catalogue_and_the_schema(film):
    plugin = plugins.load_file(film)
    assert plugin.transforms == ("film_grain", "squeeze")
    assert entry_of("film_grain").summary == "Add grain."
    assert "squeeze" in recipe_schema()["$defs"]


def test_its_copies_are_the_same_for_any_number_of_workers_and_fused(film, tmp_path):
    plugins.load_file(film)
    folders(tmp_path / "in")
    recipe = parse_recipe(RECIPE, "r.yaml")
    for workers in (1, 3):
        expand(recipe, tmp_path / "in", tmp_path / f"out{workers}", Settings(workers))
    assert tree(tmp_path / "out1") == tree(tmp_path / "out3")
    (line,) = [m for m in manifest(tmp_path / "out1") if m["copy"] == 2 and "000" in m["file_name"]] or [
        next(m for m in manifest(tmp_path / "out1") if m["copy"] == 2)
    ]
    assert [step["name"] for step in line["applied"]] == ["squeeze", "rotate", "film_grain"]
    assert line["warp"] is not None or line["matrix"] != np.eye(3).tolist()


def test_apply_and_the_api_take_plugins(film, tmp_path):
    (tmp_path / "r.yaml").write_text(RECIPE)
    recipe = load_recipe(tmp_path / "r.yaml", plugins=[film])
    image = np.full((20, 30, 3), 128, np.uint8)
    made, _ = recipe.apply(image, key="x", variant="grainy")
    assert made.std() > 5


def test_a_recipe_with_plugins_crosses_a_process_border(film, tmp_path):
    (tmp_path / "r.yaml").write_text(RECIPE)
    recipe = load_recipe(tmp_path / "r.yaml", plugins=[film])
    again = pickle.loads(pickle.dumps(recipe))  # noqa: S301
    assert again.digest() == recipe.digest()
    image = np.full((20, 30, 3), 128, np.uint8)
    made = [one.apply(image, key="x", variant="grainy")[0] for one in (recipe, again)]
    assert np.array_equal(*made)
    assert parse_recipe(json.dumps(recipe.resolved()), "r").digest() == recipe.digest()


def test_a_recipe_fails_clearly_without_its_plugin():
    with pytest.raises(RecipeError) as caught:
        parse_recipe(RECIPE, "r.yaml")
    assert str(caught.value) == (
        "r.yaml:2:11: plugins[0]: the plugin 'film' is not here: "
        "give --plugin film.py, or install the package that has it"
    )


def test_a_recipe_says_which_plugins_it_needs(film):
    plugins.load_file(film)
    with pytest.raises(RecipeError) as caught:
        parse_recipe(RECIPE.replace("plugins: [film]", ""), "r.yaml")
    assert str(caught.value).splitlines() == [
        "r.yaml:4:3: variants.grainy: squeeze is of the plugin film: write plugins: [film]"
    ]


def test_a_changed_plugin_is_another_output(film, tmp_path):
    plugins.load_file(film)
    folders(tmp_path / "in")
    expand(parse_recipe(RECIPE, "r.yaml"), tmp_path / "in", tmp_path / "out", Settings(1))
    before = plugins.PLUGINS.pop("film")
    for name in before.transforms:
        del TRANSFORMS[name]
    film.write_text(PLUGIN + "\n# changed\n")
    plugins.load_file(film)
    with pytest.raises(AugcliError) as caught:
        expand(parse_recipe(RECIPE, "r.yaml"), tmp_path / "in", tmp_path / "out", Settings(1))
    assert str(caught.value).startswith(
        f"{tmp_path / 'out'}: belongs to other plugins: film was {before.digest}, is "
    )


FAULTS = {
    'strength"] * meaning.high': (
        'strength"] * (1 // 0)',
        "film_grain (plugin film) raised ZeroDivisionError: integer division or modulo by zero",
    ),
    ".astype(pixels.dtype)": ("", "film_grain was given uint8 (29, 37, 3) and returned float32 (29, 37, 3)"),
    "return np.rint": (
        "return pixels[1:]\n        np.rint",
        "film_grain was given uint8 (29, 37, 3) and returned uint8 (28, 37, 3)",
    ),
    "return SpatialOp": (
        "return 7\n        SpatialOp",
        "squeeze: operate gives a SpatialOp, ColorOp, Filter or Drop, got int",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_plugin_gets_wrong_costs_its_copies_by_name(fault, film, tmp_path):
    change, message = FAULTS[fault]
    assert PLUGIN.count(fault) == 1
    film.write_text(PLUGIN.replace(fault, change))
    plugins.load_file(film)
    folders(tmp_path / "in")
    report = expand(parse_recipe(RECIPE, "r.yaml"), tmp_path / "in", tmp_path / "out", Settings(1))
    lines = failures(tmp_path / "out")
    assert {line["variant"] for line in lines} == {"grainy"}
    assert {line["what"] for line in lines} == {message}
    assert report.written == 3  # the originals
    tracebacks = {"film.py" in line.get("traceback", "") for line in lines}
    assert tracebacks == {"raised" in message}


def test_an_error_of_a_plugin_crosses_a_process_border_with_its_traceback():
    error = PluginError("broke", where="a.png", hint="mend it", traceback="Traceback ...")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.traceback) == ("a.png: broke; mend it", "Traceback ...")


UNLOADABLE = {
    "x = 1\n": (
        "film.py: defines no transform; "
        'a transform is a class of augcli.extend with family="filter" or the like'
    ),
    "def f(:\n": "film.py:1: the plugin cannot be loaded: SyntaxError: ",
    "\n1 / 0\n": "film.py:2: the plugin cannot be loaded: ZeroDivisionError: division by zero",
    PLUGIN.replace(
        "class Squeeze", "class Rotate"
    ): "film.py: there is a transform called rotate already; rename it",
    PLUGIN.replace('"""Add grain."""', ""): (
        "film.py: film_grain has no docstring of whole sentences; "
        "say in the first line of the class's docstring what it does"
    ),
    PLUGIN.replace('description="share of the range"', ""): (
        "film.py: film_grain: the parameter strength is not described; "
        'write strength: ... = Field(description="...")'
    ),
}


@pytest.mark.parametrize("text", UNLOADABLE)
def test_a_file_that_cannot_be_loaded_is_named_and_leaves_nothing_behind(text, film):
    before = dict(TRANSFORMS)
    film.write_text(text)
    with pytest.raises(AugcliError) as caught:
        plugins.load_file(film)
    assert str(caught.value).startswith(f"{film.parent}/{UNLOADABLE[text]}")
    assert before == TRANSFORMS
    assert not plugins.PLUGINS


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(AugcliError) as caught:
        plugins.load_file(tmp_path / "no.py")
    assert str(caught.value) == f"{tmp_path}/no.py: the plugin cannot be read (No such file or directory)"


def test_two_files_of_one_name(film, tmp_path):
    plugins.load_file(film)
    other = tmp_path / "other" / "film.py"
    other.parent.mkdir()
    other.write_text(PLUGIN)
    with pytest.raises(AugcliError) as caught:
        plugins.load_file(other)
    assert str(caught.value) == f"{other}: a plugin called film is loaded already; rename the file"
    assert plugins.load_file(film).transforms == ("film_grain", "squeeze")


def test_an_installed_package_s_entry_point_is_found_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "filmpack.py").write_text(PLUGIN)
    info = tmp_path / "filmpack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: filmpack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[augcli.transforms]\nfilm = filmpack\n")
    monkeypatch.syspath_prepend(tmp_path)
    recipe = parse_recipe(RECIPE, "r.yaml")
    assert [plugin.name for plugin in recipe.plugins] == ["film"]
    assert recipe.plugins[0].transforms == ("film_grain", "squeeze")
    sys.modules.pop("filmpack")


def test_the_commands_take_a_plugin(film):
    command = [sys.executable, "-m", "augcli", "transforms", "film_grain", "--plugin", str(film)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("film_grain (noise)\n  Add grain.\n")
