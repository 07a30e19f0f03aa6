"""Data flows one way: a module imports only what stands above it."""

import ast
from pathlib import Path

import augcli

LADDER = """
errors wording store keys sample geometry ops curves codec transforms plugins extend recipe catalogue formats
masks kinds instances draw program render annotations pixelmaps augment record plan journal also fingerprint
source encoding arrays worker output resume report engines placing mirrors inputs publishing run values
examine survey estimate remarks starter convert preview manifest written telling soundness verifying again
replaying cocomaps api cli docs __main__
""".split()  # noqa: SIM905 - words read better here than a list of strings
ROOT = Path(augcli.__file__).parent


def rung(module: str) -> int:
    return LADDER.index(module.split(".")[1])


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "augcli":
            found |= {f"augcli.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("augcli."):
            found.add(str(node.module))
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("augcli")}
    return found


def test_a_module_imports_only_what_stands_above_it():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        if parts[1] == "__init__":  # the package root only hands out the public names
            continue
        name = ".".join(parts)
        wrong += [f"{name} -> {used}" for used in imports(path) if rung(used) > rung(name)]
    assert wrong == []


def test_nobody_imports_the_package_root():
    for path in ROOT.rglob("*.py"):
        assert "import augcli\n" not in path.read_text(), path
