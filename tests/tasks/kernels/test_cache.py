"""The folder of compiled kernels: named after the sources, the user's own where set, temporary where it must be."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.kernels.cache import VARIABLE, sources_digest, use_cache_folder


def test_a_users_own_folder_gets_a_folder_per_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert use_cache_folder() == tmp_path / sources_digest()


def test_a_second_call_keeps_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert use_cache_folder() == use_cache_folder()


def test_the_users_cache_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert use_cache_folder() == tmp_path / "wordloom" / "numba" / sources_digest()


def test_an_unwritable_folder_gives_a_temporary_one_and_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    monkeypatch.setenv(VARIABLE, str(blocked))
    with caplog.at_level(logging.WARNING, logger="wordloom"):
        folder = use_cache_folder()
    assert folder.is_dir() and not folder.is_relative_to(tmp_path / "a-file")
    assert str(blocked) in caplog.text and VARIABLE in caplog.text


def test_importing_a_kernel_compiles_nothing_and_sets_numbas_folder(tmp_path: Path) -> None:
    script = "import tasks.kernels.windows, tasks.kernels.alias, numba; print(numba.config.CACHE_DIR)"
    environment = {VARIABLE: str(tmp_path), "PATH": ""}
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path / sources_digest()), done.stderr
    assert not list(tmp_path.rglob("*.nbi"))
