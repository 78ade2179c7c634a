"""Each published collection, from an archive and from a folder, and what is said of a damaged one."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from sklearn.datasets import _twenty_newsgroups as scikit_learn
from support.labelled import UNLABELLED, Loads, dataset, packed, write_files

from tasks.datasets.loading import Loaded, local_files
from tasks.datasets.sms import BUNDLED
from tasks.errors import InputError
from tasks.storage.schemas import DOCUMENTS

ARCHIVES = {"imdb": "aclImdb_v1.tar.gz", "20newsgroups": "20news-bydate.tar.gz"}


def rows(loaded: Loaded) -> list[tuple[str, str, str]]:
    table = loaded.table
    assert table.schema == DOCUMENTS
    assert table["doc_id"].to_pylist() == list(range(table.num_rows))
    return list(zip(*(table[name].to_pylist() for name in ("text", "label", "split")), strict=True))


class TestImdb:
    def reviews(self, imdb: dict[str, bytes]) -> list[tuple[str, str, str]]:
        parts = [(name.split("/"), text.decode()) for name, text in imdb.items()]
        return [(text, label, split) for (_, split, label, _), text in parts]

    def test_the_archive(self, imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        archive = packed({**imdb, **UNLABELLED})
        (tmp_path / ARCHIVES["imdb"]).write_bytes(archive)
        loaded = loads("imdb", path=ARCHIVES["imdb"])
        assert rows(loaded) == self.reviews(imdb)
        assert loaded.facts["documents"] == {"train": 6, "test": 6}
        assert loaded.facts["labels"] == {"neg": {"train": 3, "test": 3}, "pos": {"train": 3, "test": 3}}
        (record,) = loaded.files
        assert record["sha256"] == hashlib.sha256(archive).hexdigest() and record["bytes"] == len(archive)
        assert local_files(dataset("imdb", path=ARCHIVES["imdb"]), str(tmp_path)) == [tmp_path / ARCHIVES["imdb"]]

    @pytest.mark.parametrize("path", ["original", "original/aclImdb"])
    def test_the_folder(self, path: str, imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        write_files(tmp_path / "original", {**imdb, **UNLABELLED})
        loaded = loads("imdb", path=path)
        assert rows(loaded) == self.reviews(imdb)
        (record,) = loaded.files
        assert record["files"] == 12 and record["bytes"] == sum(map(len, imdb.values()))
        found = local_files(dataset("imdb", path=path), str(tmp_path))
        assert found == [tmp_path / "original" / name for name in imdb]

    def test_the_hash_of_a_folder_is_that_of_its_reviews(
        self, imdb: dict[str, bytes], tmp_path: Path, loads: Loads
    ) -> None:
        name = next(iter(imdb))
        before = loads("imdb", path=str(write_files(tmp_path / "a", imdb))).files
        write_files(tmp_path / "a", UNLABELLED)
        assert loads("imdb", path="a").files == before
        write_files(tmp_path / "a", {name: b"Another text."})
        assert loads("imdb", path="a").files != before

    @pytest.mark.parametrize("missing", ["train/neg", "train/pos", "test/neg", "test/pos"])
    def test_a_missing_part(self, missing: str, imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        part = {name: text for name, text in imdb.items() if missing not in name}
        (tmp_path / "a.tar.gz").write_bytes(packed(part))
        with pytest.raises(InputError, match=rf"a\.tar\.gz!/aclImdb/{missing}: no such folder; expected is aclImdb_v1"):
            loads("imdb", path="a.tar.gz")
        assert not (tmp_path / "unpacked").exists()
        write_files(tmp_path / "b", part)
        (tmp_path / "b" / "aclImdb" / missing).mkdir()
        with pytest.raises(InputError, match=rf"b/aclImdb/{missing}: no text in it; expected is aclImdb_v1"):
            local_files(dataset("imdb", path="b"), str(tmp_path))

    def test_a_review_that_is_not_utf8(self, imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        write_files(tmp_path / "a", {**imdb, "aclImdb/test/pos/17_8.txt": b"caf\xe9"})
        with pytest.raises(InputError, match=r"test/pos/17_8\.txt: byte 3 \(0xe9\) is not UTF-8"):
            loads("imdb", path="a")


class TestNewsgroups:
    def test_the_archive_and_the_folder(self, newsgroups: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        (tmp_path / ARCHIVES["20newsgroups"]).write_bytes(packed(newsgroups))
        write_files(tmp_path / "folder", {**newsgroups, "20news-bydate-train/.DS_Store/1": b"", "readme": b""})
        archive = loads("20newsgroups", path=ARCHIVES["20newsgroups"], remove=[])
        folder = loads("20newsgroups", path="folder", remove=[])
        parts = [(name.split("/"), text.decode("latin-1")) for name, text in newsgroups.items()]
        wanted = [(text, group, half.rpartition("-")[2]) for (half, group, _), text in parts]
        assert rows(archive) == rows(folder) == wanted
        assert any(max(text) > "\x7f" for text, _, _ in wanted)
        assert archive.facts["documents"] == {"train": 9, "test": 4}
        found = local_files(dataset("20newsgroups", path="folder"), str(tmp_path))
        assert found == [tmp_path / "folder" / name for name in newsgroups]

    @pytest.mark.parametrize("remove", [("quotes", "footers", "headers"), ("headers",), ("footers", "quotes")])
    def test_stripping_is_scikit_learns(
        self, remove: tuple[str, ...], newsgroups: dict[str, bytes], tmp_path: Path, loads: Loads
    ) -> None:
        write_files(tmp_path / "folder", newsgroups)
        loaded = loads("20newsgroups", path="folder", remove=remove)
        texts = [text.decode("latin-1") for text in newsgroups.values()]
        for part, strip in [
            ("headers", scikit_learn.strip_newsgroup_header),
            ("footers", scikit_learn.strip_newsgroup_footer),
            ("quotes", scikit_learn.strip_newsgroup_quoting),
        ]:
            texts = [strip(text) for text in texts] if part in remove else texts
        assert loaded.table["text"].to_pylist() == texts

    def test_posts_that_are_empty_when_stripped_stay(
        self, newsgroups: dict[str, bytes], tmp_path: Path, loads: Loads
    ) -> None:
        write_files(tmp_path / "folder", newsgroups)
        facts = loads("20newsgroups", path="folder", duplicates="drop").facts
        assert facts["documents"] == {"train": 9, "test": 4}
        assert facts["empty"] == {"left_out": 0, "kept": 3}
        assert facts["duplicates"]["train_and_test"] == facts["duplicates"]["within_test"] == 0

    @pytest.mark.parametrize("half", ["train", "test"])
    def test_a_missing_half(self, half: str, newsgroups: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        part = {name: text for name, text in newsgroups.items() if f"-{half}/" not in name}
        (tmp_path / "a.tar.gz").write_bytes(packed(part))
        with pytest.raises(InputError, match=rf"a\.tar\.gz!/20news-bydate-{half}: no newsgroup in it; expected is 20n"):
            loads("20newsgroups", path="a.tar.gz")


class TestNsmc:
    def test_the_folder(
        self, nsmc: dict[str, bytes], ratings: dict[str, list[dict[str, str]]], tmp_path: Path, loads: Loads
    ) -> None:
        write_files(tmp_path / "nsmc", nsmc)
        loaded = loads("nsmc", path="nsmc")
        assert rows(loaded) == [
            (row["document"], {"0": "negative", "1": "positive"}[row["label"]], name[8:-4])
            for name, file in ratings.items()
            for row in file
            if row["document"]
        ]
        assert loaded.table["text"][200].as_py() == 'TV드라마로나 찍어오면 "딱"인 영화.'
        assert loaded.facts["documents"] == {"train": 201, "test": 100}
        assert loaded.facts["empty"] == {"left_out": 2, "kept": 0}
        assert [each["sha256"] for each in loaded.files] == [hashlib.sha256(each).hexdigest() for each in nsmc.values()]
        assert local_files(dataset("nsmc", path="nsmc"), str(tmp_path)) == [tmp_path / "nsmc" / name for name in nsmc]

    @pytest.mark.parametrize("missing", ["ratings_train.txt", "ratings_test.txt"])
    def test_a_missing_file(self, missing: str, nsmc: dict[str, bytes], tmp_path: Path) -> None:
        write_files(tmp_path, {name: content for name, content in nsmc.items() if name != missing})
        with pytest.raises(InputError, match=rf"{missing}: no such file; expected is the folder that holds ratings_"):
            local_files(dataset("nsmc", path="."), str(tmp_path))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "line 1: the columns should be id, document, label"),
            (b"1\tsehr gut\t1\n", "line 1: the columns should be"),
            (b"id\tdocument\tlabel\n1\tgood\t1\n2\tcut sho", "line 3: should be id, document and a label"),
            (b"id\tdocument\tlabel\n1\tgood\t1\n\n2\tbad\t2\n", "line 4: should be id, document and a label"),
            (b'id\tdocument\tlabel\n1\t"cut short\t1\n', "not as published .unexpected end of data"),
            ("id\tdocument\tlabel\n1\t영화\t1\n".encode("cp949"), "is not UTF-8"),
        ],
    )
    def test_a_damaged_file(
        self, content: bytes, message: str, nsmc: dict[str, bytes], tmp_path: Path, loads: Loads
    ) -> None:
        write_files(tmp_path, {**nsmc, "ratings_test.txt": content})
        with pytest.raises(InputError, match=rf"ratings_test\.txt.*{message}.*fetch it again$") as caught:
            loads("nsmc", path=".")
        assert "\n" not in str(caught.value)


class TestSms:
    def test_the_bundled_collection(self, loads: Loads) -> None:
        loaded = loads("sms")
        published = [line.split("\t") for line in BUNDLED.read_text("utf-8").splitlines()]
        assert [(label, text) for text, label, _ in rows(loaded)] == [(label, text) for label, text in published]
        assert loaded.facts["documents"] == {"train": 4459, "test": 1115}
        assert loaded.facts["labels"] == {"ham": {"train": 3857, "test": 970}, "spam": {"train": 602, "test": 145}}
        assert 3857 + 970 == 4827 and 602 + 145 == 747
        assert loaded.table["split"].to_pylist() == ["train"] * 4459 + ["test"] * 1115
        assert loaded.facts["duplicates"] == {
            "train_and_test": 104,
            "train_documents": 177,
            "dropped": 0,
            "within_train": 293,
            "within_test": 18,
        }
        assert loaded.files == [
            {
                "name": "data/bundled/SMSSpamCollection",
                "bytes": 477_907,
                "sha256": "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
            }
        ]
        assert local_files(dataset("sms"), "nowhere") == [BUNDLED]

    def test_the_archive_of_the_repository_a_folder_and_the_file(self, tmp_path: Path, loads: Loads) -> None:
        with zipfile.ZipFile(tmp_path / "sms+spam+collection.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(BUNDLED, "SMSSpamCollection")
            archive.writestr("readme", "SMS Spam Collection v.1\n")
        write_files(tmp_path / "folder", {"SMSSpamCollection": BUNDLED.read_bytes()})
        bundled = rows(loads("sms"))
        for path, read in {
            "sms+spam+collection.zip": "sms+spam+collection.zip",
            "folder": "folder/SMSSpamCollection",
            "folder/SMSSpamCollection": "folder/SMSSpamCollection",
        }.items():
            loaded = loads("sms", path=path)
            assert rows(loaded) == bundled
            assert loaded.files[0]["name"] == str(tmp_path / read)
            assert local_files(dataset("sms", path=path), str(tmp_path)) == [tmp_path / read]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("ham\tok\nspam win\n", "line 2: should be ham or spam, a tab"),
            ("label\ttext\nham\tok\n", "line 1: should be ham or spam, a tab"),
            ("", "no document in the train split"),
        ],
    )
    def test_another_file(self, content: str, message: str, tmp_path: Path, loads: Loads) -> None:
        (tmp_path / "messages").write_text(content)
        with pytest.raises(InputError, match=message):
            loads("sms", path="messages")

    def test_another_archive(self, imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
        (tmp_path / "a.tar.gz").write_bytes(packed(imdb))
        with pytest.raises(InputError, match=r"a\.tar\.gz!/SMSSpamCollection: no such file; expected is the file SMS"):
            loads("sms", path="a.tar.gz")


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_that_was_cut_short(kind: str, request: pytest.FixtureRequest, tmp_path: Path, loads: Loads) -> None:
    files = request.getfixturevalue("imdb" if kind == "imdb" else "newsgroups")
    archive = packed(files)
    (tmp_path / ARCHIVES[kind]).write_bytes(archive[: len(archive) // 2])
    with pytest.raises(InputError, match=rf"{ARCHIVES[kind]}: (damaged|cut)") as caught:
        loads(kind, path=ARCHIVES[kind])
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_file_that_is_no_archive(kind: str, tmp_path: Path, loads: Loads) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\ngood,pos\n")
    with pytest.raises(InputError, match=rf"reviews\.csv: neither an archive nor a folder; .* {ARCHIVES[kind]}"):
        loads(kind, path="reviews.csv")


@pytest.mark.parametrize("kind", ["imdb", "nsmc", "sms", "20newsgroups"])
def test_a_path_where_nothing_is(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"here/not: no such file or folder; the dataset's path names it \(relative"):
        local_files(dataset(kind, path="here/not"), str(tmp_path))


def test_what_was_left_in_the_folder_by_a_killed_run_does_not_matter(
    imdb: dict[str, bytes], tmp_path: Path, loads: Loads
) -> None:
    write_files(tmp_path / "unpacked", {**imdb, "aclImdb/train/pos/1_1.txt": b"left over"})
    (tmp_path / "a.tar.gz").write_bytes(packed(imdb))
    assert loads("imdb", path="a.tar.gz").table.num_rows == 12
