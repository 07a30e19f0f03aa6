"""File operations that need a test of their own."""

import errno
import os

import pytest

from augcli.output.store import Store, StoreError


def test_a_hard_link_is_the_same_file(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    Store(tmp_path / "out").link(tmp_path / "a", "b/c")
    assert (tmp_path / "out/b/c").samefile(tmp_path / "a")


def fails(number):
    def link(*_):
        raise OSError(number, os.strerror(number))

    return link


def test_what_cannot_be_linked_across_file_systems_is_copied(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(os, "link", fails(errno.EXDEV))
    Store(tmp_path / "out").link(tmp_path / "a", "b")
    assert (tmp_path / "out/b").read_bytes() == b"x"


def test_another_fault_of_a_link_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setattr(os, "link", fails(errno.ENOSPC))
    with pytest.raises(StoreError, match="cannot hard-link: No space left on device; mend that and run"):
        Store(tmp_path / "out").link(tmp_path / "a", "b")
