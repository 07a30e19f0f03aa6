"""The code blocks of the documentation."""

import re

from support.paths import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


PROSE = re.sub(r"<!-- begin (\S+) -->.*?<!-- end \1 -->", "", TEXT, flags=re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PROSE, re.DOTALL | re.MULTILINE)
