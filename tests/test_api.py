from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import augcli

RECIPE = """
seed: 7
copies: 2
transforms:
  - horizontal_flip: {p: 0.5}
  - rotate: {degrees: [-20, 20]}
  - elastic: {displacement_px: 3, sigma: 16}
  - random_resized_crop: {size: 96x80}
  - color_jitter: {brightness: 0.3, contrast: 0.3}
  - gaussian_noise: {std: 0.02}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api")
    (root / "in/images").mkdir(parents=True)
    (root / "in/masks").mkdir()
    photo = data.astronaut()[:200, :240]
    Image.fromarray(photo).save(root / "in/images/a.png")
    Image.fromarray((photo[..., 0] // 64).astype(np.uint8)).save(root / "in/masks/a.png")
    (root / "recipe.yaml").write_text(RECIPE)
    augcli.expand(root / "recipe.yaml", root / "in", root / "out", workers=1)
    return root


def test_apply_gives_the_very_pixels_that_expand_writes(made: Path):
    recipe = augcli.load_recipe(made / "recipe.yaml")
    image = np.asarray(Image.open(made / "in/images/a.png"))
    mask = np.asarray(Image.open(made / "in/masks/a.png"))
    for copy in (1, 2):
        picture, labels = recipe.apply(image, mask, key="images/a", variant="aug", copy=copy)
        assert np.array_equal(picture, Image.open(made / f"out/images/a__aug-{copy}.png"))
        assert np.array_equal(labels, Image.open(made / f"out/masks/a__aug-{copy}.png"))


def test_a_grey_picture_stays_two_dimensional(made: Path):
    recipe = augcli.load_recipe(made / "recipe.yaml")
    picture, labels = recipe.apply(data.camera(), key="x", variant="aug")
    assert picture.shape == (80, 96)
    assert labels is None


def test_the_manifest_maps_points_both_ways(made: Path):
    records = augcli.read_manifest(made / "out")
    assert [r.variant for r in records] == ["original", "aug", "aug"]
    points = np.array([[30.0, 30.0], [40.0, 60.0], [60.0, 40.0]])
    for record in records:
        there = record.to_source(points)
        assert np.abs(record.to_output(there) - points).max() < 0.05


def test_an_unknown_variant_is_named_with_the_known_ones(made: Path):
    recipe = augcli.load_recipe(made / "recipe.yaml")
    with pytest.raises(augcli.AugcliError, match="the recipe has no variant 'jitter'; it has original, aug"):
        recipe.apply(data.camera(), key="x", variant="jitter")


def test_a_fixed_variant_has_one_copy(tmp_path: Path):
    (tmp_path / "r.yaml").write_text("variants: {up: [vertical_flip]}")
    recipe = augcli.load_recipe(tmp_path / "r.yaml")
    with pytest.raises(augcli.AugcliError, match="variant up has no copy 2; copies count from 1"):
        recipe.apply(data.camera(), key="x", variant="up", copy=2)


def test_other_dtypes_are_refused(made: Path):
    recipe = augcli.load_recipe(made / "recipe.yaml")
    with pytest.raises(augcli.ImageError, match=r"an image is uint8 .* got float64 \(4, 4\)"):
        recipe.apply(np.zeros((4, 4)), key="x", variant="aug")
    with pytest.raises(augcli.ImageError, match=r"a mask is uint8 or uint16 .* got int64 \(512, 512\)"):
        recipe.apply(data.camera(), np.zeros((512, 512), np.int64), key="x", variant="aug")


def test_there_is_no_manifest_in_an_empty_folder(tmp_path: Path):
    with pytest.raises(augcli.AugcliError, match=r"no manifest\.jsonl; name the output of a finished run"):
        augcli.read_manifest(tmp_path)
