"""What modules of a package import, by their text: also what is imported inside functions."""

import ast
import sys
from pathlib import Path


def imported(code: str) -> set[str]:
    """Each module that may be meant: of `from a.b import c` both `a.b` and `a.b.c`."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules_below(root: Path) -> dict[str, Path]:
    """The modules of a package by their names; a package's own is that of its `__init__`."""
    parts = {path: path.relative_to(root.parent).with_suffix("").parts for path in root.rglob("*.py")}
    return {".".join(p[:-1] if p[-1] == "__init__" else p): path for path, p in parts.items()}


def third_parties(root: Path, start: str) -> dict[str, str]:
    """Packages other than Python's and `root` that a module leads to by imports; each with one importer."""
    modules, reached, waiting, found = modules_below(root), set(), [start], {}
    while waiting:
        module = waiting.pop()
        if module in reached:
            continue
        reached.add(module)
        for name in imported(modules[module].read_text("utf-8")):
            package = name.partition(".")[0]
            if name in modules:
                waiting.append(name)
            elif package != root.name and package not in sys.stdlib_module_names:
                found.setdefault(package, module)
    return found
