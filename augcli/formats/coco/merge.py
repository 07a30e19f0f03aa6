"""The annotation files of one data set, put together by the images that they name."""

from __future__ import annotations

import os
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from augcli.data import PANOPTIC, AnnotationHead, Item, Missing
from augcli.errors import ChoiceError, DatasetError, printable
from augcli.formats.base import recipe_line
from augcli.formats.coco.annotation_file import AnnotationFile
from augcli.formats.coco.detect import split_of_file
from augcli.formats.coco.places import Places, image_roots
from augcli.formats.names import split_of
from augcli.formats.tree import File, Tree, is_image
from augcli.labels.coco_json import AnnotationFields, annotation_fields
from augcli.text import count


@dataclass
class _Draft:
    """An item as it comes together; all by annotation file."""

    splits: dict[str, str] = field(default_factory=dict)
    entries: dict[str, bytes] = field(default_factory=dict)
    annotations: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    masks: dict[str, str] = field(default_factory=dict)


@dataclass
class Joined:
    """What the files of one data set say.

    `drafts` are by their images, `missing` has the files that name an image that is not there, `maps`
    the PNGs of panoptic files, `skipped` a line for each PNG that is not there.
    """

    tree: Tree
    places: Places
    drafts: dict[File, _Draft] = field(default_factory=lambda: defaultdict(_Draft))
    heads: dict[str, AnnotationHead] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    maps: set[str] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)

    def add(self, name: str, file: AnnotationFile, root: str) -> None:
        """Add what a file says whose `file_name`s start from `root`."""
        split = split_of_file(name) or split_of(root)
        order, windows, missing = [], list[str](), list[Missing]()
        maps = self._map_root(name, split, file) if file.kind == "panoptic" else None
        for image in file.images:
            image_name = self.places.name_of(image)
            image_file = self.places.file(root, image_name)
            if image_file is None:
                path = posixpath.join(root, image_name)
                self.missing[path].append(called(self.tree.root, name, file))
                lost = len(file.annotations_of(image.id))
                missing.append(Missing(path, _why_missing(self.tree.root, path), lost))
                continue
            windows += [image.with_backslash] if image.with_backslash not in ("", image_name) else []
            draft = self.drafts[image_file]
            draft.entries[name] = image.text
            draft.annotations[name] = file.annotations_of(image.id)
            draft.splits |= {name: split} if split else {}
            draft.masks |= self._map_of(draft.annotations[name], maps)
            order.append(image_file.key)
        remarks = (*file.head.remarks, *_of_windows(called(self.tree.root, name, file), windows))
        head = replace(
            file.head,
            image_root=root,
            map_root=maps,
            split=split,
            order=tuple(order),
            remarks=remarks,
            missing=tuple(missing),
        )
        self.heads[name] = head

    def items(self) -> tuple[Item, ...]:
        """The items, by their images.

        Raises DatasetError for one that two files put into two splits, or have a panoptic map of.
        """
        for image_file, draft in self.drafts.items():
            self._check_map(image_file.path, draft)
        return tuple(
            Item(
                image_file.key,
                image_file.path,
                split=_split(self.tree.root, image_file.path, draft.splits),
                masks=draft.masks,
                entries=draft.entries,
                annotations=draft.annotations,
            )
            for image_file, draft in self.drafts.items()
        )

    def _check_map(self, image_file: str, draft: _Draft) -> None:
        names = [
            name for name, own in draft.annotations.items() if own and self.heads[name].kind == "panoptic"
        ]
        if len(names) > 1:
            lines = [recipe_line({"layout": "coco", "annotations": name}) for name in names]
            what = f"{image_file} has a panoptic map in {names[0]} and in {names[1]}"
            raise ChoiceError(what, where=str(self.tree.root), lines=lines)

    def missing_lines(self) -> Iterator[str]:
        """A line for each image that a file names and that cannot be used."""
        for path, names in self.missing.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            yield printable(f"{path}: {_why_missing(self.tree.root, path)}; {names[0]}{more} has it")

    def unnamed_maps(self) -> dict[str, list[str]]:
        """The PNGs that no annotation names, by their folders: those whose PNGs are mostly named are maps."""
        images = {image_file.folder for image_file in self.drafts}
        folders: dict[str, list[str]] = defaultdict(list)
        for file in self.tree.files:
            if file.suffix.lower() == ".png" and file.folder not in images:
                folders[file.folder].append(file.path)
        unnamed = {folder: [path for path in own if path not in self.maps] for folder, own in folders.items()}
        return {folder: own for folder, own in unnamed.items() if 0 < 2 * len(own) <= len(folders[folder])}

    def _map_of(self, texts: Iterable[bytes], root: str | None) -> dict[str, str]:
        """The PNG of a picture's panoptic annotation, as a mask."""
        if root is None:
            return {}
        fields = (found for text in texts if isinstance(found := annotation_fields(text), AnnotationFields))
        maps = (self.places.file(root, posixpath.normpath(found.file_name)) for found in fields)
        first = next((file for file in maps if file), None)
        return {PANOPTIC: first.path} if first else {}

    def _map_root(self, name: str, split: str | None, panoptic: AnnotationFile) -> str | None:
        """The folder of a panoptic file's PNGs; they are no images of the data set."""
        texts = map(annotation_fields, panoptic.all_annotations())
        fields = (entry for entry in texts if isinstance(entry, AnnotationFields))
        names = [posixpath.normpath(entry.file_name) for entry in fields]
        said = called(self.tree.root, name, panoptic)
        roots = image_roots(self.places.folders(names), name, split, None, of_maps=True)
        if len(roots) != 1:
            them = count(len(names), "PNG")
            hint = "" if said == name else "; give the folder that holds them and the pictures as the input"
            where = (
                f"its {them} may lie in {' or in '.join(roots)}"
                if roots
                else f"none of its {them} is here{hint}"
            )
            self.skipped.append(f"{said}: {where}")
            return None
        found = {map_name: self.places.file(roots[0], map_name) for map_name in names}
        self.maps |= {file.path for file in found.values() if file}
        lost = [map_name for map_name, file in found.items() if file is None]
        if lost:
            self.skipped.append(f"{said}: {count(len(lost), 'PNG')} not in {roots[0]}, first {lost[0]}")
        return roots[0]


def called(root: Path, name: str, file: AnnotationFile) -> str:
    """What messages call an annotation file: one that lies outside of the root has no place there."""
    return name if file.head.path == root / name else file.name


def image_root(
    root: Path, name: str, file: AnnotationFile, places: Places, given: str | None, annotations: str | None
) -> str | None:
    """The folder where a file's `file_name`s start; None where none of its images is there.

    `given` is the folder that the user names, and `annotations` the file, or the folder of some. Raises
    DatasetError where it may be one folder or another.
    """
    found = places.folders(map(places.name_of, file.images))
    if file.kind == "panoptic":  # its PNGs may be called as its pictures are
        own = posixpath.splitext(posixpath.basename(name))[0]
        found = Counter({folder: n for folder, n in found.items() if posixpath.basename(folder) != own})
    roots = image_roots(found, name, split_of_file(name), given)
    if len(roots) > 1:
        raise _ambiguous(root, called(root, name, file), roots, annotations)
    return roots[0] if roots else None


def why_unused(name: str, file: AnnotationFile) -> str:
    """Why nothing of a file can be used."""
    if not file.images:
        why = file.faults[0].removeprefix(f"{name}: ") if file.faults else "it has none"
        return f"{name}: no image in it can be used ({why.partition('; ')[0]})"
    first = file.images[0].with_backslash or file.images[0].file_name
    return printable(f"{name}: none of its {count(len(file.images), 'image')} is here, first {first}")


def _split(root: Path, path: str, splits: Mapping[str, str]) -> str | None:
    if len(set(splits.values())) > 1:
        (first, one), *_ = splits.items()
        second = next(name for name, split in splits.items() if split != one)
        what = f"{path} stands in {first} and in {second}"
        raise DatasetError(what, where=str(root), hint="a picture belongs to one split")
    return next(iter(splits.values()), None)


def _of_windows(name: str, names: list[str]) -> Iterator[str]:
    """The remark that backslashes are read as `/`."""
    if names:
        yield printable(f"{name}: \\ in {count(len(names), 'file_name')} is read as /, first {names[0]}")


def _ambiguous(root: Path, name: str, roots: list[str], annotations: str | None) -> DatasetError:
    # A line that names one file would leave the others of the data set out.
    given = {"annotations": annotations} if annotations is not None else {}
    lines = [recipe_line({"layout": "coco", **given, "images": folder or "."}) for folder in roots]
    what = f"the images of {name} may be those in {' or in '.join(folder or '.' for folder in roots[:4])}"
    return ChoiceError(what, where=str(root), lines=lines)


def _why_missing(root: Path, path: str) -> str:
    place = root
    for part in Path(path).parts:
        place = place / part
        if os.path.islink(place):
            return f"{'is' if place == root / path else 'lies behind'} a link, and links are not followed"
    if os.path.lexists(place):
        return "cannot be read" if is_image(path) else "is no kind of picture that augcli reads"
    return "is not there"
