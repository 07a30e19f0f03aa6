"""Make an annotation file as large as instances_train2017.json from a small one; time reading and writing it.

    python tests/make_large_coco.py SMALL.json FOLDER

FOLDER gets annotations/instances_train2017.json and empty files for its pictures in train2017/.
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

from augcli.annotations.writing import write_annotation_file
from augcli.formats import read_dataset
from augcli.formats.coco.files import read_annotation_file
from augcli.formats.coco.texts import with_fields

IMAGES, ANNOTATIONS = 118_287, 860_001  # of instances_train2017.json


def make(small: Path, folder: Path) -> None:
    """Repeat the images of a small file under new ids, and their annotations, until there are enough."""
    file = read_annotation_file(small, where=small.name)
    images = [
        with_fields(image.text, id=number, file_name=f"{number:012}.jpg")
        for number, image in enumerate(islice(cycle(file.images), IMAGES), 1)
    ]
    texts = enumerate(islice(cycle(file.all_annotations()), ANNOTATIONS), 1)
    annotations = (with_fields(text, id=number, image_id=number % IMAGES + 1) for number, text in texts)
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "train2017").mkdir(exist_ok=True)
    for image in images:
        (folder / "train2017" / json.loads(image)["file_name"]).touch()
    with path_of(folder).open("wb") as out:
        out.writelines(write_annotation_file(file.head, images, annotations))


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
    told = parser.parse_args()
    make(told.small, told.folder)
    sys.stdout.write(f"{path_of(told.folder)}: {path_of(told.folder).stat().st_size / 1e6:.0f} MB\n")
    sys.stdout.flush()
    for what in (read, read_set, read_and_write):  # a process each: the peak of one is not that of another
        process = multiprocessing.get_context("spawn").Process(target=timed, args=(what, told.folder))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
