"""Reading a source: exactly one sentence for every way in which it cannot be used."""

import os

import numpy as np
import pytest
from support.datasets_on_disk import HEIGHT, WIDTH, exif, huge_png, labels, photo, save

from augcli.data import Item
from augcli.errors import ImageError
from augcli.labels.masks import MaskSpec
from augcli.pipeline.load import read_source
from augcli.recipe import parse_recipe

INDEX = MaskSpec("index")
DAMAGED = "it is damaged or of a rare kind: replace it or save it again"


def source(root, image="a.jpg", mask="a.png", spec=INDEX, text="seed: 0", **options):
    item = Item("a", image, {"mask": mask} if mask else {})
    return read_source(root, item, {"mask": spec}, parse_recipe(text, "r"), **options)


def refusal(root, *args, **options):
    with pytest.raises(ImageError) as caught:
        source(root, *args, **options)
    return str(caught.value)


def write(path, data):
    path.write_bytes(data)
    return path


def pair(root, mask=None):
    save(root / "a.jpg", photo())
    save(root / "a.png", labels() if mask is None else mask)
    return root


def test_a_pair_is_read_once_with_its_bytes_stats_and_digests(tmp_path):
    root = pair(tmp_path)
    read = source(root)
    assert read.data["a.jpg"] == (root / "a.jpg").read_bytes()
    assert read.stats["a.png"] == (os.stat(root / "a.png").st_size, os.stat(root / "a.png").st_mtime_ns)
    assert set(read.sha256) == {"a.jpg", "a.png"}
    assert np.array_equal(read.sample.masks["mask"], labels())
    assert read.sample.size == (WIDTH, HEIGHT)
    assert read.labels.untouched == {"mask"}


def test_a_mask_that_is_written_otherwise_is_not_untouched(tmp_path):
    read = source(pair(tmp_path, labels(values=(0, 90, 200))), spec=MaskSpec("binary", 255, 255, 108))
    assert read.labels.untouched == frozenset()
    assert set(np.unique(read.masks["mask"].values)) == {0, 255}


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_a_picture_is_turned_upright_and_fits_an_upright_mask(tmp_path, orientation):
    save(tmp_path / "a.jpg", photo(), exif=exif(orientation))
    save(tmp_path / "a.png", labels())
    assert source(tmp_path).sample.size == (WIDTH, HEIGHT)


def test_a_mask_of_the_upright_size_fits_a_transposing_orientation(tmp_path):
    save(tmp_path / "a.jpg", photo(), exif=exif(6))
    save(tmp_path / "a.png", labels(width=HEIGHT, height=WIDTH))
    assert source(tmp_path).sample.size == (HEIGHT, WIDTH)


def test_a_mask_that_fits_only_the_unrotated_image_is_refused(tmp_path):
    save(tmp_path / "a.jpg", photo(), exif=exif(6))
    save(tmp_path / "a.png", labels())
    assert refusal(tmp_path) == (
        "a.jpg: the image is 29x37, its mask a.png is 37x29: the mask fits only the unrotated image "
        "(EXIF orientation 6); "
        "turn the mask as the image is shown, or remove the orientation from the image"
    )


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    pair(tmp_path, labels(width=30, height=20))
    expected = "a.jpg: the image is 37x29, its mask a.png is 30x20; save both at one size"
    assert refusal(tmp_path) == expected


def test_a_file_that_is_gone_or_not_to_be_read_is_named(tmp_path):
    pair(tmp_path)
    (tmp_path / "a.png").unlink()
    assert refusal(tmp_path) == "a.png: cannot be read: No such file or directory"
    (tmp_path / "a.png").mkdir()
    assert refusal(tmp_path) == "a.png: cannot be read: Is a directory"


def test_an_empty_file_is_named(tmp_path):
    write(pair(tmp_path) / "a.jpg", b"")
    assert refusal(tmp_path) == "a.jpg: the file is empty (0 bytes); replace it or leave it out"


def test_a_page_of_html_is_no_picture(tmp_path):
    write(pair(tmp_path) / "a.jpg", b"<!DOCTYPE html><title>404</title>")
    message = refusal(tmp_path)
    assert message.startswith("a.jpg: not an image of a format that is read (")
    assert message.endswith("; save it as PNG")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_truncated_jpeg_is_refused_and_not_half_grey(tmp_path, kept):
    data = (pair(tmp_path) / "a.jpg").read_bytes()
    write(tmp_path / "a.jpg", data[: int(len(data) * kept)])
    message = refusal(tmp_path)
    assert message.startswith("a.jpg: cannot be read as JPEG (")
    assert message.endswith(DAMAGED)


@pytest.mark.parametrize(("image", "mask"), [("a.png", None), ("a.jpg", "a.png")])
def test_a_truncated_png_is_refused_as_picture_and_as_mask(tmp_path, image, mask):
    data = (pair(tmp_path) / "a.png").read_bytes()
    write(tmp_path / "a.png", data[:-20])
    expected = f"a.png: cannot be read as PNG (the file is truncated); {DAMAGED}"
    assert refusal(tmp_path, image, mask) == expected


def test_a_bomb_is_refused_from_its_header(tmp_path):
    write(tmp_path / "a.png", huge_png())
    assert refusal(tmp_path, "a.png", None) == (
        "a.png: 400,000,000 pixels are more than the limit of 64,000,000; "
        "if the file is to be trusted, use `--max-pixels 400000000`"
    )


def test_the_limit_of_pixels_holds_for_masks_too(tmp_path):
    save(tmp_path / "a.jpg", photo(width=5, height=5))
    save(tmp_path / "a.png", labels(width=6, height=5))
    message = refusal(tmp_path, max_pixels=25)
    assert message.startswith("a.png: 30 pixels are more than the limit of 25; ")


def test_a_png_called_jpg_is_refused(tmp_path):
    pair(tmp_path)
    save(tmp_path / "x.png", photo()).rename(tmp_path / "a.jpg")
    assert refusal(tmp_path) == "a.jpg: a PNG file called .jpg; rename it to end in .png"


def test_a_png_mask_may_have_any_name(tmp_path):
    save(pair(tmp_path) / "x.png", labels()).rename(tmp_path / "a.gif")
    assert np.array_equal(source(tmp_path, mask="a.gif").masks["mask"].values, labels())
