"""The output folder's protocol: whole or not there, ours alone, one run at a time."""

import pytest
from support.datasets_on_disk import mounted

from augcli.errors import OutputError
from augcli.output import staging as output
from augcli.output.journal import JournalEntry, append
from augcli.output.staging import begin, describe, discard, find, is_whole, locked, reopen
from augcli.output.store import Store, StoreError

RUN = {"recipe": "r"}
LINES = [b'{"file_name": "images/a.jpg"}']


def entry(name="images/a.jpg", size=3):
    return JournalEntry(f"{name}|original|1", "d", {"file_name": name}, {name: size}, {})


def built(out, name="images/a.jpg"):
    """A staging folder with one journaled pair."""
    store = begin(out, RUN)
    store.write(name, b"abc")
    append(store, [entry(name)])
    return store


def publish(store, out, lines, dataset, failures, also=None):
    describe(store, lines, dataset, failures, also or {})
    output.publish(store, out)


def published(out):
    publish(built(out), out, LINES, {"recipe": "r"}, [])
    return found(out)


def found(out):
    (begun,) = find(out)
    return begun


def refusal(function, *args):
    with pytest.raises(OutputError) as caught:
        function(*args)
    return str(caught.value)


def names(folder):
    return Store(folder).files()


# --- finding


def test_nothing_and_an_empty_folder_are_free(tmp_path):
    assert find(tmp_path / "out") == []
    (tmp_path / "out").mkdir()
    assert find(tmp_path / "out") == []


@pytest.mark.parametrize("place", ["out", "out.partial"])
def test_what_augcli_did_not_write_is_refused_and_left_alone(tmp_path, place):
    (tmp_path / place).mkdir()
    (tmp_path / place / "notes.txt").touch()
    assert refusal(find, tmp_path / "out") == (
        f"{tmp_path / place}: exists and augcli did not write it; name another output, or remove it yourself"
    )
    assert names(tmp_path / place) == ["notes.txt"]


def test_a_file_in_the_place_of_the_output_is_refused(tmp_path):
    (tmp_path / "out").touch()
    assert "out: exists and augcli did not write it" in refusal(find, tmp_path / "out")


def test_a_damaged_run_file_is_refused(tmp_path):
    Store(tmp_path / "out").write(output.RUN, b"{")
    assert refusal(find, tmp_path / "out") == (
        f"{tmp_path / 'out'}: .augcli/run.json is damaged; remove the folder, or name another output"
    )


def test_an_unfinished_output_is_found_beside_its_place(tmp_path):
    built(tmp_path / "out")
    begun = found(tmp_path / "out")
    assert begun.folder == tmp_path / "out.partial"
    assert begun.run == RUN
    assert list(begun.entries) == [entry().pair]
    assert begun.entries[entry().pair].sizes == entry().sizes
    assert not begun.is_published


def test_a_manifest_in_the_unfinished_folder_publishes_nothing(tmp_path):
    built(tmp_path / "out").write(output.MANIFEST, b"")
    assert not found(tmp_path / "out").is_published


def test_without_its_manifest_an_output_is_unfinished(tmp_path):
    published(tmp_path / "out")
    (tmp_path / "out/manifest.jsonl").unlink()
    assert not found(tmp_path / "out").is_published


def test_a_pair_is_whole_where_every_file_has_its_size(tmp_path):
    Store(tmp_path).write("images/a.jpg", b"abc")
    assert is_whole(tmp_path, entry())
    assert not is_whole(tmp_path, entry(size=4))
    assert not is_whole(tmp_path, entry("images/b.jpg"))


def test_of_two_outputs_the_finished_one_comes_first_and_a_half_one_last(tmp_path):
    published(tmp_path / "out")
    built(tmp_path / "out")
    assert [begun.folder.name for begun in find(tmp_path / "out")] == ["out", "out.partial"]
    (tmp_path / "out/manifest.jsonl").unlink()
    assert [begun.folder.name for begun in find(tmp_path / "out")] == ["out.partial", "out"]


# --- publishing


def test_publishing_is_one_rename_and_leaves_nothing_beside(tmp_path):
    begun = published(tmp_path / "out")
    assert begun.is_published
    assert names(tmp_path) == [
        "out/.augcli/journal.jsonl",
        "out/.augcli/run.json",
        "out/dataset.json",
        "out/images/a.jpg",
        "out/manifest.jsonl",
    ]
    assert (tmp_path / "out/manifest.jsonl").read_bytes() == LINES[0] + b"\n"


def test_failures_are_listed_only_while_there_are_some(tmp_path):
    store = built(tmp_path / "out")
    publish(store, tmp_path / "out", LINES, {}, ["{}"])
    assert (tmp_path / "out/failures.jsonl").read_text() == "{}\n"
    publish(reopen(tmp_path / "out", found(tmp_path / "out")), tmp_path / "out", LINES, {}, [])
    assert "failures.jsonl" not in names(tmp_path / "out")


def test_temporary_files_are_not_published(tmp_path):
    store = built(tmp_path / "out")
    store.write(".augcli/tmp/half", b"x")
    publish(store, tmp_path / "out", LINES, {}, [])
    assert not (tmp_path / "out/.augcli/tmp").exists()


@pytest.mark.parametrize("name", ["failures.jsonl", "manifest.jsonl", "dataset.json"])
def test_what_a_killed_run_had_half_written_is_swept(tmp_path, name):
    store = built(tmp_path / "out")
    store.write(f"{name}.new", b"half")
    publish(reopen(tmp_path / "out", found(tmp_path / "out")), tmp_path / "out", LINES, {}, [])
    assert f"{name}.new" not in names(tmp_path / "out")


def test_an_output_that_is_worked_on_again_has_no_manifest(tmp_path):
    store = reopen(tmp_path / "out", published(tmp_path / "out"))
    assert store.root == tmp_path / "out.partial"
    assert not (tmp_path / "out").exists()
    assert "manifest.jsonl" not in names(tmp_path / "out.partial")


def test_files_of_others_stay_where_they_are(tmp_path):
    out = tmp_path / "out"
    Store(out).write("images/mine.txt", b"mine")
    publish(built(out), out, LINES, {}, [])
    assert {"images/mine.txt", "images/a.jpg", "manifest.jsonl"} <= set(names(out))
    assert not (tmp_path / "out.partial").exists()


def test_a_file_of_others_in_the_way_is_named_and_kept(tmp_path):
    out = tmp_path / "out"
    Store(out).write("images/a.jpg", b"mine")
    expected = f"{out}: images/a.jpg is in the way, and augcli did not write it; move it"
    assert refusal(publish, built(out), out, LINES, {}, []) == expected
    assert names(out) == ["images/a.jpg"]
    assert (out / "images/a.jpg").read_bytes() == b"mine"


@pytest.mark.parametrize("moves", range(6))
def test_publishing_file_by_file_can_be_killed_anywhere_and_done_again(tmp_path, monkeypatch, moves):
    out = tmp_path / "out"
    Store(out).write("mine.txt", b"mine")
    left = iter(range(moves))

    def dying(source, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(source, target)

    real, store = output.move, built(out)
    with monkeypatch.context() as patch:
        patch.setattr(output, "move", dying)
        if moves < 5:
            with pytest.raises(KeyboardInterrupt):
                publish(store, out, LINES, {}, [])
            assert not (out / "manifest.jsonl").exists()
        else:
            publish(store, out, LINES, {}, [])
    store = reopen(out, found(out))
    store.write("images/a.jpg", b"abc")
    append(store, [entry()])
    publish(store, out, LINES, {}, [])
    assert found(out).is_published
    assert {"mine.txt", "images/a.jpg", "manifest.jsonl"} <= set(names(out))
    assert not (tmp_path / "out.partial").exists()


def test_another_unfinished_run_is_not_overrun(tmp_path):
    begun = published(tmp_path / "out")
    built(tmp_path / "out")
    assert refusal(reopen, tmp_path / "out", begun) == (
        f"{tmp_path / 'out.partial'}: another unfinished run stands in the way; "
        "finish that run, or remove its folder"
    )


def test_discarding_removes_what_the_journal_lists_and_nothing_else(tmp_path):
    begun = published(tmp_path / "out")
    (tmp_path / "out/images/mine.jpg").touch()
    (tmp_path / "out/empty").mkdir()
    discard(begun)
    assert names(tmp_path / "out") == ["images/mine.jpg"]
    assert (tmp_path / "out/empty").is_dir()


def test_discarding_leaves_no_folder_where_everything_was_ours(tmp_path):
    discard(published(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_the_manifest_goes_first_when_an_output_is_discarded(tmp_path, monkeypatch):
    begun = published(tmp_path / "out")
    removed = []
    monkeypatch.setattr(Store, "remove", lambda _, name: removed.append(name))
    discard(begun)
    assert removed[0] == "manifest.jsonl"


# --- a mount point


def test_at_a_mount_point_the_output_is_built_inside_and_continued(tmp_path):
    out = tmp_path / "out"
    with mounted(out):
        (out / "lost+found").mkdir()
        begun = published(out)
        assert begun.is_published
        assert begun.folder == out
        assert not (out / ".augcli.partial").exists()
        (out / "mine.txt").touch()
        store = reopen(out, begun)
        assert store.root == out / ".augcli.partial"
        assert [name for name in names(out) if ".augcli.partial" not in name] == ["mine.txt"]
        publish(store, out, LINES, {}, [])
        assert found(out).entries == begun.entries
        assert (out / "mine.txt").exists()


# --- the lock


def test_a_second_run_is_refused_and_the_first_goes_on(tmp_path):
    out = tmp_path / "out"
    with locked(out):
        expected = f"{out}: another run is writing this output; wait for it"
        assert refusal(locked(out).__enter__) == expected
        assert refusal(locked(out).__enter__) == expected
    with locked(out):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_lock_is_gone_after_an_error_too(tmp_path):
    with pytest.raises(KeyboardInterrupt), locked(tmp_path / "out"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_a_killed_run_left_locks_nothing(tmp_path):
    (tmp_path / "out.lock").touch()
    with locked(tmp_path / "out"):
        pass


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_again(tmp_path, monkeypatch):
    path = tmp_path / "out.lock"
    take, taken = output._take, []

    def late(handle, out):
        if not taken:
            path.unlink()  # as the run does that has just ended
        taken.append(handle)
        take(handle, out)

    monkeypatch.setattr(output, "_take", late)
    with locked(tmp_path / "out"):
        assert len(taken) == 2
        assert path.exists()


def test_missing_parents_are_made_and_a_file_in_their_place_is_an_error(tmp_path):
    with locked(tmp_path / "deep/er/out"):
        assert (tmp_path / "deep/er").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught, locked(tmp_path / "file/out"):
        pass
    assert str(caught.value) == f"{tmp_path / 'file/out.lock'}: cannot write: File exists"
