"""One job: a source decoded once, its pairs under temporary names, and a fault for each that fails."""

import hashlib
import os

import numpy as np
import pytest
from PIL import Image as PilImage
from support.datasets_on_disk import FLIPS, ICC, RANDOM, exif, folders, labels, photo, plain, read, save

from augcli.commands.expand import worker
from augcli.commands.expand.worker import InspectMasks, MakePairs, StagedPair, Unwritable, set_up
from augcli.formats.detect import read_dataset
from augcli.imageio import decode_image
from augcli.labels.masks import MaskSpec
from augcli.output.store import StoreError
from augcli.pipeline import pair
from augcli.pipeline.pair import PairContext
from augcli.pipeline.plan import EVERYTHING, FailedPair, make_plan
from augcli.recipe import parse_recipe

INDEX = MaskSpec("index")


def context_of(root, text, **changes):
    recipe = parse_recipe(text, "recipe.yaml")
    staging = root.with_name("staging")
    staging.mkdir(exist_ok=True)
    given = {"root": root, "staging": staging, "recipe": recipe, "border": "reflect"}
    return PairContext(**given | {"fingerprint": "f", "max_pixels": 10**6} | changes)


def jobs_of(context):
    return make_plan(context.recipe, read_dataset(context.root), EVERYTHING)


def answer(root, text=FLIPS, spec=INDEX, **changes):
    """What a worker answers to the first job."""
    context = context_of(root, text, **changes)
    return set_up(context)(MakePairs(jobs_of(context)[0], {"mask": spec} if spec else {}))


def originals(root, text="seed: 0", spec=None):
    """The line of the first original, and the path of its picture under its temporary name."""
    (made,) = answer(root, text, spec)
    return made.entry.line, root.with_name("staging") / made.moves[0][0]


def stated(line):
    return line["reencoded"]


def test_a_job_leaves_all_files_of_its_pairs_and_says_what_they_are(tmp_path):
    root = folders(tmp_path / "in", 1)
    made = answer(root)
    assert [type(one) for one in made] == [StagedPair] * 3
    for one in made:
        line = one.entry.line
        for (temporary, name), digest in zip(one.moves, (line["sha256"], line["mask_sha256"]), strict=True):
            data = (tmp_path / "staging" / temporary).read_bytes()
            assert hashlib.sha256(data).hexdigest() == digest
            assert one.entry.sizes[name] == len(data)
        assert [name for _, name in one.moves] == [line["file_name"], line["mask_file_name"]]


def test_a_source_is_decoded_once_for_all_its_copies(tmp_path, monkeypatch):
    reads = []
    real = worker.read_source
    monkeypatch.setattr(worker, "read_source", lambda *args: reads.append(args) or real(*args))
    assert len(answer(folders(tmp_path / "in", 1), RANDOM)) == 4
    assert len(reads) == 1


def test_a_bad_source_fails_each_of_its_pairs_by_name(tmp_path):
    root = folders(tmp_path / "in", 1)
    (root / "images/a.jpg").write_bytes(b"")
    failed = answer(root)
    assert [type(one) for one in failed] == [FailedPair] * 3
    assert failed[1].as_line() == {
        "source": "images/a",
        "variant": "flipud",
        "copy": 1,
        "what": "the file is empty (0 bytes)",
        "where": "images/a.jpg",
        "mend": "replace it or leave it out",
    }
    assert failed[1].sentence() == ("images/a.jpg: the file is empty (0 bytes); replace it or leave it out")


def test_a_fault_of_one_pair_costs_the_others_nothing(tmp_path):
    text = "variants: {big: [{center_crop: {size: 1000}}], flip: [horizontal_flip]}"
    made = answer(plain(tmp_path / "in", 1), text, None)
    assert [type(one) for one in made] == [StagedPair, FailedPair, StagedPair]
    assert made[1].where == "a.png"


def test_no_memory_is_a_failure_with_advice(tmp_path, monkeypatch):
    root = folders(tmp_path / "in", 1)
    for module, name in ((worker, "read_source"), (pair, "augment")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, out_of_memory)
            sentences = {one.sentence() for one in answer(root)}
            assert sentences == {"images/a.jpg: not enough memory; use fewer workers (-j)"}


def out_of_memory(*_, **__):
    raise MemoryError


def test_an_output_that_cannot_be_written_ends_the_run(tmp_path):
    root = folders(tmp_path / "in", 1)
    blocked = tmp_path / "blocked"
    blocked.touch()
    ended = answer(root, staging=blocked)
    assert isinstance(ended, Unwritable)
    assert isinstance(ended.error, StoreError)


def test_looking_at_masks_tells_what_cannot_be_read_and_why(tmp_path):
    root = folders(tmp_path / "in", 2)
    (root / "masks/a.png").write_bytes(b"no mask")
    context = context_of(root, FLIPS)
    (first,), (second,) = (set_up(context)(InspectMasks(job.item)) for job in jobs_of(context))
    assert str(first.fault).startswith("masks/a.png: not an image of a format that is read ")
    assert (second.where, second.fault) == ("masks/b.png", None)


# --- originals


def test_a_plain_original_is_copied_as_bytes(tmp_path):
    root = plain(tmp_path / "in", 1, ".jpg")
    line, path = originals(root)
    assert path.read_bytes() == (root / "a.jpg").read_bytes()
    assert stated(line) is None
    assert line["sha256"] == line["sources"][0]["sha256"]


def test_a_jpeg_with_exif_loses_that_segment_and_keeps_its_coded_data(tmp_path):
    save(tmp_path / "in/a.jpg", photo(), exif=exif(1, "secret"), icc_profile=ICC)
    line, path = originals(tmp_path / "in")
    before, after = (tmp_path / "in/a.jpg").read_bytes(), path.read_bytes()
    assert stated(line) == "metadata removed"
    assert b"secret" in before
    assert b"secret" not in after
    scan = before.index(b"\xff\xda")
    assert after.endswith(before[scan:])
    assert PilImage.open(path).info["icc_profile"] == ICC


def test_a_png_with_exif_is_written_again_without_it(tmp_path):
    save(tmp_path / "in/a.png", photo(), exif=exif(1, "secret"), icc_profile=ICC)
    line, path = originals(tmp_path / "in")
    assert stated(line) == "metadata removed"
    assert b"secret" not in path.read_bytes()
    assert np.array_equal(read(path), photo())
    assert PilImage.open(path).info["icc_profile"] == ICC


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_orientation_is_applied_once_and_dropped(tmp_path, orientation):
    save(tmp_path / "in/a.png", photo(), exif=exif(orientation))
    line, path = originals(tmp_path / "in")
    upright = decode_image((tmp_path / "in/a.png").read_bytes(), where="a").pixels
    assert stated(line) == "EXIF orientation"
    assert np.array_equal(read(path), upright)
    assert 274 not in PilImage.open(path).getexif()
    assert (line["width"], line["height"]) == upright.shape[1::-1]
    assert (line["sources"][0]["width"], line["sources"][0]["height"]) == upright.shape[1::-1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("output: {size: 16}", "output.size"),
        ("output: {image: {format: png}}", "output.image.format"),
        ("output: {image: {format: jpeg}}", None),
        ("output: {size: 37x29}", None),
    ],
)
def test_an_original_is_encoded_again_only_where_a_rule_says_so(tmp_path, text, why):
    line, _ = originals(plain(tmp_path / "in", 1, ".jpg"), text)
    assert stated(line) == why


def test_only_originals_say_why(tmp_path):
    made = answer(plain(tmp_path / "in", 1, ".jpg"), FLIPS + "output: {size: 16}", None)
    assert [stated(one.entry.line) for one in made] == ["output.size", None, None]


def test_hardlinked_originals_are_the_source_files_and_nothing_else_is(tmp_path):
    root = folders(tmp_path / "in", 1)
    text = FLIPS + "output: {originals: hardlink}"
    made = answer(root, text)
    original, *copies = ([tmp_path / "staging" / temporary for temporary, _ in one.moves] for one in made)
    assert original[0].samefile(root / "images/a.jpg")
    assert original[1].samefile(root / "masks/a.png")
    assert all(os.stat(path).st_nlink == 1 for pair in copies for path in pair)


def test_an_original_that_is_not_the_source_bytes_is_no_link(tmp_path):
    save(tmp_path / "in/a.jpg", photo(), exif=exif(1))
    _, path = originals(tmp_path / "in", "output: {originals: hardlink}")
    assert os.stat(path).st_nlink == 1


# --- pictures


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_a_copy_is_written_in_its_sources_format(tmp_path, suffix):
    made = answer(plain(tmp_path / "in", 1, suffix), FLIPS, None)
    formats = [PilImage.open(tmp_path / "staging" / one.moves[0][0]).format for one in made]
    assert len(set(formats)) == 1
    assert formats[0] == PilImage.open(tmp_path / f"in/a{suffix}").format


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_rgb_and_rgba_stay_what_they_are(tmp_path, channels):
    save(tmp_path / "in/a.png", photo(channels=channels))
    made = answer(tmp_path / "in", FLIPS, None)
    flipped = read(tmp_path / "staging" / made[1].moves[0][0])
    assert np.array_equal(flipped, photo(channels=channels).squeeze()[::-1])


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_copies_keep_the_icc_profile(tmp_path, suffix):
    save(tmp_path / f"in/a{suffix}", photo(), icc_profile=ICC)
    for one in answer(tmp_path / "in", RANDOM, None):
        assert PilImage.open(tmp_path / "staging" / one.moves[0][0]).info["icc_profile"] == ICC


# --- digests


def digest_of(root, text, **changes):
    return answer(root, text, **changes)[1].entry.digest  # of the first copy


def test_a_pairs_digest_knows_its_bytes_steps_options_seed_and_fingerprint(tmp_path):
    root = folders(tmp_path / "in", 1)
    same = "transforms: [{rotate: {degrees: [0, 5]}}]\n"
    before = digest_of(root, same)
    others = {
        "copies do not count": (same + "copies: 5", {}, True),
        "steps": ("transforms: [{rotate: {degrees: [0, 6]}}]", {}, False),
        "options": (same + "output: {border: wrap}", {}, False),
        "seed": (same + "seed: 1", {}, False),
        "fingerprint": (same, {"fingerprint": "g"}, False),
    }
    for what, (text, changes, equal) in others.items():
        assert (digest_of(root, text, **changes) == before) == equal, what
    save(root / "masks/a.png", labels(9))
    assert digest_of(root, same) != before
