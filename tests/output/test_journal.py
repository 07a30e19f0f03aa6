"""The journal: what was added is read again, up to the first byte that is wrong."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augcli.output.journal import JOURNAL, Input, JournalEntry, append, read, reading
from augcli.output.store import Store
from augcli.text import dumps

ENTRIES = [
    JournalEntry(
        f"caf\u00e9 \u2028{n}|aug|{n}",
        "digest",
        {"file_name": f"{n}\r.jpg"},
        {f"{n}.jpg": n},
        {"x": Input(n, 7, "a")},
    )
    for n in range(4)
]


def store_in(folder):
    (folder / ".augcli").mkdir()
    return Store(folder)


@pytest.fixture
def store(tmp_path):
    return store_in(tmp_path)


def entries_in(store):
    """The entries of a journal, whole."""
    with reading(store) as at:
        return [at(kept.place, JournalEntry) for kept in read(store).values()]


def test_there_is_nothing_before_the_first_entry(store):
    append(store, [])
    assert read(store) == {}
    assert not store.path(JOURNAL).exists()


def test_entries_read_back_in_order_over_several_appends(store):
    append(store, ENTRIES[:1])
    append(store, ENTRIES[1:])
    assert entries_in(store) == ENTRIES
    assert list(read(store)) == [entry.pair for entry in ENTRIES]


def test_what_is_appended_is_where_it_was_said_to_be(store):
    places = append(store, ENTRIES[:2]) | append(store, ENTRIES[2:])
    assert places == {kept.pair: kept.place for kept in read(store).values()}


def test_what_a_new_run_has_to_know_is_kept(store):
    append(store, [replace(ENTRIES[1], labels="b", annotations={"x.json": ["{}"]})])
    (kept,) = read(store).values()
    assert (kept.pair, kept.sizes, kept.labels) == (ENTRIES[1].pair, {"1.jpg": 1}, "b")
    assert kept.inputs == {"x": Input(1, 7, "a")}


def test_the_last_entry_of_a_pair_holds(store):
    again = JournalEntry(ENTRIES[0].pair, "other", {}, {}, {})
    append(store, [*ENTRIES, again])
    assert read(store)[again.pair].sizes == {}
    assert entries_in(store) == [again, *ENTRIES[1:]]


def test_torn_at_any_byte_the_whole_lines_before_it_stay_and_more_can_be_added(store):
    append(store, ENTRIES)
    whole = store.read(JOURNAL)
    ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole)):
        store.path(JOURNAL).write_bytes(whole[:cut])
        kept = sum(end <= cut for end in ends)
        assert entries_in(store) == ENTRIES[:kept]
        append(store, ENTRIES[kept:])
        assert store.read(JOURNAL) == whole


@given(place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_changed_byte_ends_the_journal_there(place, flip):
    with tempfile.TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        append(store, ENTRIES)
        data = bytearray(store.read(JOURNAL))
        place %= len(data)
        data[place] ^= flip
        store.path(JOURNAL).write_bytes(data)
        intact = bytes(data[:place]).count(b"\n")
        assert entries_in(store) == ENTRIES[:intact]


def test_json_is_one_line_of_plain_text():
    assert dumps({"a": [1.0, None], "b": "\u00e9\n"}) == '{"a": [1.0, null], "b": "\u00e9\\n"}'
    with pytest.raises(ValueError, match="Out of range float"):
        dumps(float("nan"))
