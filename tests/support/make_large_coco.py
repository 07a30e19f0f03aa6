"""Make a data set as large as COCO's train2017 from a small annotation file; time what is done with it.

    python tests/make_large_coco.py SMALL.json FOLDER [--expand]

FOLDER gets annotations/instances_train2017.json, and a grey picture of its size for each image in
train2017/. With --expand it is also expanded to FOLDER.out: each picture as it is, and mirrored.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from augcli.commands.expand.run import Settings, expand, usable_cpus
from augcli.formats.coco.annotation_file import read_annotation_file
from augcli.formats.coco.write import write_annotation_file
from augcli.formats.detect import read_dataset
from augcli.labels.coco_json import with_fields
from augcli.pipeline.plan import Selection, make_plan
from augcli.recipe import parse_recipe

RECIPE = "{variants: {fliplr: [horizontal_flip]}, output: {originals: hardlink}}"
IMAGES, ANNOTATIONS = 118_287, 860_001  # of instances_train2017.json


def make(small: Path, folder: Path) -> None:
    """Repeat a small file's images with their annotations under new ids, until there are enough of both."""
    file = read_annotation_file(small, where=small.name)
    images, annotations = [], []
    for number, image in enumerate(islice(cycle(file.images), IMAGES), 1):
        images.append(with_fields(image.text, id=number, file_name=f"{number:012}.jpg"))
        for text in file.annotations_of(image.id)[: ANNOTATIONS - len(annotations)]:
            annotations.append(with_fields(text, id=len(annotations) + 1, image_id=number))
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "train2017").mkdir(exist_ok=True)
    for image in map(json.loads, images):
        picture(folder / "train2017" / image["file_name"], image["width"], image["height"])
    with path_of(folder).open("wb") as out:
        out.writelines(write_annotation_file(file.head, images, annotations))


def picture(path: Path, width: int, height: int) -> None:
    """A grey picture, hard-linked to one of its size where a file system has room for one more link."""
    kept = path.parent.parent / f"{width}x{height}-{int(path.stem) // 30_000}.jpg"
    if not kept.exists():
        Image.new("RGB", (width, height), "grey").save(kept)
    path.unlink(missing_ok=True)
    path.hardlink_to(kept)


def path_of(folder: Path) -> Path:
    return folder / "annotations" / "instances_train2017.json"


def read(folder: Path) -> str:
    file = read_annotation_file(path_of(folder), where="large")
    return f"{len(file.images)} images, {sum(1 for _ in file.all_annotations())} annotations"


def read_set(folder: Path) -> str:
    dataset = read_dataset(folder)
    return f"{dataset.reason}, in {len(dataset.items)} items"


def read_and_write(folder: Path) -> str:
    """Read the data set, and write its file again with other ids."""
    dataset = read_dataset(folder)
    (name, head), *_ = dataset.annotation_files.items()
    images = (with_fields(item.entries[name], file_name="x.jpg") for item in dataset.items)
    texts = (text for item in dataset.items for text in item.annotations[name])
    annotations = (with_fields(text, id=number) for number, text in enumerate(texts, 1))
    with tempfile.TemporaryFile() as out:
        out.writelines(write_annotation_file(head, images, annotations))
        return f"{out.tell() / 1e6:.0f} MB"


def plan(folder: Path) -> str:
    """Read the data set, and plan a mirrored copy of each picture."""
    recipe, dataset = parse_recipe(RECIPE, "recipe"), read_dataset(folder)
    jobs = make_plan(recipe, dataset, Selection())
    return f"{sum(len(job.pairs) for job in jobs)} pairs"


def expanded(folder: Path) -> str:
    """All of it; the workers' time is counted apart."""
    out = folder.with_name(folder.name + ".out")
    report = expand(parse_recipe(RECIPE, "recipe"), folder, out, Settings(workers=usable_cpus()))
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    return f"{report.sentence()} (workers: {workers.ru_utime + workers.ru_stime:.0f} s)"


def timed(what, folder: Path) -> None:
    start = time.process_time()
    said = what(folder)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(f"{what.__name__}: {said}: {seconds:.1f} s of one core, peak {peak:.2f} GiB\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("small", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expand", action="store_true")
    told = parser.parse_args()
    make(told.small, told.folder)
    sys.stdout.write(f"{path_of(told.folder)}: {path_of(told.folder).stat().st_size / 1e6:.0f} MB\n")
    sys.stdout.flush()
    stages = (read, read_set, read_and_write, plan, *([expanded] if told.expand else []))
    for what in stages:  # a process each: the peak of one is not that of another
        process = multiprocessing.get_context("spawn").Process(target=timed, args=(what, told.folder))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
