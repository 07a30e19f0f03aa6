"""Data flows one way: a room imports only rooms that stand above it, and no modules import each other."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import augcli

ROOT = Path(augcli.__file__).parent
ROOMS = """
errors text rng data geometry imageio transforms extend recipe render labels manifest formats pipeline output
engines commands api cli __main__
""".split()  # noqa: SIM905 - words read better here than a list of strings
MODULES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


def imports(name: str) -> set[str]:
    """The modules of augcli that a module imports, at its top or within a function."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "augcli":
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {one if one in MODULES else str(node.module) for one in full}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "augcli"}
    return found


def room(module: str) -> str:
    return module.split(".")[1]


def test_a_room_imports_only_rooms_above_it():
    wrong = [
        f"{name} -> {used}"
        for name in MODULES
        if name != "augcli"  # the package root only hands out the public names
        for used in imports(name)
        if ROOMS.index(room(used)) > ROOMS.index(room(name))
    ]
    assert wrong == []


def test_no_modules_import_each_other():
    TopologicalSorter({name: imports(name) - {name} for name in MODULES if name != "augcli"}).prepare()


def test_nobody_imports_the_package_root():
    assert [name for name in MODULES if "augcli" in imports(name)] == []


def test_the_root_has_few_rooms():
    folders = {path.parent.name for path in MODULES.values() if path.parent.parent == ROOT}
    modules = {path.stem for path in MODULES.values() if path.parent == ROOT} - {"__init__"}
    assert folders | modules == set(ROOMS)
    assert len(folders | modules - {"__main__"}) <= 20
