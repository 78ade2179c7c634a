import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tasks.errors import InputError
from tasks.sources.archives import UnpackLimits, is_archive, unpack

LIMITS = UnpackLimits(size=1_000_000, members=50)
GOOD = {"b.txt": b"second", "deep/er/a.txt": b"first", "deep/empty.txt": b""}


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def zipped(path: Path, members: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for info, content in members:
            file.writestr(info, content)
    return path


def good_tar(path: Path, mode: str) -> Path:
    return tar(path, [(member("deep", tarfile.DIRTYPE), b""), *((member(name), GOOD[name]) for name in GOOD)], mode)


def zstd_tar(path: Path) -> Path:
    plain = good_tar(path.with_suffix(""), "w").read_bytes()
    path.write_bytes(zstandard.ZstdCompressor().compress(plain))
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "a.tar": lambda path: good_tar(path, "w"),
    "a.tar.gz": lambda path: good_tar(path, "w:gz"),
    "a.tgz": lambda path: good_tar(path, "w:gz"),
    "a.tar.bz2": lambda path: good_tar(path, "w:bz2"),
    "a.tar.xz": lambda path: good_tar(path, "w:xz"),
    "a.tar.zst": zstd_tar,
    "a.zip": lambda path: zipped(path, [("deep/", b""), *GOOD.items()]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_good_archives_come_out_sorted(tmp_path: Path, name: str) -> None:
    archive = MAKERS[name](tmp_path / name)
    assert is_archive(archive, name)
    assert is_archive(archive, "download")  # a URL need not end in the archive's name
    files = unpack(archive, name, tmp_path / "out", LIMITS)
    assert [path.relative_to(tmp_path / "out").as_posix() for path in files] == sorted(GOOD)
    assert [path.read_bytes() for path in files] == [GOOD[each] for each in sorted(GOOD)]


def test_a_text_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("PK is how this text begins\n" * 20)
    assert not is_archive(tmp_path / "a.txt", "a.txt")


LINK = zipfile.ZipInfo("link")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16

BAD_NAMES = ["../out.txt", "a/../../out.txt", "/etc/out.txt", "..\\out.txt", "C:\\out.txt", "C:out.txt", "//host/x"]


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("bad", BAD_NAMES)
def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, kind: str, bad: str) -> None:
    fine, content = "fine.txt", b"fine"
    if kind == "tar":
        archive = tar(tmp_path / "bad.tar", [(member(fine), content), (member(bad), content)])
    else:
        archive = zipped(tmp_path / "bad.zip", [(fine, content), (bad, content)])
    out = tmp_path / "deep" / "er" / "out"
    with pytest.raises(InputError, match=r"bad: member .* (absolute path|leads out of the folder)"):
        unpack(archive, "bad", out, LIMITS)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {archive, out / "fine.txt"}


@pytest.mark.parametrize(
    "info",
    [
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.SYMTYPE, "fine.txt"),
        member("link", tarfile.LNKTYPE, "/etc/passwd"),
        member("link", tarfile.LNKTYPE, "fine.txt"),
        member("pipe", tarfile.FIFOTYPE),
        member("disk", tarfile.BLKTYPE),
        member("tty", tarfile.CHRTYPE),
    ],
    ids=["symlink out", "symlink", "hard link out", "hard link", "fifo", "block device", "character device"],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, info: tarfile.TarInfo) -> None:
    archive = tar(tmp_path / "bad.tar", [(member("fine.txt"), b"fine"), (info, b"")])
    with pytest.raises(InputError, match=rf"member '{info.name}' is a link, a device"):
        unpack(archive, "bad.tar", tmp_path / "out", LIMITS)
    assert not (tmp_path / "out" / info.name).exists()


def test_a_file_below_a_link_is_refused_with_the_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = member("way", tarfile.SYMTYPE, str(tmp_path / "elsewhere"))
    archive = tar(tmp_path / "bad.tar", [(link, b""), (member("way/out.txt"), b"out")])
    with pytest.raises(InputError, match="'way' is a link"):
        unpack(archive, "bad.tar", tmp_path / "out", LIMITS)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "bad.zip", [("fine.txt", b"fine"), (LINK, b"/etc/passwd")])
    with pytest.raises(InputError, match="member 'link' is a link or a device"):
        unpack(archive, "bad.zip", tmp_path / "out", LIMITS)


@pytest.mark.parametrize("kind", ["tar.gz", "tar.zst", "zip"])
def test_a_bomb_stops_at_the_limit(tmp_path: Path, kind: str) -> None:
    zeros = bytes(20_000_000)
    archive = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        zipped(archive, [("zeros", zeros)])
    elif kind == "tar.gz":
        tar(archive, [(member("zeros"), zeros)], "w:gz")
    else:
        plain = tar(tmp_path / "plain", [(member("zeros"), zeros)])
        archive.write_bytes(zstandard.ZstdCompressor().compress(plain.read_bytes()))
    assert archive.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"unpacks to more than 0\.001 GB \(in member 'zeros'\)"):
        unpack(archive, "bomb", tmp_path / "out", LIMITS)
    assert (tmp_path / "out" / "zeros").stat().st_size <= LIMITS.size


def test_a_size_that_a_zip_understates_does_not_help(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "lie.zip", [("zeros", bytes(5_000_000))])
    lied = archive.read_bytes().replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(lied)
    with pytest.raises(InputError, match=r"lie\.zip: "):
        unpack(archive, "lie.zip", tmp_path / "out", LIMITS)
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= LIMITS.size


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_too_many_members(tmp_path: Path, kind: str) -> None:
    names = [f"{number}.txt" for number in range(51)]
    if kind == "tar":
        archive = tar(tmp_path / "many", [(member(name), b"") for name in names])
    else:
        archive = zipped(tmp_path / "many", [(name, b"") for name in names])
    with pytest.raises(InputError, match="many: more than 50 members"):
        unpack(archive, "many", tmp_path / "out", LIMITS)


@pytest.mark.parametrize("names", [["a", "a"], ["a", "a/b"], ["a/b", "a"]])
def test_names_that_are_in_each_others_way(tmp_path: Path, names: list[str]) -> None:
    archive = tar(tmp_path / "bad.tar", [(member(name), b"x") for name in names])
    with pytest.raises(InputError, match=r"member .* (is there twice|is a file and a folder at once)"):
        unpack(archive, "bad.tar", tmp_path / "out", LIMITS)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_an_archive_that_ends_early_is_an_error(tmp_path: Path, name: str, share: float) -> None:
    archive = MAKERS[name](tmp_path / name)
    whole = archive.read_bytes()
    if name == "a.tar":
        whole = whole[:2900]  # without the padding, which nobody would miss
    archive.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match=rf"{name}: "):
        unpack(archive, name, tmp_path / "out", LIMITS)


def test_a_tar_that_ends_between_two_members_is_an_error(tmp_path: Path) -> None:
    archive = good_tar(tmp_path / "a.tar", "w")
    archive.write_bytes(archive.read_bytes()[: 3 * tarfile.BLOCKSIZE])  # the folder, and the first file whole
    with pytest.raises(InputError, match=r"a\.tar: cut short"):
        unpack(archive, "a.tar", tmp_path / "out", LIMITS)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "secret.zip", [("a.txt", b"x")])
    content = bytearray(archive.read_bytes())
    content[6] |= 1  # the flag in the member's own header
    content[content.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    archive.write_bytes(content)
    with pytest.raises(InputError, match=r"'a\.txt' is encrypted"):
        unpack(archive, "secret.zip", tmp_path / "out", LIMITS)
