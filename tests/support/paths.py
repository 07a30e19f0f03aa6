"""Where the tests find the repository's own files, and the real data sets."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
DATA = Path(os.environ.get("AUGCLI_TEST_DATA", ROOT.parent / "shared" / "data"))
