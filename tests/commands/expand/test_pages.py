"""Files of several pages: refused, each a source of its own, or together with one draw."""

import shutil

import numpy as np
import pytest
import tifffile
from support.datasets_on_disk import HEIGHT, WIDTH, labels, manifest, needs, photo, picture, run, save, tree
from support.paths import DATA

from augcli.commands.check.survey import survey
from augcli.commands.plan import outlook
from augcli.commands.preview.preview import Selected, preview
from augcli.data import Coding, Dataset, Item
from augcli.errors import AugcliError
from augcli.formats.pages import with_pages
from augcli.imageio import decode_mask_pages, decode_pages, encode_mask_pages
from augcli.pipeline.load import read_source
from augcli.pipeline.plan import EVERYTHING, Selection
from augcli.pipeline.prepare import read_input
from augcli.recipe import parse_recipe

MOVED = """
variants:
  turned:
    copies: 2
    transforms:
      - rotate: {degrees: [-30, 30]}
      - elastic: {alpha: [20, 60], sigma: 4}
      - brightness: {factor: [0.5, 1.5]}
      - gaussian_noise: {std: 0.02}
"""
FLIP = "variants: {flip: [horizontal_flip]}\n"
STARDIST = """
input: {layout: pattern, images: "img{n}.tif", masks: "mask{n}.tif", mask: {kind: instance}, pages: %s}
output: {image: {format: tiff}}
"""
MANY = "set `input: {pages: each}` for draws of their own, or `input: {pages: together}` for one draw"


def recipe(pages, text=FLIP, mask="kind: index"):
    return f"input: {{layout: folders, pages: {pages}, mask: {{{mask}}}}}\n{text}"


def frames(count, channels=1):
    return [photo(seed, channels) for seed in range(count)]


def tiff(path, pages):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(np.squeeze(page), contiguous=False, metadata=None)
    return path


def animation(path, count=3):
    first, *others = map(picture, frames(count, 3))
    return save(path, first, save_all=True, append_images=others)


def stack(root, count=3, masks=3, name="a"):
    """`images/<name>.tif` and `masks/<name>.tif`, of so many pages."""
    tiff(root / f"images/{name}.tif", frames(count))
    tiff(root / f"masks/{name}.tif", [labels(seed) for seed in range(masks)])
    return root


def images_of(path):
    return [page.pixels for page in decode_pages(path.read_bytes(), where=path.name)]


def masks_of(path):
    return [page.values for page in decode_mask_pages(path.read_bytes(), where=path.name)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


# --- refuse


def test_a_stack_is_refused_with_both_choices(tmp_path, out):
    for said in ("pages: refuse, ", ""):
        text = recipe("refuse").replace("pages: refuse, ", said)
        report = run(text, stack(tmp_path / "in"), out, overwrite=True)
        assert {failed.sentence() for failed in report.failed} == {
            f"images/a.tif: 3 pages in one file, where one picture is expected; {MANY}"
        }


# --- each


def test_each_page_is_a_source_with_a_name_a_group_and_a_mask_of_its_own(tmp_path, out):
    root = stack(tmp_path / "in")
    run(recipe("each"), root, out)
    lines = manifest(out)
    assert [(line["file_name"], line["mask_file_name"]) for line in lines[:3]] == [
        ("images/a__p001.tif", "masks/a__p001.png"),
        ("images/a__p001__flip.tif", "masks/a__p001__flip.png"),
        ("images/a__p002.tif", "masks/a__p002.png"),
    ]
    assert [line["sources"][0]["page"] for line in lines] == [1, 1, 2, 2, 3, 3]
    assert {line["group"] for line in lines} == {"images/a"}
    assert lines[4]["reencoded"] == "page 3 of 3"
    for line in lines:
        page = line["sources"][0]["page"] - 1
        turn = slice(None, None, -1 if line["variant"] == "flip" else 1)
        assert np.array_equal(images_of(out / line["file_name"])[0], frames(3)[page][:, turn])
        assert np.array_equal(masks_of(out / line["mask_file_name"])[0], labels(page)[:, turn])


def test_each_page_has_draws_of_its_own(tmp_path, out):
    run(recipe("each", MOVED), stack(tmp_path / "in"), out)
    drawn = [str(line["applied"]) for line in manifest(out) if line["variant"] == "turned"]
    assert len(set(drawn)) == len(drawn) == 6


@pytest.mark.parametrize(("suffix", "written"), [(".gif", ".png"), (".png", ".png"), (".webp", ".webp")])
def test_each_frame_of_an_animation_is_a_picture(tmp_path, out, suffix, written):
    path = animation(tmp_path / f"in/a{suffix}")
    run("input: {pages: each}\n" + FLIP, tmp_path / "in", out)
    lines = manifest(out)
    assert [line["file_name"] for line in lines[:2]] == [f"a__p001{written}", f"a__p001__flip{written}"]
    for line, shown in zip(lines[::2], images_of(path), strict=True):
        (found,) = images_of(out / line["file_name"])
        assert np.abs(found.astype(int) - shown).mean() < (0 if written == ".png" else 8) + 1e-9


def test_files_of_one_page_keep_their_names_beside_stacks(tmp_path, out):
    root = stack(tmp_path / "in")
    save(root / "images/b.png", photo(7, 1))
    save(root / "masks/b.png", labels(7))
    plain = recipe("each")
    run(plain, root, out)
    lines = [line for line in manifest(out) if "/b" in line["file_name"]]
    assert [line["file_name"] for line in lines] == ["images/b.png", "images/b__flip.png"]
    assert [line["sources"][0]["page"] for line in lines] == [None, None]
    assert (out / "images/b.png").read_bytes() == (root / "images/b.png").read_bytes()


@pytest.mark.parametrize("pages", ["each", "together"])
def test_a_mask_of_another_number_of_pages_fails_with_both_counts(tmp_path, out, pages):
    root = stack(tmp_path / "in", 3, 2)
    stack(root, 1, 2, name="b")
    report = run(recipe(pages), stack(root, 3, 3, name="c"), out)
    hint = "save the mask with one page, or with as many as the image has"
    assert {failed.sentence() for failed in report.failed} == {
        f"images/a.tif: the image has 3 pages, its mask masks/a.tif has 2; {hint}",
        f"images/b.tif: the image has 1 page, its mask masks/b.tif has 2; {hint}",
    }
    assert report.written == (6 if pages == "each" else 2)


def test_a_mask_of_one_page_goes_with_each_page(tmp_path, out):
    run(recipe("each"), stack(tmp_path / "in", 3, 1), out)
    for line in manifest(out)[::2]:
        assert np.array_equal(masks_of(out / line["mask_file_name"])[0], labels(0))


def test_a_page_with_the_key_of_another_source_is_refused(tmp_path):
    tiff(tmp_path / "a.tif", frames(2))
    items = (Item("a", "a.tif"), Item("a#002", "a#002.png"))
    with pytest.raises(AugcliError) as caught:
        with_pages(Dataset(tmp_path, "images", {}, "", items), each=True)
    what = "two sources would have the key a#002: of a#002.png and of a.tif"
    assert str(caught.value) == f"{tmp_path}: {what}; rename one of them"


def test_a_file_without_a_readable_header_is_one_source_that_fails_by_name(tmp_path, out):
    root = stack(tmp_path / "in")
    (root / "images/a.tif").write_bytes(b"II*\0 and no more")
    tiff(root / "masks/a.tif", [labels(0)])
    report = run(recipe("each"), stack(root, name="b"), out)
    assert {failed.where for failed in report.failed} == {"images/a.tif"}
    assert (len(report.failed), report.written) == (2, 6)


# --- together


def test_a_stack_is_written_as_a_stack_and_moves_by_one_map(tmp_path, out):
    root, alone = stack(tmp_path / "in"), tmp_path / "alone"
    run(recipe("together", MOVED), root, out)
    copy = manifest(out)[1]
    assert (copy["file_name"], copy["mask_file_name"]) == (
        "images/a__turned-1.tif",
        "masks/a__turned-1.tif",
    )
    pages = zip(images_of(out / copy["file_name"]), masks_of(out / copy["mask_file_name"]), strict=True)
    for number, (image, mask) in enumerate(pages):
        source = alone / str(number)
        tiff(source / "images/a.tif", [frames(3)[number]])
        tiff(source / "masks/a.tif", [labels(number)])
        run(recipe("refuse", MOVED), source, alone / f"out{number}")
        assert np.array_equal(image, images_of(alone / f"out{number}/images/a__turned-1.tif")[0])
        assert np.array_equal(mask, masks_of(alone / f"out{number}/masks/a__turned-1.png")[0])


def test_an_original_stack_is_the_bytes_of_the_source(tmp_path, out):
    root = stack(tmp_path / "in")
    run(recipe("together"), root, out)
    for name in ("images/a.tif", "masks/a.tif"):
        assert (out / name).read_bytes() == (root / name).read_bytes()
    assert manifest(out)[0]["reencoded"] is None


@pytest.mark.parametrize("pages", ["each", "together"])
def test_each_page_of_a_palette_mask_keeps_its_own_colours(tmp_path, out, pages):
    tiff(tmp_path / "in/images/a.tif", frames(2))
    codings = [Coding("P", bytes(range(256)) * 3), Coding("P", bytes(range(255, -1, -1)) * 3)]
    path = tmp_path / "in/masks/a.tif"
    path.parent.mkdir()
    path.write_bytes(encode_mask_pages([labels(0), labels(1)], codings))
    run(recipe(pages), tmp_path / "in", out)
    copies = [line["mask_file_name"] for line in manifest(out) if line["variant"] == "flip"]
    found = [mask for name in copies for mask in decode_mask_pages((out / name).read_bytes(), where=name)]
    assert [mask.coding for mask in found] == codings


def test_a_mask_of_one_page_moves_once_with_a_stack(tmp_path, out):
    run(recipe("together"), stack(tmp_path / "in", 3, 1), out)
    line = manifest(out)[1]
    assert line["mask_file_name"] == "masks/a__flip.png"
    assert [len(images_of(out / line["file_name"])), len(masks_of(out / line["mask_file_name"]))] == [3, 1]
    assert np.array_equal(masks_of(out / line["mask_file_name"])[0], labels(0)[:, ::-1])


def test_an_apng_stays_one(tmp_path, out):
    path = animation(tmp_path / "in/a.png")
    run("input: {pages: together}\n" + FLIP, tmp_path / "in", out)
    assert (out / "a.png").read_bytes() == path.read_bytes()
    assert np.array_equal(images_of(out / "a__flip.png"), np.array(images_of(path))[:, :, ::-1])


@pytest.mark.parametrize(
    ("suffix", "text", "what"),
    [
        (".gif", "", "a stack of 3 pages cannot be written as GIF"),
        (".webp", "", "a stack of 3 pages cannot be written as WEBP"),
        (".png", "output: {image: {format: jpeg}}\n", "a stack of 3 pages cannot be written as JPEG"),
    ],
)
def test_a_stack_in_a_format_without_stacks_is_refused(tmp_path, out, suffix, text, what):
    animation(tmp_path / f"in/a{suffix}")
    report = run("input: {pages: together}\n" + FLIP + text, tmp_path / "in", out)
    hint = "set `output: {image: {format: tiff}}` or `input: {pages: each}`"
    assert {failed.sentence() for failed in report.failed} == {f"a{suffix}: {what}; {hint}"}


def test_a_deep_stack_is_no_apng(tmp_path, out):
    tiff(tmp_path / "in/a.tif", [page.astype(np.uint16) for page in frames(2)])
    text = "input: {pages: together}\noutput: {image: {format: png}}\n" + FLIP
    what = "a stack of 2 pages with more than 8 bits cannot be written as PNG"
    assert what in run(text, tmp_path / "in", out).failed[0].sentence()


def test_an_animation_becomes_a_tiff_where_that_is_asked_for(tmp_path, out):
    path = animation(tmp_path / "in/a.gif")
    run("input: {pages: together}\noutput: {image: {format: tiff}}\n" + FLIP, tmp_path / "in", out)
    assert np.array_equal(images_of(out / "a.tif"), images_of(path))


def test_an_object_of_a_stack_is_one_object(tmp_path, out):
    first, second = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    first[3:6, 13:17], second[3:6, 3:6], first[9, 9] = 7, 7, 5  # 6 of 12 pixels are left, 9 of 9, 1 of 1
    tiff(tmp_path / "in/images/a.tif", frames(2))
    tiff(tmp_path / "in/masks/a.tif", [first, second])
    text = (
        "output: {annotations: {min_area: 10, renumber: true}}\n"
        "variants: {left: [{crop: {x: 0, y: 0, width: 0.4, height: 1}}]}\n"
    )
    run(recipe("together", text, "kind: instance"), tmp_path / "in", out)
    found = masks_of(out / "masks/a__left.tif")
    assert [np.unique(page).tolist() for page in found] == [[0, 1, 2], [0, 2]]
    assert manifest(out)[1]["dropped"] == []


def test_a_second_picture_is_a_stack_too(tmp_path, out):
    root = stack(tmp_path / "in")
    depth = [labels(seed, (0, 900, 40_000), np.uint16) for seed in range(3)]
    tiff(root / "masks/a.tif", depth)
    run(recipe("together", mask="kind: image"), root, out)
    found = [page[..., 0] for page in images_of(out / "masks/a__flip.tif")]
    assert np.array_equal(found, np.array(depth)[:, :, ::-1])
    run(recipe("each", mask="kind: image"), root, out.with_name("each"))
    (page,) = images_of(out.with_name("each") / "masks/a__p002.tif")
    assert np.array_equal(page[..., 0], depth[1])


# --- the commands around it


@pytest.mark.parametrize(("pages", "sources"), [("each", 3), ("together", 1)])
def test_check_plan_and_preview_count_as_expand_does(tmp_path, pages, sources):
    root, asked = stack(tmp_path / "in"), parse_recipe(recipe(pages, MOVED), "recipe.yaml")
    seen = survey(asked, root, workers=1, max_pixels=10_000)
    assert (len(seen.jobs), seen.pairs, seen.failures, seen.refusals) == (sources, 3 * sources, [], [])
    counted = outlook(asked, root, EVERYTHING, workers=1, max_pixels=10_000)
    assert (counted.sources, counted.pairs, counted.trouble) == (sources, 3 * sources, "")
    shown = preview(asked, root, Selected(rows=9, cols=2))
    assert (shown.sources, shown.copies, shown.failures) == (sources, 2 * sources, ())


def test_check_says_what_expand_would_refuse(tmp_path):
    root = stack(tmp_path / "in", 3, 2)
    (found,) = survey(parse_recipe(recipe("together"), "r"), root, workers=1, max_pixels=10_000).failures
    assert found.sentence().startswith("images/a.tif: the image has 3 pages, its mask masks/a.tif has 2;")


@pytest.mark.parametrize("pages", ["each", "together"])
def test_what_is_there_is_not_made_again(tmp_path, out, pages):
    root = stack(stack(tmp_path / "in"), name="b")
    run(recipe(pages, MOVED), root, out)
    again = run(recipe(pages, MOVED), root, out)
    assert (again.written, again.already) == (0, again.planned)


def test_two_workers_write_what_one_writes(tmp_path, out):
    root = stack(stack(tmp_path / "in"), 4, 1, name="b")
    run(recipe("each", MOVED), root, out)
    run(recipe("each", MOVED), root, tmp_path / "two", workers=2)
    assert tree(out) == tree(tmp_path / "two")


def test_an_interrupted_run_of_pages_goes_on(tmp_path, out):
    root = stack(tmp_path / "in")
    run(recipe("each", MOVED), root, tmp_path / "whole")
    for name in ("images/a__p002.tif", "masks/a__p003__turned-1.png"):
        shutil.copytree(tmp_path / "whole", out, dirs_exist_ok=True)
        (out / name).unlink()
        assert run(recipe("each", MOVED), root, out).written == 1
        assert tree(out) == tree(tmp_path / "whole")


@pytest.mark.parametrize(
    ("pages", "what"),
    [
        (
            "each",
            "images/a.tif: page 3 is wanted, and it has 2; if the file is being changed, run again later",
        ),
        (
            "together",
            "images/a.tif: has 2 pages, and had 3 when the run began; "
            "run again when the file is no longer being changed",
        ),
    ],
)
def test_a_stack_that_changes_after_it_was_counted_fails_by_name(tmp_path, pages, what):
    root, asked = stack(tmp_path / "in", 3, 1), parse_recipe(recipe(pages), "r")
    item = read_input(asked, root).items[-1]
    stack(root, 2, 1)
    with pytest.raises(AugcliError) as caught:
        read_source(root, item, {}, asked)
    assert str(caught.value) == what


def test_only_and_limit_count_pages(tmp_path, out):
    root = stack(tmp_path / "in")
    run(recipe("each"), root, out, selection=Selection(only="images/a#00[23]", limit=1))
    assert {line["sources"][0]["page"] for line in manifest(out)} == {2}


# --- a real stack


@needs("seg_nuclei")
def test_real_pages_move_together_and_keep_their_ids(out):
    root = DATA / "seg_nuclei/stardist"
    run(STARDIST % "together" + MOVED, root, out)
    copy = manifest(out)[4]  # three are of the other picture there, of one page
    image, mask = images_of(out / copy["file_name"]), masks_of(out / copy["mask_file_name"])
    before = masks_of(root / "mask3d.tif")
    assert len(image) == len(mask) == len(before) == 31
    for now, was in zip(mask, before, strict=True):
        assert set(np.unique(now)) <= set(np.unique(was)) | {0}


@needs("seg_nuclei")
def test_real_pages_are_31_sources(out):
    run(STARDIST % "each" + FLIP, DATA / "seg_nuclei/stardist", out)
    lines = manifest(out)[2:]
    assert len(lines) == 62
    assert lines[61]["file_name"] == "img3d__p031__flip.tif"
    assert lines[60]["reencoded"] == "page 31 of 31"
    for line in lines[1::20]:
        page = line["sources"][0]["page"] - 1
        was = tifffile.imread(DATA / "seg_nuclei/stardist/mask3d.tif")[page]
        assert np.array_equal(masks_of(out / line["mask_file_name"])[0], was[:, ::-1])
