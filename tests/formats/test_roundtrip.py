"""What is written, read again as the input was, gives the pairs that were planned."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from support.datasets_on_disk import labels, manifest, photo, read, run, save, tree

from augcli.data import Item, each
from augcli.errors import DatasetError
from augcli.formats.naming import copy_name
from augcli.formats.roundtrip import check_readable
from augcli.pipeline.plan import EVERYTHING, make_plan
from augcli.pipeline.prepare import read_input
from augcli.recipe import parse_recipe

VARIANTS = "variants: {flip: [horizontal_flip], aug: {copies: 10, transforms: [{rotate: {degrees: [1, 2]}}]}}"
LINE = "rename the source or the variant, or set `output: {layout: folders}`"


def plant(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def planned(recipe, root):
    """The planned pairs: image -> masks by name, each a tuple of files."""
    jobs = make_plan(recipe, read_input(recipe, root), EVERYTHING)
    return {
        pair.image: {name: each(files) for name, files in pair.masks.items()}
        for job in jobs
        for pair in job.pairs
    }


def read_again(recipe, pairs, root, section=None):
    """The pairs that files of these names are read as, by the recipe's own `input` or another one."""
    plant(root, [path for image, masks in pairs.items() for path in (image, *sum(masks.values(), ()))])
    again = parse_recipe(section, "r") if section else recipe
    return {
        item.image: {name: item.files_of(name) for name in item.masks}
        for item in read_input(again, root).items
    }


def check_law(root, text, section=None):
    recipe = parse_recipe(text, "r")
    pairs = planned(recipe, root / "in")
    assert len(pairs) > 1
    assert read_again(recipe, pairs, root / "out", section) == pairs
    return pairs


def refusal(root, text):
    with pytest.raises(DatasetError) as caught:
        planned(parse_recipe(text, "r"), root)
    return str(caught.value)


# --- patterns

NUCLEI = "masks: {n: {path: '%s', kind: instance%s}}"
PATTERNS = {  # the input section -> the files of a source, by two words
    "images: '{p}/{s}_raw.tif', masks: {cells: '{p}/{s}_cells.tif'}": "{0}/{1}_raw.tif {0}/{1}_cells.tif",
    "images: '{p}_{s}.jpg', masks: '{p}_{s}_gt.png'": "{0}_{1}.jpg {0}_{1}_gt.png",
    "images: '{id}/image.png', masks: '{id}/mask.png'": "{0}{1}/image.png {0}{1}/mask.png",
    "images: '{a}/{b}/i.png', masks: 'm/{b}/{a}.png'": "{0}/{1}/i.png m/{1}/{0}.png",
    "images: '{p}/{s}.jpg', masks: '{p}/{s}/m.png'": "{0}/{1}.jpg {0}/{1}/m.png",
    "images: 'img/**/{n}.jpg', masks: 'lab/**/{n}.png'": "img/d/{0}/{1}.jpg lab/d/{0}/{1}.png",
    "images: 'i/**/photo.jpg', masks: 'm/**/mask.png'": "i/{0}/{1}/photo.jpg m/{0}/{1}/mask.png",
    "images: '**/photo.jpg', masks: '**/mask.png'": "photo.jpg mask.png {0}/photo.jpg {0}/mask.png",
    "images: '*/{n}.jpg', masks: 'm/{n}.png'": "f/{0}{1}.jpg m/{0}{1}.png",
    "images: 'i/{n}', masks: 'm/{n}.png'": "i/{0}{1}.jpg m/{0}{1}.jpg.png",
    "images: '{n}.{e}', masks: '{n}_m.png'": "{0}{1}.jpg {0}{1}_m.png",
    "images: 'i/{n}_*.jpg'": "i/{0}_{1}.jpg",
    "images: 'i/*'": "i/{0}{1}.jpg",
    "images: '*/x.jpg'": "{0}{1}/x.jpg",
    "images: '{split}/{n}.jpg', masks: '{split}_gt/{n}.png'": "train/{0}{1}.jpg train_gt/{0}{1}.png",
    "images: '{n}.jpg', masks: 'm/{n}_v*.png'": "{0}{1}.jpg m/{0}{1}_v7.png",
    "images: 'Image_{n}.jpg', masks: {a: 'Image_{n}_1stHO.png', b: 'Image_{n}_2ndHO.png'}": (
        "Image_{0}{1}.jpg Image_{0}{1}_1stHO.png Image_{0}{1}_2ndHO.png"
    ),
    "images: '{n}.jpg', masks: {a: '{n}_a.png', d: {path: '{n}_d.png', optional: true}}": (
        "{0}{1}.jpg {0}{1}_a.png o.jpg o_a.png o_d.png"
    ),
    "images: '{i}/{i}.png', "
    + NUCLEI % ("{i}/m/*.png", ""): "{0}{1}/{0}{1}.png {0}{1}/m/1.png {0}{1}/m/2.png",
    "images: '{i}/{i}.png', " + NUCLEI % ("{i}/m/*.png", ", join: false"): (
        "{0}{1}/{0}{1}.png {0}{1}/m/1.png {0}{1}/m/2.png"
    ),
    "images: '{n}.png', " + NUCLEI % ("{n}_*.png", ""): "{0}{1}.png {0}{1}_1.png {0}{1}_2.png",
    "images: '{n}.png', "
    + NUCLEI % ("m/{n}_*.png", ", join: false"): "{0}{1}.png m/{0}{1}_1.png m/{0}{1}_2.png",
    "images: '{n}.jpg', " + NUCLEI % ("m/{n}/*/x.png", ""): "{0}{1}.jpg m/{0}{1}/1/x.png m/{0}{1}/2/x.png",
    "images: '{n}.jpg', " + NUCLEI % ("m/{n}/*", ""): "{0}{1}.jpg m/{0}{1}/1.png m/{0}{1}/2.png",
}
WORDS = st.lists(
    st.lists(st.from_regex(r"[a-z0-9é]{1,2}", fullmatch=True), min_size=2, max_size=2),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("section", PATTERNS)
@settings(max_examples=5, deadline=None)
@given(words=WORDS)
def test_a_pattern_reads_its_copies_with_their_masks(section, words):
    names = {name for pair in words for name in PATTERNS[section].format(*pair).split()}
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder, "in"), names)
        check_law(Path(folder), f"input: {{layout: pattern, {section}}}\n{VARIANTS}")


@pytest.mark.parametrize(
    ("images", "mask", "path", "files", "copy"),
    [
        (
            "{p}/{s}_raw.tif",
            "{p}/{s}_cells.tif",
            "a/b_raw.tif",
            ["a/b_cells.tif"],
            "a/b__t_raw.tif a/b__t_cells",
        ),
        ("{id}/image.png", "{id}/mask.png", "a/image.png", ["a/mask.png"], "a__t/image.png a__t/mask"),
        ("{p}/{s}.png", "{p}/m.png", "a/b.png", ["a/m.png"], "a__t/b.png a__t/m"),
        ("**/i.png", "**/m.png", "a/b/i.png", ["a/b/m.png"], "a/b__t/i.png a/b__t/m"),
        ("**/i.png", "**/m.png", "i.png", ["m.png"], "__t/i.png __t/m"),
        ("{n}_*.png", "", "a_b.png", [], "a_b__t.png"),
        ("*/x.png", "", "a/x.png", [], "a__t/x.png"),
        ("{split}/{n}.png", "{split}/m/{n}.png", "a/b.png", ["a/m/b.png"], "a/b__t.png a/m/b__t"),
        ("{i}/p.png", "{i}/m/*.png", "a/p.png", ["a/m/1.png", "a/m/2.png"], "a__t/p.png a__t/m/p"),
        (
            "{s}_raw.png",
            "m/{s}/o_*_*.png",
            "a_raw.png",
            ["m/a/o_7_1.png"] * 2,
            "a__t_raw.png m/a__t/o_7_a__t_raw",
        ),
    ],
)
def test_the_tag_ends_the_last_placeholder_that_all_patterns_use(images, mask, path, files, copy):
    parts = {"m": tuple(files)} if len(files) > 1 else {}
    item = Item(path[:-4], path, {"m": files[0]} if files else {}, parts=parts)
    reading = {"layout": "pattern", "images": images, "masks": {"m": mask} if files else {}}
    image, masks = copy_name(item, "t", "like-input", path[-4:], reading=reading)
    assert " ".join([image, *(masks[name].removesuffix(".png") for name in masks)]) == copy


def test_parts_that_stay_apart_keep_their_names():
    item = Item("a/p", "a/p.png", {"m": "a/m/1.png"}, parts={"m": ("a/m/1.png", "a/m/x.png")})
    reading = {"layout": "pattern", "images": "{i}/p.png", "masks": {"m": "{i}/m/*.png"}}
    _, masks = copy_name(item, "t", "like-input", ".png", apart=["m"], reading=reading)
    assert masks == {"m": ("a__t/m/1.png", "a__t/m/x.png")}


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("images: 'raw/{n}_*.tif', masks: 'seg/{n}.tif'", "raw/a_1.tif seg/a.tif"),
        ("images: '{n}.tif', masks: 'm.tif'", "a.tif m.tif"),
        ("images: '{split}/i.tif', masks: '{split}/m.tif'", "train/i.tif train/m.tif"),
        ("images: 'a.tif'", "a.tif"),
    ],
)
def test_a_pattern_without_a_place_for_a_copy_is_refused(tmp_path, section, names):
    text = f"input: {{layout: pattern, {section}}}\n{VARIANTS}"
    image, images = names.split()[0], section.split("'")[1]
    lost = f"{images} does not read{' with its masks' * ('masks' in section)}"
    assert refusal(plant(tmp_path / "in", names.split()), text) == (
        f"{image}: a copy of it would get a name that {lost}; "
        "use one placeholder in images and in all masks, or set `output: {layout: folders}`"
    )
    pairs = planned(parse_recipe(f"{text}\noutput: {{layout: folders}}", "r"), tmp_path / "in")
    assert len(pairs) == 12


WRITTEN = [  # what is written, and what reads it
    ("output: {image: {format: png}}", "images: '{p}/{s}_raw.png', masks: '{p}/{s}_cells.png'"),
    ("", "images: '{p}/{s}_raw.jpg', masks: '{p}/{s}_cells.png'"),
]


@pytest.mark.parametrize(("output", "section"), WRITTEN)
def test_where_another_format_is_written_the_pattern_with_its_suffix_reads_it(tmp_path, output, section):
    plant(tmp_path / "in", ["a/b_raw.jpg", "a/b_cells.gif"])
    text = "input: {layout: pattern, images: '{p}/{s}_raw.jpg', masks: '{p}/{s}_cells.gif'}\n" + VARIANTS
    check_law(tmp_path, f"{text}\n{output}", f"input: {{layout: pattern, {section}}}")


# --- other layouts

STEMS = st.sets(  # names that may be taken for each other's masks or copies
    st.sampled_from(["x", "x_", "x_mask", "x_mask_mask", "x_seg", "x_gt", "x__mask", "x__t", "x.1", "é 2"]),
    min_size=1,
    max_size=4,
)
TAGS = st.sets(st.sampled_from(["t", "mask", "t_mask", "t-mask", "seg", "t_seg", "gt", "t_gt"]), max_size=3)
INPUTS = [  # the input section, image, mask
    ("layout: folders, images: imgs, masks: gts", "imgs/{}.jpg", "gts/{}.png"),
    ("layout: folders, images: imgs, masks: gts, suffix: _gt", "imgs/{}.jpg", "gts/{}_gt.png"),
    ("layout: folders, images: imgs, masks: {mask: gts, seg: segs}", "imgs/{}.jpg", "gts/{}.png segs/{}.png"),
    ("layout: folders, images: imgs, masks: gts", "imgs/{}.tif", "gts/{}_gt.png"),
    ("layout: suffix, suffix: _mask", "{}.tif", "{}_mask.png"),
    ("layout: suffix", "{}.png", "{}_seg.png"),
    ("layout: carvana", "train/{}.jpg", "train_masks/{}_mask.gif"),
    ("layout: classes", "cat/{}.png", "dog/{}.png"),
    ("layout: images", "d/{}.png"),
    ("layout: pattern, images: '{n}.png', masks: '{n}_mask.png'", "{}.png", "{}_mask.png"),
    ("layout: pattern, images: '{n}.jpg', masks: {seg: '{n}_seg_*.png'}", "{}.jpg", "{}_seg_1.png"),
]
OUTPUTS = {  # the output's layout -> what reads it, of the masks with this name
    "like-input": "",
    "folders": "layout: folders, images: images, masks: {folder}",
    "suffix": "layout: suffix, suffix: _{name}",
    "carvana": "layout: folders, images: {split}, masks: {split}_{folder}, suffix: _{name}",
}
REFUSED = (
    "two files would be called ",
    "would be read again with ",
    "the output could not be read again: ",
    "a copy of it would get a name ",
)


def of_one_mask(pairs, name):
    return {image: {"mask": masks[name]} for image, masks in pairs.items() if name in masks}


@settings(max_examples=150, deadline=None)
@given(STEMS, TAGS, st.sampled_from(INPUTS), st.sampled_from(sorted(OUTPUTS)))
def test_what_is_written_is_read_again_as_it_was_planned_or_it_is_refused(stems, tags, source, layout):
    section, *names = source
    variants = ", ".join(f"{tag}: [horizontal_flip]" for tag in sorted(tags))
    recipe = parse_recipe(
        f"input: {{{section}}}\nvariants: {{{variants}}}\noutput: {{layout: {layout}}}", "r"
    )
    with tempfile.TemporaryDirectory() as folder:
        root, out = plant(Path(folder, "in"), files_of(stems, names)), Path(folder, "out")
        try:
            read_input(recipe, root)
        except DatasetError:
            reject()
        try:
            pairs = planned(recipe, root)
        except DatasetError as error:
            refused = error.what
        else:
            check_read(recipe, pairs, out, OUTPUTS[layout])
            return
        assert refused.startswith(REFUSED[:1] if layout in ("folders", "carvana") else REFUSED)


def files_of(stems, names):
    return [name.format(stem) for stem in stems for name in " ".join(names).split(" ") if name]


def check_read(recipe, pairs, out, section):
    if not section:
        assert read_again(recipe, pairs, out) == pairs
        return
    split = "train" if any(image.startswith("train/") for image in pairs) else "test"
    for name in dict.fromkeys(name for masks in pairs.values() for name in masks):
        called = {"name": name, "folder": "masks" if name == "mask" else name, "split": split}
        own = f"input: {{{section.format(**called)}}}"
        assert read_again(recipe, pairs, out, own) == of_one_mask(pairs, name)


SUFFIX = "input: {layout: suffix, suffix: _mask}\nvariants: {t: [horizontal_flip], t_mask: [vertical_flip]}"


def test_a_copy_that_would_be_taken_for_a_mask_is_refused(tmp_path):
    assert refusal(plant(tmp_path / "in", ["x.tif", "x_mask.png"]), SUFFIX) == (
        f"x__t.tif: would be read again with x__t_mask.tif instead of x__t_mask.png; {LINE}"
    )


def test_a_picture_that_would_be_taken_for_the_mask_of_another_is_refused(tmp_path):
    plant(tmp_path / "in", ["i/x.tif", "i/x_mask.tif", "m/x.png", "m/x_mask.png"])
    folders = "input: {layout: folders, images: i, masks: m}\nvariants: {t: [transpose]}\n"
    text = folders + "output: {layout: suffix}"
    assert refusal(tmp_path / "in", text) == (
        f"i/x.tif: would be read again with i/x_mask.tif instead of i/x_mask.png; {LINE}"
    )
    check_law(tmp_path, folders)


def test_variants_that_make_a_second_reading_possible_are_refused(tmp_path):
    plant(tmp_path / "in", ["i/x.jpg", "m/x_gt.png"])
    text = "input: {layout: folders, images: i, masks: m}\nvariants: {t: [transpose], t_gt: [vertical_flip]}"
    assert refusal(tmp_path / "in", text) == (
        f"the output could not be read again: can be read in several ways; {LINE}"
    )


def test_parts_beside_their_image_are_not_read_again_by_a_suffix(tmp_path):
    plant(tmp_path / "in", ["a/a.png", "a/m/1.png", "a/m/2.png"])
    text = (
        "input: {layout: pattern, images: '{i}/{i}.png', " + NUCLEI % ("{i}/m/*.png", ", join: false") + "}"
    )
    pairs = planned(parse_recipe(f"{text}\noutput: {{layout: suffix}}", "r"), tmp_path / "in")
    assert pairs == {"a/a.png": {"n": ("a/a_n-1.png", "a/a_n-2.png")}}


def test_layouts_without_masks_have_nothing_to_be_taken_for_one():
    check_readable({"layout": "images"}, "like-input", [("x.png", {}), ("x_mask.png", {})])
    check_readable({"layout": "classes"}, "suffix", [("a/x.png", {}), ("a/x_mask.png", {})])


# --- what is on disk


def pairs_of(out, name="mask"):
    return {line["file_name"]: line[f"{name}_file_name"] for line in manifest(out)}


def read_back(text, root, name="mask"):
    return {item.image: item.masks.get(name) for item in read_input(parse_recipe(text, "r"), root).items}


def table(root, header="image,mask"):
    """Pictures and masks whose names say nothing, and the file that pairs them."""
    rows = [header]
    for number, letter in enumerate("ab"):
        save(root / f"p/{letter}.png", photo(number))
        save(root / f"q/{number}, é.png", labels(number))
        rows.append(f'p/{letter}.png,"q/{number}, é.png"')
    (root / "lists").mkdir()
    (root / "lists/all.csv").write_text("\n".join(rows), "utf-8")
    return root


BY_TABLE = "input: {layout: pattern, pairs: lists/all.csv}\nvariants: {t: [transpose]}\n"


@pytest.mark.parametrize("layout", ["like-input", "folders", "suffix"])
def test_where_a_csv_file_says_the_pairs_one_says_those_of_the_output(tmp_path, layout):
    text = BY_TABLE + f"output: {{layout: {layout}}}"
    run(text, table(tmp_path / "in"), tmp_path / "out")
    assert read_back(text, tmp_path / "out") == pairs_of(tmp_path / "out")
    assert len(pairs_of(tmp_path / "out")) == 4
    before = tree(tmp_path / "out")
    assert run(text, tmp_path / "in", tmp_path / "out").written == 0
    assert tree(tmp_path / "out") == before


def test_the_csv_file_has_a_column_for_each_mask_and_no_pair_that_failed(tmp_path):
    root = table(tmp_path / "in")
    rows = ["image,m,n", "p/a.png,,q/1, é.png".replace("q/1, é.png", '"q/1, é.png"'), 'p/b.png,"q/0, é.png",']
    (root / "lists/all.csv").write_text("\n".join(rows), "utf-8")
    (root / "q/0, é.png").write_bytes(b"")
    masks = "masks: {m: {optional: true, kind: index}, n: {optional: true, kind: index}}}"
    text = BY_TABLE.replace("}", f", {masks}", 1)
    assert len(run(text, root, tmp_path / "out").failed) == 2
    assert (tmp_path / "out/lists/all.csv").read_text("utf-8").splitlines() == [
        "image,m,n",
        'p/a.png,,"q/1, é.png"',
        'p/a__t.png,,"q/1, é__t.png"',
    ]


def test_an_output_of_joined_instances_can_be_expanded_again(tmp_path):
    save(tmp_path / "in/a/a.png", photo())
    for number in range(3):
        save(tmp_path / f"in/a/m/{number}.png", labels(number, (0, 255)))
    text = "input: {layout: pattern, images: '{i}/{i}.png', " + NUCLEI % ("{i}/m/*.png", "") + "}\n"
    text += "variants: {f: [horizontal_flip]}"
    run(text, tmp_path / "in", tmp_path / "out")
    assert pairs_of(tmp_path / "out", "n") == {
        "a/a.png": "a/m/a.png",
        "a__f/a__f.png": "a__f/m/a__f.png",
    }
    assert run(text.replace("{f:", "{g:"), tmp_path / "out", tmp_path / "again").failed == []
    before, after = (read(tmp_path / folder / "a/m/a.png") for folder in ("out", "again"))
    assert np.array_equal(before, after)
    assert np.array_equal(read(tmp_path / "again/a__f__g/m/a__f__g.png"), before)


@pytest.mark.parametrize("pages", ["refuse", "each", "together"])
def test_tiff_masks_stay_tiff_where_a_pattern_says_so(tmp_path, pages):
    count = 1 if pages == "refuse" else 2
    for name, draw in (("a_raw", lambda seed: photo(seed, 1)[..., 0]), ("a_cells", labels)):
        save(tmp_path / f"in/p/{name}.tif", labels())
        tifffile.imwrite(tmp_path / f"in/p/{name}.tif", np.stack([draw(seed) for seed in range(count)]))
    text = f"input: {{layout: pattern, pages: {pages}, images: '{{p}}/{{s}}_raw.tif', "
    text += "masks: '{p}/{s}_cells.tif'}\nvariants: {f: [horizontal_flip]}"
    run(text, tmp_path / "in", tmp_path / "out")
    assert read_back(text, tmp_path / "out") == pairs_of(tmp_path / "out")
    for line in manifest(tmp_path / "out"):
        found = tifffile.imread(tmp_path / "out" / line["mask_file_name"]).squeeze()
        wanted = [labels(seed)[:, :: -1 if line["variant"] == "f" else 1] for seed in range(count)]
        page = line["sources"][0]["page"]
        assert np.array_equal(found, wanted[page - 1] if page else np.squeeze(wanted))


def test_a_suffix_in_capitals_is_the_format_that_it_says(tmp_path):
    save(tmp_path / "in/a.png", photo())
    save(tmp_path / "in/a_d.PNG", photo(1, 1))
    text = "input: {layout: pattern, images: '{n}.png', masks: {d: {path: '{n}_d.PNG', kind: image}}}\n"
    run(text + "variants: {f: [horizontal_flip]}", tmp_path / "in", tmp_path / "out")
    assert (tmp_path / "out/a__f_d.PNG").read_bytes().startswith(b"\x89PNG")
