"""verify: every file of a finished output held against its manifest. Nothing is written."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from augcli.commands.verify.pair import Checked, Damage, Undeclared, VerifyContext, VerifyTask, anew, set_up
from augcli.engines import Bug, Lost, Outcome, Raised
from augcli.engines.local import local_engine
from augcli.errors import DatasetError
from augcli.formats import FORMATS
from augcli.formats.coco import FORMAT as COCO
from augcli.formats.write import from_lines, is_from_lines
from augcli.manifest import Record
from augcli.output.read import (
    BadLine,
    FinishedOutput,
    ManifestLine,
    check_input,
    files_of,
    item_of,
    read_finished,
    read_lines,
)
from augcli.output.read_annotations import AnnotationsReadBack, WrittenFile, read_written
from augcli.output.report import Progress
from augcli.output.staging import (
    ALSO,
    DATASET,
    FAILURES,
    MANIFEST,
    OWN_FOLDER,
    RUN,
    further_files,
    staging_of,
)
from augcli.output.store import Store
from augcli.pipeline.augment import ORIGINAL
from augcli.recipe import digest_of
from augcli.text import count, nfc, shown

PAIRS_PER_WORKER = 64  # fewer are checked before another process has started
PAIRS_PER_TASK = 32  # of one source
MOST_NAMED = 5
ASK_INPUT = "name the data set that was expanded with --input"


@dataclass(frozen=True)
class Verified:
    """What was found in an output: its damages in the order of the manifest, and what is only odd."""

    pairs: int
    files: int
    damages: tuple[Damage, ...]
    remarks: tuple[str, ...]

    def sentence(self) -> str:
        """The closing sentence."""
        found = count(len(self.damages), "damage") if self.damages else "all is well"
        return f"{count(self.pairs, 'pair')}, {count(self.files, 'file')}: {found}"

    def as_json(self) -> dict[str, Any]:
        """What was found, for programs."""
        return {
            "pairs": self.pairs,
            "files": self.files,
            "damages": [damage.as_json() for damage in self.damages],
            "remarks": list(self.remarks),
        }


def verify(
    folder: Path, *, source: Path | None = None, workers: int = 1, progress: Progress | None = None
) -> Verified:
    """Hold every file of a finished output against its manifest, and that against dataset.json.

    Masks are held against the values of their sources: those below `source`, else the originals in the
    output, else what their kind allows. Raises AugcliError where there is no finished output to look at.
    """
    check_input(source)
    finished = read_finished(folder)
    ledger = _Ledger(finished)
    categories = {name: one.categories for name, one in ledger.written.items()}
    context = VerifyContext(folder, source, finished.recipe, finished.specs, ledger.continues, categories)
    found = _run_tasks(context, ledger, workers, progress or Progress())
    checked = [found[number] for number in sorted(found)]
    of_pairs = (damage for one in checked for damage in one.damages)
    damages = [*ledger.damages, *of_pairs, *ledger.of_files]
    damages += ledger.closing({damage.file for damage in damages})
    return Verified(
        ledger.variants.total(), len(ledger.names), tuple(damages), tuple(_remarks(ledger, checked, source))
    )


def _run_tasks(
    context: VerifyContext, ledger: _Ledger, workers: int, progress: Progress
) -> dict[int, Checked]:
    with (context.folder / MANIFEST).open("rb") as file:
        pairs = sum(1 for _ in file)
    most = max(1, min(workers, math.ceil(pairs / PAIRS_PER_WORKER)))
    engine = local_engine(partial(set_up, context), workers=most, alone=lambda task: [task])
    progress.begins(pairs, 0)
    found: dict[int, Checked] = {}
    try:
        for task, outcome in engine.run(_tasks(ledger)):
            found[task.number] = _result(task, outcome)
            for _ in task.records:
                progress.advances()
    finally:
        engine.close()
        progress.ends()
    return found


def _result(task: VerifyTask, outcome: Outcome[Checked]) -> Checked:
    if isinstance(outcome, Raised):
        raise Bug(outcome.traceback)
    if isinstance(outcome, Lost):
        what, hint = f"the worker died: {outcome.reason}", "if memory ran out, use fewer workers (-j)"
        return Checked(tuple(Damage(record.file_name, what, "", hint) for record in task.records))
    return outcome.result


def _tasks(ledger: _Ledger) -> Iterator[VerifyTask]:
    """The pairs of each source, some at a time, with its original where that shows all of it."""
    numbers = itertools.count()
    for _, several in itertools.groupby(ledger.records(), lambda record: item_of(record).key):
        yield from _tasks_of_source(ledger, several, numbers)


def _tasks_of_source(
    ledger: _Ledger, records: Iterator[Record], numbers: Iterator[int]
) -> Iterator[VerifyTask]:
    first = next(records)
    original = first if first.variant == ORIGINAL and not first.applied else None
    rest = itertools.chain([first], records)
    while some := tuple(itertools.islice(rest, PAIRS_PER_TASK)):
        yield VerifyTask(next(numbers), some, original, tuple(map(ledger.told, some)))


class _Ledger:
    """What the lines of a manifest add up to, as they go by, and what is wrong with the whole."""

    def __init__(self, finished: FinishedOutput) -> None:
        self.finished = finished
        self.continues = (finished.folder / RUN).is_file()
        self.names: dict[str, int] = {}
        self.variants: Counter[str] = Counter()
        self.keys: set[str] = set()
        self.described: list[Mapping[str, Any]] = []  # the lines, where further descriptions need them
        self.damages: list[Damage] = []
        self.written: dict[str, WrittenFile] = {}
        self.of_files: list[Damage] = []  # of annotation files
        self.listed = further_files(finished.folder)
        for name in finished.annotation_files:
            self._read(name)

    @property
    def anew(self) -> str:
        """How to get our own files back."""
        return anew(self.continues)

    def _read(self, name: str) -> None:
        """Read an annotation file, and note what is wrong in it by itself."""
        try:
            one = self.written[name] = read_written(self.finished, name)
        except DatasetError as error:
            self.of_files.append(Damage(error.where, error.what, "", self.anew))
        else:
            self.of_files += [Damage(one.place.file, fault, "", self.anew) for fault in one.faults()]

    def told(self, record: Record) -> dict[str, tuple[str, AnnotationsReadBack]]:
        """What annotation files say of a pair; that one does not know it is noted."""
        found = {}
        for name in record.annotation_ids or {}:
            if written := self.written.get(name):
                if told := written.told(record.file_name):
                    found[name] = written.place.file, told
                else:
                    what, file = f"has no image {record.file_name}", written.place.file
                    self.of_files.append(Damage(file, what, f"one as {MANIFEST} says", self.anew))
        return found

    def records(self) -> Iterator[Record]:
        """The pairs of the manifest; a line that is damaged or there twice is noted and left out."""
        for line in read_lines(self.finished):
            if isinstance(line, BadLine):
                self._note(line.number, line.found, line.expected)
            elif again := next((name for name in files_of(line.record) if name in self.names), ""):
                self._note(line.number, f"{again} again", f"it in line {self.names[again]} alone")
            else:
                yield self._taken(line)

    def _note(self, number: int, found: str, expected: str) -> None:
        self.damages.append(Damage(f"{MANIFEST}:{number}", found, expected, self.anew))

    def _taken(self, line: ManifestLine) -> Record:
        self.names |= dict.fromkeys(files_of(line.record), line.number)
        self.variants[line.record.variant] += 1
        if self.finished.recipe.output.also:
            self.described.append(line.data)
        self.keys.add(item_of(line.record).key)
        return line.record

    def closing(self, named: Set[str]) -> list[Damage]:
        """What is wrong with the files beside the manifest, once all its lines have gone by.

        Of files that are `named`, for they have damages already, it is not said that their bytes changed.
        """
        if self.damages:
            return []
        found = [*self._of_dataset(), *self._of_further(), *self._of_images()]
        return [*found, *self._of_listed({*named, *self._unread(), *(damage.file for damage in found)})]

    def _unread(self) -> list[str]:
        """Annotation files that cannot be read, of which it is said where they are broken."""
        places = self.finished.annotation_files.items()
        return [place.file for name, place in places if name not in self.written]

    def _of_images(self) -> Iterator[Damage]:
        """Images of annotation files that are in no line of the manifest."""
        for one in self.written.values():
            strange = [path for path in one.images if path not in self.names]
            if strange:
                what = f"has {count(len(strange), 'image')} that {MANIFEST} does not name: {_named(strange)}"
                yield Damage(one.place.file, what, "", self.anew)

    def _of_dataset(self) -> Iterator[Damage]:
        described = self.finished.described
        if described.get("recipe_digest") != digest_of(described["recipe"]):
            yield Damage(DATASET, "a recipe that is not the one of recipe_digest", "", self.anew)
        counts, expected = described.get("counts"), self._counts()
        found = _flat(counts) if isinstance(counts, dict) else {}
        for name in dict.fromkeys([*expected, *found]):
            if found.get(name, 0) != expected.get(name, 0):
                by = FAILURES if name == "failed" else MANIFEST
                what = f"counts.{name} is {shown(found.get(name))}"
                yield Damage(DATASET, what, f"{expected.get(name, 0)} as {by} says", self.anew)

    def _counts(self) -> dict[str, int]:
        """The counts as the manifest and failures.jsonl give them."""
        failed = _failures(self.finished.folder)
        sources = len(self.keys.union(failed))
        counts = {"sources": sources, "pairs": self.variants.total(), "failed": len(failed)}
        return counts | {f"variants.{name}": number for name, number in self.variants.items()}

    def _of_further(self) -> Iterator[Damage]:
        for name, data in self.further().items():
            found = Store(self.finished.folder).read(name)
            if found != data:
                what = "is missing" if found is None else f"does not say what {MANIFEST} says"
                yield Damage(name, what, "", self.anew)

    def _of_listed(self, named: Set[str]) -> Iterator[Damage]:
        """The files of further descriptions whose bytes are not those that were written."""
        for name, digest in (self.listed or {}).items():
            if name not in named and (fault := _fault(self.finished.folder / name, digest)):
                yield Damage(name, *fault, self.anew)

    def unheld(self) -> list[str]:
        """The further descriptions of which nothing is known, for nothing lists their files."""
        if self.listed is not None:
            return []
        recipe, described = self.finished.recipe, self.finished.described
        layout = recipe.input.layout
        own = [layout] if layout in FORMATS and FORMATS[layout].write else []
        names = [*own, *(name for name in recipe.output.also if not is_from_lines(name))]
        found = [name for name in names if name != COCO.name]  # whose files dataset.json names
        return [*found, *(["pairs"] if "pairs" in described.get("input", ()) else [])]

    def further(self) -> dict[str, bytes]:
        """The further descriptions as they have to be, by path."""
        also = from_lines(self.finished.recipe.output.also, self.described)
        return {path: data for files in also.values() for path, data in files.items()}

    def unlisted(self) -> list[str]:
        """The files that the manifest does not name, and that are not augcli's own."""
        annotated = (place.file for place in self.finished.annotation_files.values())
        own = {MANIFEST, DATASET, FAILURES, *self.further(), *(self.listed or {}), *annotated}
        inner = (f"{OWN_FOLDER}/", f"{OWN_FOLDER}.partial/")
        files = map(nfc, Store(self.finished.folder).files())
        return [
            name
            for name in files
            if name not in self.names and name not in own and not name.startswith(inner)
        ]


def _fault(path: Path, digest: str) -> tuple[str, str] | None:
    """What is wrong with a file that had this SHA-256, and what was expected."""
    if not path.is_file():
        return ("is no file", "") if path.exists() else ("is missing", "")
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read: {error.strerror or error}", ""
    return (f"sha256 {found[:12]}", digest[:12]) if found != digest else None


def _flat(counts: Mapping[str, Any]) -> dict[str, Any]:
    variants = counts.get("variants")
    inner = variants if isinstance(variants, dict) else {}
    return {k: v for k, v in counts.items() if k != "variants"} | {
        f"variants.{k}": v for k, v in inner.items()
    }


def _failures(folder: Path) -> list[str]:
    """The source of each pair that failed; empty for a line that does not say it."""
    sources = (_source_in(line) for line in (Store(folder).read(FAILURES) or b"").splitlines())
    return [source for source in sources if source is not None]


def _source_in(line: bytes) -> str | None:
    """The source of a pair that failed; None for a line of what was left out of annotation files."""
    try:
        failure = json.loads(line)
        return None if failure["variant"] is None else str(failure["source"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _remarks(ledger: _Ledger, checked: Sequence[Checked], source: Path | None) -> Iterator[str]:
    finished = ledger.finished
    if (staging := staging_of(finished.folder)).exists():
        yield f"{staging} holds an unfinished run: run expand again, or remove it"
    if _failures(finished.folder):
        yield f"some pairs failed when it was made: {FAILURES} names them"
    elif (finished.folder / FAILURES).exists():
        yield f"some annotations could not be used when it was made: {FAILURES} names them"
    if unlisted := ledger.unlisted():
        yield f"{count(len(unlisted), 'file')} that the manifest does not name: {_named(unlisted)}"
    if unlike := sorted({path for one in checked for path in one.unlike}):
        yield f"{count(len(unlike), 'file')} of {source} not as when it was expanded: {_named(unlike)}"
    if undeclared := [one for seen in checked for one in seen.undeclared]:
        yield f"{count(len(undeclared), 'mask')} with values that no class has, {_first(undeclared)}"
    if unheld := sum(one.unheld for one in checked):
        yield f"the values of {count(unheld, 'mask')} were held against nothing: {ASK_INPUT}"
    if names := ledger.unheld():
        yield f"the files of {', '.join(names)} were held against nothing: {ALSO}, their list, is missing"


def _first(undeclared: Sequence[Undeclared]) -> str:
    first = undeclared[0]
    return f"first {first.file} ({first.values}), which their sources may have: {ASK_INPUT}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
