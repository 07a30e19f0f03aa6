"""The recipes that come with augcli: each runs, and together they have every transform."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from support.paths import ROOT

import augcli
from augcli.transforms import TRANSFORMS

RECIPES = sorted(ROOT.glob("recipes/**/*.yaml"))
PHOTO = data.coffee()
MASK = np.zeros(PHOTO.shape[:2], np.uint8)
MASK[80:300, 150:420] = 1
MASK[200:380, 300:560] = 2
NAMES = [path.relative_to(ROOT / "recipes").as_posix() for path in RECIPES]


@pytest.fixture(scope="module", params=RECIPES, ids=NAMES)
def recipe(request):
    return augcli.load_recipe(request.param)


def test_every_variant_makes_a_picture_and_a_mask_of_one_size(recipe):
    mask = (MASK > 0) * np.uint8(200) if recipe.input.mask.threshold else MASK
    for variant in recipe.variants:
        image, labels = recipe.apply(PHOTO, mask, key="coffee", variant=variant.name)
        assert image.shape[:2] == labels.shape
        assert image.dtype == np.uint8
        assert set(np.unique(labels)) <= {0, 1, 2, 255}


def test_every_transform_is_in_a_recipe():
    used = {t.name for path in RECIPES for v in augcli.load_recipe(path).variants for t in v.transforms()}
    assert used == set(TRANSFORMS)


def test_each_says_at_its_top_what_it_is_for_and_how_to_run_it(recipe):
    lines = (Path(recipe.file)).read_text(encoding="utf-8").splitlines()
    head = [line for line in lines[: lines.index("")] if line.startswith("#")]
    assert head[0].endswith(".")
    assert len(head) >= 2 or "demo" in recipe.file


def test_each_recipe_of_the_gallery_says_how_it_is_drawn():
    for path in ROOT.glob("recipes/gallery/*.yaml"):
        line = next(line for line in path.read_text().splitlines() if line.startswith("#   augcli preview "))
        assert f"augcli preview recipes/gallery/{path.name} photos/ -o {path.stem}." in line
