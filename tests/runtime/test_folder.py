"""A folder or a port that cannot be used is one line that says what to do."""

from __future__ import annotations

import os
import socket

import pytest

from opscentre.runtime.folder import HeldFolder, Unusable, held, require_port


def test_a_folder_is_held_by_one_at_a_time(tmp_path):
    folder = HeldFolder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o007 == 0, "others read nothing of it"
    assert held(tmp_path / "data")
    with pytest.raises(Unusable, match=f"already in use by another opscentre \\(process {os.getpid()}\\)") as told:
        HeldFolder(tmp_path / "data")
    assert "\n" not in str(told.value)
    folder.release()
    assert not held(tmp_path / "data")
    HeldFolder(tmp_path / "data").release()


def test_asking_whether_a_folder_is_held_does_not_take_it(tmp_path):
    assert not held(tmp_path / "never-used")
    HeldFolder(tmp_path / "data").release()
    assert not held(tmp_path / "data")
    HeldFolder(tmp_path / "data").release()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unusable, match=r"cannot write there .*choose another folder with --data DIR"):
        HeldFolder(tmp_path / "file" / "data")


def test_a_busy_port_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unusable, match=f"--port {port}: cannot listen on 127.0.0.1:{port} .*--port N"):
            require_port("127.0.0.1", port)
