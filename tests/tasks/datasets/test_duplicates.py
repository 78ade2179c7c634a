from pathlib import Path

from support.labelled import Loads, write_files

from tasks.datasets.repeats import find_repeats


def test_case_and_white_space_make_no_difference_and_blank_texts_are_not_compared() -> None:
    texts = ["Good  film", "good film\n", "GOOD FILM", "", " ", "bad film", "Straße", "STRASSE", "good film!", "good"]
    splits = ["train", "train", "test", "train", "test", "train", "train", "test", "test", "validation"]
    repeats = find_repeats(texts, splits)
    assert repeats.train_rows == [0, 1, 6]
    assert (repeats.train_and_test, repeats.within_train, repeats.within_test) == (2, 1, 0)


def test_kept_or_dropped_from_train_never_from_test(imdb: dict[str, bytes], tmp_path: Path, loads: Loads) -> None:
    repeated = imdb["aclImdb/test/pos/2221_8.txt"]
    twice = {"aclImdb/train/pos/1_9.txt": repeated, "aclImdb/train/neg/2_1.txt": repeated.upper() + b"\n"}
    write_files(tmp_path / "a", {**imdb, **twice, "aclImdb/test/pos/3_8.txt": repeated})
    counted = {"train_and_test": 1, "train_documents": 2, "within_train": 1, "within_test": 1}
    kept = loads("imdb", path="a")
    assert kept.facts["duplicates"] == counted | {"dropped": 0}
    assert kept.facts["documents"] == {"train": 8, "test": 7}
    dropped = loads("imdb", path="a", duplicates="drop")
    assert dropped.facts["duplicates"] == counted | {"dropped": 2}
    assert dropped.facts["documents"] == {"train": 6, "test": 7}
    assert dropped.table["doc_id"].to_pylist() == list(range(13))
    splits = dict(zip(dropped.table["text"].to_pylist(), dropped.table["split"].to_pylist(), strict=True))
    assert splits[repeated.decode()] == "test"


def test_dropping_makes_the_splits_of_the_bundled_messages_disjoint(loads: Loads) -> None:
    loaded = loads("sms", duplicates="drop", split={"by": "stratified", "test": 0.3, "seed": 4})
    texts: dict[str, set[str]] = {"train": set(), "test": set()}
    for row in loaded.table.to_pylist():
        texts[row["split"]].add(" ".join(row["text"].split()).casefold())
    assert not texts["train"] & texts["test"]
    dropped = loaded.facts["duplicates"]["dropped"]
    assert dropped > 100 and sum(loaded.facts["documents"].values()) == 5574 - dropped
    assert loaded.facts["documents"]["test"] == round(4827 * 0.3) + round(747 * 0.3)
