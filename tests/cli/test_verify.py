"""`augcli verify` and `augcli replay`: what they print, and what they end with."""

import json
from pathlib import Path

import pytest
from support.commands import run as command
from support.damaged_outputs import missing, redescribe, truncated
from support.datasets_on_disk import folders, run, tree
from support.finished_outputs import TURNED
from support.plugin_files import PLUGIN, RECIPE

import augcli
from augcli.errors import AugcliError
from augcli.output.fingerprint import fingerprint
from augcli.transforms import TRANSFORMS
from augcli.transforms.plugins import PLUGINS

NAME = "images/a__turned-1.jpg"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with `out`, made of `in`."""
    monkeypatch.chdir(tmp_path)
    folders(Path("in"), 2)
    run(TURNED, Path("in"), Path("out"))
    return tmp_path


@pytest.fixture
def call(here, capsys):
    return lambda *words: command(capsys, *words)


def test_a_whole_output_is_one_line(call):
    assert call("verify", "out") == (0, "6 pairs, 12 files: all is well\n", "")
    assert call("verify", "out", "--input", "in", "-j2") == (0, "6 pairs, 12 files: all is well\n", "")


def test_damages_and_remarks_are_lines_before_the_sentence(call):
    Path("out/more\n.txt").touch()
    expected = [truncated(Path("out")), missing(Path("out"))]
    assert call("verify", "out") == (
        1,
        "\n".join(
            [
                *expected,
                "remark: 1 file that the manifest does not name: more\\n.txt",
                "6 pairs, 12 files: 2 damages\n",
            ]
        ),
        "",
    )


def test_verify_as_json_holds_the_same(call):
    missing(Path("out"))
    code, out, _ = call("verify", "out", "--json")
    assert code == 1
    assert json.loads(out) == {
        "pairs": 6,
        "files": 12,
        "damages": [
            {
                "file": "masks/a__turned-2.png",
                "found": "is missing",
                "expected": "",
                "mend": "run expand again",
            }
        ],
        "remarks": [],
    }


def test_what_is_no_output_is_refused(call):
    said = "augcli: in: no manifest.jsonl; name the output of a finished run\n"
    assert call("verify", "in") == (2, "", said)
    assert call("replay", "in", NAME, "-o", "again") == (2, "", said)


def test_replay_says_equal_and_ends_with_zero(call):
    assert call("replay", "out", NAME, "-o", "again") == (
        0,
        f"again/{NAME}: equal\nagain/masks/a__turned-1.png: equal\n",
        "",
    )
    written = tree(Path("again"))
    assert written == {name: Path("out", name).read_bytes() for name in written}
    code, out, err = call("replay", "out", NAME, "--to", "again", "--input", "in")
    assert (code, out) == (2, "")
    assert err == f"augcli: again/{NAME}: exists already; name another folder with -o\n"


def test_replay_of_a_pair_that_differs_ends_with_one(call):
    redescribe(Path("out"), lambda found: found["recipe"].update(seed=1))
    redescribe(Path("out"), lambda found: found["fingerprint"].update(augcli="0.0.9"))
    line = json.loads(Path("out/manifest.jsonl").read_text("utf-8").splitlines()[1])
    Path("out/manifest.jsonl").write_text(json.dumps(line | {"sha256": "0" * 64}) + "\n", "utf-8")
    code, out, err = call("replay", "out", NAME, "-o", "again", "--input", "in")
    version = fingerprint()["augcli"]
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        f"another fingerprint: augcli {version} here, 0.0.9 there",
        "this augcli draws other numbers: made with those of the manifest",
        f"again/{NAME}: other bytes than in the manifest; the output's own file is not as it was written",
        "again/masks/a__turned-1.png: equal",
    ]


def test_the_api_does_the_same(here):
    assert augcli.verify("out").damages == ()
    assert augcli.verify("out", input="in", workers=1).remarks == ()
    assert augcli.replay("out", NAME, "again").is_equal
    assert augcli.replay("out", NAME, "once more", input="in", max_pixels=2000).is_equal
    with pytest.raises(AugcliError, match=r"nowhere: no manifest\.jsonl; "):
        augcli.verify("nowhere")


@pytest.mark.usefixtures("no_plugins")
def test_an_output_of_a_plugin_needs_it_and_another_one_is_named(call):
    film, recipe = Path("film.py"), Path("grainy.yaml")
    film.write_text(PLUGIN, "utf-8")
    recipe.write_text(RECIPE, "utf-8")
    assert augcli.expand(augcli.load_recipe(recipe, plugins=[film]), "in", "grainy", workers=1).failed == []
    before = forget()
    code, out, err = call("verify", "grainy")
    assert (code, out) == (2, "")
    hint = "give --plugin film.py, or install the package that has it"
    assert err.endswith(f": plugins[0]: the plugin 'film' is not here: {hint}\n")
    whole = (0, "6 pairs, 12 files: all is well\n", "")
    assert call("verify", "grainy", "--plugin", film, "-j1") == whole
    forget()
    film.write_text(f"{PLUGIN}# changed\n", "utf-8")
    assert augcli.verify("grainy", plugins=[film]).damages == ()
    pair = ["images/a__grainy-1.png", "masks/a__grainy-1.png"]
    code, out, _ = call("replay", "grainy", pair[0], "-o", "again", "--input", "in")
    first, *files = out.splitlines()
    now = PLUGINS["film"].digest
    assert (code, first) == (0, f"another fingerprint: plugin film {now} here, {before.digest} there")
    assert files == [f"again/{name}: equal" for name in pair]
    assert augcli.replay("grainy", pair[1], "once more", input="in", plugins=[film]).is_equal


def forget():
    """Forget the plugin; returns what it was."""
    film = PLUGINS.pop("film")
    for name in film.transforms:
        del TRANSFORMS[name]
    return film
