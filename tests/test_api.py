import ast
import inspect
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data
from support.coco_datasets import BOX, SQUARE, written
from support.plugin_files import PLUGIN

import augcli
from augcli.cli.expand import expand as command
from augcli.data import Array, Coding, each
from augcli.imageio import decode_image, decode_mask, encode_image, encode_mask
from augcli.recipe import load_recipe

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
    with pytest.raises(augcli.ImageError) as caught:
        recipe.apply(np.zeros((4, 4)), key="x", variant="aug")
    assert str(caught.value) == (
        "an image is uint8, uint16 or float32 (H, W) or (H, W, C), got float64 (4, 4); convert it first"
    )
    with pytest.raises(augcli.ImageError) as caught:
        recipe.apply(data.camera(), np.zeros((512, 512), np.int64), key="x", variant="aug")
    assert str(caught.value) == (
        "a mask is uint8 or uint16 (H, W), or uint8 (H, W, 3), got int64 (512, 512); convert it first"
    )


def test_the_package_names_what_it_has_before_it_is_used():
    said = (
        "import sys, augcli; print(dir(augcli)); print('augcli.api' in sys.modules, 'numpy' in sys.modules)"
    )
    names, loaded = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert set(augcli.__all__) <= set(ast.literal_eval(names))
    assert loaded == "False False"
    for name in augcli.__all__:
        assert getattr(augcli, name).__name__ == name


def test_expand_has_every_option_of_the_command():
    options = {parameter.name for parameter in command.params} - {"quiet", "as_json"}  # for a terminal
    parameters = set(inspect.signature(augcli.expand).parameters)
    assert parameters - {"plugins"} == options - {"plugin"}
    assert {"images", "plugins", "only", "limit"} <= parameters


@pytest.mark.usefixtures("no_plugins")
def test_expand_takes_images_plugins_and_a_part_of_the_sources(tmp_path: Path):
    coco = written(tmp_path / "in", [SQUARE, BOX])
    (tmp_path / "coco").mkdir()
    file = (coco / "annotations/instances_train.json").rename(tmp_path / "coco/labels.json")
    (tmp_path / "film.py").write_text(PLUGIN)
    (tmp_path / "r.yaml").write_text("plugins: [film]\ntransforms: [film_grain: {strength: 0.1}]")
    report = augcli.expand(
        tmp_path / "r.yaml",
        file,
        tmp_path / "out",
        images=str(coco / "images"),
        plugins=[tmp_path / "film.py"],
        only="*b",
        limit=1,
        workers=1,
    )
    assert (report.written, report.failed) == (2, [])
    assert [record.variant for record in augcli.read_manifest(tmp_path / "out")] == ["original", "aug"]


@pytest.mark.parametrize("name", ["workers", "limit", "max_pixels"])
def test_numbers_below_one_are_refused(made: Path, name: str):
    with pytest.raises(augcli.AugcliError, match=f"{name} is 0; {name} is at least 1"):
        augcli.expand(made / "recipe.yaml", made / "in", made / "none", **{name: 0})


def test_there_is_one_recipe_and_it_crosses_a_process_border_with_apply(made: Path):
    recipe = augcli.load_recipe(made / "recipe.yaml", plugins=[])
    assert type(recipe) is augcli.Recipe
    assert recipe == load_recipe(made / "recipe.yaml")
    said = "import pickle, sys; print(pickle.load(sys.stdin.buffer).apply.__self__.applier.__module__)"
    ended = subprocess.run(
        [sys.executable, "-c", said], input=pickle.dumps(recipe), capture_output=True, check=True
    )
    assert ended.stdout.decode().strip() == "augcli.pipeline.apply"


def test_a_recipe_that_was_read_for_something_else_says_how_to_read_it(made: Path):
    with pytest.raises(augcli.AugcliError, match=r"not read to be applied; read it with augcli\.load_recipe"):
        load_recipe(made / "recipe.yaml").apply(data.camera(), key="x", variant="aug")


def test_there_is_no_manifest_in_an_empty_folder(tmp_path: Path):
    with pytest.raises(augcli.AugcliError, match=r"no manifest\.jsonl; name the output of a finished run"):
        augcli.read_manifest(tmp_path)


# --- the law for all that `expand` reads

HEIGHT, WIDTH = 61, 47
PLAIN = "input: {layout: images}\n"
NAMED = "input: {layout: pattern, images: '{n}.png', masks: {%s}}\n"
STEPS = """
seed: 3
copies: 2
transforms:
  - rotate: {degrees: [10, 40]}
  - random_resized_crop: {size: 40x32}
  - brightness: {factor: [0.6, 1.4]}
  - gaussian_blur: {sigma: 0.8}
  - gaussian_noise: {std: 0.02}
"""


def levels(*channels: int, dtype: type = np.uint16, highest: int = 4000) -> Array:
    """A ramp with noise on it, (H, W) or (H, W, C); floats are 0 to 1."""
    across = np.linspace(0, highest / 2, WIDTH)[None, :, None]
    noise = np.random.default_rng(5).integers(0, highest // 2, (HEIGHT, WIDTH, *(channels or (1,))))
    values = (across + noise) / (highest if dtype is np.float32 else 1)
    return values.astype(dtype) if channels else values[..., 0].astype(dtype)


def blobs(*values: int, dtype: type = np.uint8) -> Array:
    """Stripes and blocks of some values, (H, W)."""
    rows, columns = np.arange(HEIGHT)[:, None] // 9, np.arange(WIDTH)[None] // 7
    return np.array(values, dtype)[(rows + 2 * columns) % len(values)]


def loaded(root: Path, text: str) -> augcli.Recipe:
    (root / "recipe.yaml").write_text(text)
    return augcli.load_recipe(root / "recipe.yaml")


def second_copy(root: Path) -> augcli.Record:
    """The output's second random copy."""
    report = augcli.expand(root / "recipe.yaml", root / "in", root / "out", workers=1)
    assert not report.failed, report.failed[0].sentence()
    return augcli.read_manifest(root / "out")[2]


def pixels_of(path: Path) -> Array:
    return decode_image(path.read_bytes(), where=path.name).pixels


@pytest.mark.parametrize(
    ("image", "suffix", "options"),
    [
        (levels(), ".png", {}),
        (levels(3), ".png", {}),
        (levels(4), ".tif", {}),
        (levels(2, dtype=np.uint8, highest=250), ".png", {}),
        (levels(4, dtype=np.uint8, highest=250), ".png", {}),
        (levels(dtype=np.float32), ".tif", {}),
        (levels(4, dtype=np.float32), ".tif", {}),
        (levels(5), ".tif", {}),
        (levels(4), ".tif", {"colors": "multi"}),
        (levels(6), ".tif", {"colors": "multi", "alpha": True}),
    ],
    ids=lambda value: f"{value.dtype}-{value.shape[2:]}" if isinstance(value, np.ndarray) else None,
)
@pytest.mark.parametrize("section", ["", "output: {border: constant, fill: 90, size: 36x36, fit: letterbox}"])
def test_apply_gives_what_expand_writes_of_any_picture(
    tmp_path: Path, image: Array, suffix: str, options: dict[str, Any], section: str
):
    kind = {".png": "png", ".tif": "tiff"}[suffix]
    (tmp_path / "in").mkdir()
    pixels = image.reshape(HEIGHT, WIDTH, -1)
    (tmp_path / f"in/a{suffix}").write_bytes(encode_image(pixels, format=kind, **options))
    recipe = loaded(tmp_path, PLAIN + STEPS + section)
    record = second_copy(tmp_path)
    given, _ = recipe.apply(image, key="a", variant="aug", copy=2, **options)
    written = pixels_of(tmp_path / "out" / record.file_name)
    assert (given.ndim, given.dtype) == (image.ndim, image.dtype)
    assert np.array_equal(given.reshape(written.shape), written)
    assert len(np.unique(given)) > 100


def test_apply_keeps_to_the_declared_range(tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(encode_image(levels(1), format="png"))
    bright = "copies: 2\ntransforms: [brightness: {factor: [3, 4]}]\n"
    recipe = loaded(tmp_path, bright + "input: {layout: images, image: {range: [0, 4095]}}")
    record = second_copy(tmp_path)
    given, _ = recipe.apply(levels(), key="a", variant="aug", copy=2)
    assert np.array_equal(given[..., None], pixels_of(tmp_path / "out" / record.file_name))
    assert given.max() == 4095


MASKS: dict[str, tuple[str, Any]] = {  # what the recipe says of a mask, and the mask
    "classes": ("{kind: index, ignore: 250}", blobs(0, 1, 2, 250)),
    "deep": ("{kind: index, ignore: 65535}", blobs(0, 300, 40_000, dtype=np.uint16)),
    "grey": ("{threshold: 90}", levels(dtype=np.uint8, highest=250)),
    "found": ("{}", blobs(0, 255)),
    "colors": ("{kind: rgb, ignore: '#010203'}", np.dstack([blobs(0, 9), blobs(7, 1, 3), blobs(0, 255)])),
    "ids": ("{kind: instance}", blobs(0, 1, 255, 65_535, dtype=np.uint16)),
    "depth": ("{kind: image}", levels()),
    "matte": ("{kind: image}", levels(3, dtype=np.uint8, highest=250)),
    "heights": ("{kind: image}", levels(dtype=np.float32)),
    "joined": ("{kind: instance}", [blobs(0, 0, 255), blobs(0, 255, 0, 0), blobs(255, 0, 0, 0, 0)]),
    "apart": ("{kind: instance, join: false}", [blobs(0, 0, 255), blobs(0, 255, 0, 0)]),
}


def save_mask(root: Path, name: str, mask: Any) -> str:
    """Save a mask as a user would have it; returns its pattern."""
    if isinstance(mask, list):
        for number, part in enumerate(mask):
            save_mask(root, f"{name}_{number}", part)
        return f"{{n}}_{name}_*.png"
    if MASKS.get(name, ("",))[0] == "{kind: image}":
        kind, suffix = ("tiff", ".tif") if mask.dtype == np.float32 else ("png", ".png")
        content = encode_image(mask.reshape(HEIGHT, WIDTH, -1), format=kind)
    else:
        suffix, mode = ".png", "RGB" if mask.ndim == 3 else "L" if mask.dtype == np.uint8 else "I;16"
        content = encode_mask(mask, Coding(mode))
    (root / f"a_{name}{suffix}").write_bytes(content)
    return f"{{n}}_{name}{suffix}"


@pytest.mark.parametrize("foreground", ["", "output: {mask: {foreground: 7}, annotations: {min_area: 30}}"])
def test_apply_gives_what_expand_writes_of_several_masks(tmp_path: Path, foreground: str):
    (tmp_path / "in").mkdir()
    image = levels(3)
    (tmp_path / "in/a.png").write_bytes(encode_image(image, format="png"))
    paths = {name: save_mask(tmp_path / "in", name, mask) for name, (_, mask) in MASKS.items()}
    said = [f"{name}: {{path: '{paths[name]}', {said[1:]}" for name, (said, _) in MASKS.items()]
    recipe = loaded(tmp_path, NAMED % ", ".join(said) + STEPS + foreground)
    record = second_copy(tmp_path)
    masks = {name: mask for name, (_, mask) in MASKS.items()}
    picture, given = recipe.apply(image, masks, key="a", variant="aug", copy=2)
    assert np.array_equal(picture, pixels_of(tmp_path / "out" / record.file_name))
    for name in MASKS:
        files = [tmp_path / "out" / file for file in each(record.masks[name] or ())]
        arrays = given[name] if isinstance(given[name], list) else [given[name]]
        for array, file in zip(arrays, files, strict=True):
            soft = MASKS[name][0] == "{kind: image}"
            written = pixels_of(file) if soft else decode_mask(file.read_bytes(), where=name).values
            assert np.array_equal(array.reshape(written.shape), written), name
            assert len(np.unique(array)) > 1, name


def test_a_single_mask_that_says_nothing_of_itself_is_as_expand_has_it(tmp_path: Path):
    (tmp_path / "in/images").mkdir(parents=True)
    (tmp_path / "in/masks").mkdir()
    (tmp_path / "in/images/a.png").write_bytes(encode_image(levels(3), format="png"))
    (tmp_path / "in/masks/a.png").write_bytes(encode_mask(blobs(0, 90), Coding("L")))
    recipe = loaded(tmp_path, STEPS + "input: {mask: {kind: binary}}\noutput: {mask: {foreground: 1}}")
    record = second_copy(tmp_path)
    _, given = recipe.apply(levels(3), blobs(0, 90), key="images/a", variant="aug", copy=2)
    assert set(np.unique(given)) == {0, 1}
    assert np.array_equal(given, Image.open(tmp_path / "out" / str(record.masks["mask"])))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": levels(3), "colors": "grey"}, "3 channels are not grey; "),
        ({"image": levels(3), "alpha": True}, "3 channels are not rgb with alpha; "),
        ({"image": levels(3), "colors": "bgr"}, "3 channels are not bgr; "),
    ],
)
def test_channels_that_are_not_the_colours_are_refused(
    tmp_path: Path, arguments: dict[str, Any], message: str
):
    recipe = loaded(tmp_path, STEPS)
    with pytest.raises(augcli.ImageError) as caught:
        recipe.apply(**arguments, key="x", variant="aug")
    hint = "colors is grey, rgb or multi; alpha is one more channel behind them"
    assert str(caught.value) == message + hint


def test_arrays_that_do_not_fit_are_refused_in_words(tmp_path: Path):
    recipe = loaded(tmp_path, "input: {masks: {depth: {path: d, kind: image}, c: c}}" + STEPS)
    holes = levels(dtype=np.float32)
    holes[3:5, 7] = np.nan
    cases: list[tuple[Array, Mapping[str, Any], str]] = [
        (holes, {}, "x: holds values that are no numbers (NaN or infinite), 2 of 2867; replace them"),
        (
            levels(),
            {"depth": holes},
            "depth: holds values that are no numbers (NaN or infinite), 2 of 2867; ",
        ),
        (
            levels(),
            {"c": blobs(0, 1)[1:]},
            "x: the image is 47x61, its mask c is 47x60; bring both to one size",
        ),
        (levels(), {"c": [blobs(0, 1)] * 2}, "x: 2 arrays for the mask c: only a mask of kind: instance may"),
    ]
    for image, masks, message in cases:
        with pytest.raises(augcli.ImageError) as caught:
            recipe.apply(image, masks, key="x", variant="aug")
        assert str(caught.value).startswith(message)
