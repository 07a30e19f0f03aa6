"""Small made-up data sets with objects: COCO, YOLO and Pascal VOC. Shared by the tests of these."""

import json
from xml.etree import ElementTree

import yaml
from support import datasets_on_disk

WIDTH, HEIGHT = 64, 40
SIZE = (WIDTH, HEIGHT)
EYES = ["nose", "left_eye", "right_eye"]


def photo(root, name, seed=0):
    return datasets_on_disk.save(root / name, datasets_on_disk.photo(seed, width=WIDTH, height=HEIGHT))


# --- COCO


def annotation(number, category=1, image=1, **fields):
    return {"id": number, "image_id": image, "category_id": category, "iscrowd": 0, **fields}


def coco(root, annotations, categories=("cat", "dog"), images=("images/train/a.png",), name="instances"):
    """`annotations/<name>_train.json` for some pictures; categories are names, or whole entries."""
    entries = [{"id": n, "name": c} if isinstance(c, str) else c for n, c in enumerate(categories, 1)]
    files = [image.removeprefix("images/train/") for image in images]
    document = {
        "images": [
            {"id": n, "file_name": f, "width": WIDTH, "height": HEIGHT} for n, f in enumerate(files, 1)
        ],
        "annotations": annotations,
        "categories": entries,
    }
    for number, image in enumerate(images):
        photo(root, image, number)
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    (root / f"annotations/{name}_train.json").write_text(json.dumps(document))
    return root


# --- YOLO


def yolo(root, labels, names=("cat", "dog"), **keys):
    """`images/` and `labels/` with data.yaml; `labels` are the texts by picture, without its suffix."""
    for number, (name, text) in enumerate(labels.items()):
        photo(root, f"images/{name}.png", number)
        if text is not None:
            path = root / f"labels/{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    splits = {} if {"train", "val", "test"} & set(keys) else {"train": "images"}
    (root / "data.yaml").write_text(yaml.safe_dump({"names": list(names), **splits, **keys}))
    return root


def rows(out, name):
    """The rows of a label file as numbers."""
    lines = (out / name).read_text().splitlines()
    return [[float(word) for word in line.split()] for line in lines]


def config(out, name="data.yaml"):
    return yaml.safe_load((out / name).read_text())


# --- Pascal VOC


def box(xmin, ymin, xmax, ymax):
    return f"<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>"


def voc(root, objects, image="JPEGImages/a.png", further=""):
    """A picture with its XML file; `objects` are the insides of its object elements."""
    photo(root, image)
    path = root / image.replace("JPEGImages", "Annotations").replace(".png", ".xml")
    path.parent.mkdir(parents=True, exist_ok=True)
    inner = "".join(f"<object>{one}</object>" for one in objects)
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    path.write_text(f"<annotation>{further}{size}{inner}</annotation>")
    return root


def xml(out, name):
    """An XML file as (class, corners) of each object, and its root."""
    root = ElementTree.parse(out / name).getroot()  # noqa: S314 - our own file
    return [(one.findtext("name"), corners(one)) for one in root.findall("object")], root


def corners(element):
    return tuple(
        float(element.findtext(f"bndbox/{tag}") or "nan") for tag in ("xmin", "ymin", "xmax", "ymax")
    )
