"""A classifier in a folder: the same answers when it is read, equal bytes when it is written again, damage told."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from support.classifiers import NOISE, network
from support.runs import ROOT

from tasks.classifiers.encoding import Side
from tasks.classifiers.grid import NetworkName
from tasks.classifiers.saved import MODEL_FILE, TEXT_FILE, TextSide, read_classifier, write_classifier
from tasks.errors import InputError
from tasks.storage.atomic import TEMPORARY
from tasks.text.treatment import TextTreatment

pytestmark = pytest.mark.usefixtures("tensorflow")

TEXTS = ["Goal! Word7 word3", "", "TUNE", "word1 word2 " * 30, "unheard of", "\n goal\ttune", "<b>goal</b> &amp; word5"]
WORDS = ("goal", "tune", *(f"word{number}" for number in range(NOISE)))


def side(truncation: Side = "post", padding: Side = "post", **treatment: Any) -> TextSide:
    return TextSide(
        treatment=TextTreatment.model_validate({"tokenizer": {"kind": "whitespace"}, **treatment}),
        words=WORDS, labels=("sport", "music"), length=12, truncation=truncation, padding=padding,
    )  # fmt: skip


def expected(built: Any, text: TextSide) -> Any:
    """Word by word, text by text, by hand."""
    rows = []
    for raw in TEXTS:
        words = raw.lower().split()
        ids = [1, *(3 + WORDS.index(word) if word in WORDS else 2 for word in words)]
        ids = ids[:12] if text.truncation == "post" else ids[-12:]
        rows.append(built(np.array([ids], np.int32), training=False).numpy()[0])
    return np.stack(rows)


@pytest.mark.parametrize("name", get_args(NetworkName))
def test_what_is_read_answers_raw_texts_as_before(tmp_path: Path, name: NetworkName) -> None:
    built = network(name, dropout=0.5)
    text = side("pre" if name == "cnn" else "post", "pre" if name in ("cnn", "lstm") else "post")
    write_classifier(tmp_path, built, text)
    read = read_classifier(tmp_path)
    assert read.labels == ("sport", "music") and read.text == text
    found = read.probabilities(TEXTS)
    np.testing.assert_allclose(found, expected(built, text), atol=1e-6)
    for one, other in zip(read.network.get_weights(), built.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(read.probabilities(TEXTS[:3]), found[:3])
    assert read.probabilities([]).size == 0


def test_without_a_mask_every_text_is_padded_to_one_length(tmp_path: Path) -> None:
    write_classifier(tmp_path, network("lstm", mask=False), side())
    read = read_classifier(tmp_path)
    long = " ".join(["goal"] * 30)
    together = read.probabilities(["tune", long])
    np.testing.assert_allclose(read.probabilities(["tune"])[0], together[0], atol=1e-6)


def test_equal_classifiers_are_equal_bytes(tmp_path: Path) -> None:
    for place in ("a", "b"):
        write_classifier(tmp_path / place, network("lstm"), side())
        network("average")  # something else in between
    write_classifier(tmp_path / "c", network("lstm", seed=2), side())
    contents = [{path.name: path.read_bytes() for path in (tmp_path / place).iterdir()} for place in "abc"]
    assert contents[0] == contents[1] and set(contents[0]) == {MODEL_FILE, TEXT_FILE}
    assert contents[0][MODEL_FILE] != contents[2][MODEL_FILE]
    with zipfile.ZipFile(tmp_path / "a" / MODEL_FILE) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_was_learned_but_is_not_needed_is_left_out(tmp_path: Path) -> None:
    from support.classifiers import planted

    from tasks.classifiers.training import TrainingSettings, make_answer, train

    fresh, learned = network("average"), network("average")
    train(
        learned, make_answer(learned), planted(20, 1), planted(20, 2), TrainingSettings(1, 1, 8, 0.01, 2, 40, "post", 1)
    )
    for place, built in (("fresh", fresh), ("learned", learned)):
        write_classifier(tmp_path / place, built, side())
    sizes = {(tmp_path / place / MODEL_FILE).stat().st_size for place in ("fresh", "learned")}
    assert len(sizes) == 1


def test_a_treatment_is_kept_whole(tmp_path: Path) -> None:
    replace = [{"pattern": "(O)\\1+", "replacement": "\\1"}]
    text = side(markup=True, replace=replace, tokenizer={"kind": "regex", "pattern": r"\w+|!"})
    write_classifier(tmp_path, network("average"), text)
    read = read_classifier(tmp_path)
    assert read.text.treatment == text.treatment
    found = read.probabilities(["<i>GOOOAL</i> tune", "goal&#32;TUNE", "goal music"])
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


@pytest.fixture(scope="module")
def whole(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_classifier(folder, network("average"), side())
    return folder


@pytest.fixture
def written(whole: Path, tmp_path: Path) -> Path:
    """A classifier that may be damaged."""
    folder: Path = shutil.copytree(whole, tmp_path / "written")
    return folder


def test_no_classifier_is_told_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"text\.json: no such file; name the folder of a network, such as data/"):
        read_classifier(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"words": []}', b'{"labels": 1, "extra": 2}'],
)
def test_a_damaged_text_side_is_told(written: Path, content: bytes) -> None:
    (written / TEXT_FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"text\.json: damaged \(.+\); run the stage classify again$") as told:
        read_classifier(written)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "garbage", "no config", "no weights", "a bit", "a value"])
def test_a_damaged_network_is_told(written: Path, damage: str) -> None:
    place = written / MODEL_FILE
    content = place.read_bytes()
    with zipfile.ZipFile(place) as packed:
        parts = {info.filename: packed.read(info) for info in packed.infolist()}
        weights = packed.getinfo("model.weights.h5").header_offset + 60
    if damage == "absent":
        place.unlink()
    elif damage == "no config":
        rezip(place, {name: part for name, part in parts.items() if name != "config.json"})
    elif damage == "no weights":
        rezip(place, {name: part for name, part in parts.items() if name != "model.weights.h5"})
    elif damage == "a value":
        config = json.loads(parts["config.json"])
        config["config"]["layers"][1]["config"]["input_dim"] = 7
        rezip(place, parts | {"config.json": json.dumps(config).encode()})
    else:
        flipped = content[: weights + 900] + bytes([content[weights + 900] ^ 4]) + content[weights + 901 :]
        place.write_bytes({"empty": b"", "cut": content[:-500], "garbage": b"PK" * 999, "a bit": flipped}[damage])
    with pytest.raises(InputError, match=r"model\.keras: .+; run the stage classify again$") as told:
        read_classifier(written)
    assert "\n" not in str(told.value)


def test_code_in_a_network_is_never_run(written: Path) -> None:
    import keras

    ran = written / "ran"
    ids = keras.Input((None,), dtype="int32")
    vectors = keras.layers.Embedding(len(WORDS) + 3, 8, name="embedding")(ids)
    touched = keras.layers.Lambda(lambda values, place=str(ran): (open(place, "w").close(), values)[1])(vectors)
    classes = keras.layers.Dense(2)(keras.layers.GlobalMaxPooling1D()(touched))
    keras.saving.save_model(keras.Model(ids, classes), written / MODEL_FILE)
    ran.unlink()
    with pytest.raises(InputError, match=r"model\.keras: not a whole Keras model \(.*lambda"):
        read_classifier(written)
    assert not ran.exists()


def test_another_kind_of_network_is_told(written: Path) -> None:
    import keras

    keras.saving.save_model(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), written / MODEL_FILE)
    with pytest.raises(InputError, match=r"model\.keras: not a whole Keras model \(No such layer: embedding"):
        read_classifier(written)


@pytest.mark.parametrize("change", [{"words": WORDS[:5]}, {"labels": ["sport"]}])
def test_a_text_side_of_another_network_is_told(written: Path, change: dict[str, Any]) -> None:
    content = json.loads((written / TEXT_FILE).read_text())
    (written / TEXT_FILE).write_text(json.dumps(content | change))
    with pytest.raises(InputError, match=r"text\.json: does not belong to the model\.keras beside it"):
        read_classifier(written)


def test_a_kill_while_it_is_written_leaves_nothing_that_stays(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from support.classifiers import network; from support.runs import ROOT\n"
        "from tasks.classifiers import saved\n"
        "from tasks.text.treatment import TextTreatment\n"
        "saved._without_chance = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)\n"
        "side = saved.TextSide(treatment=TextTreatment(), words=('a',), labels=('b', 'c'), length=3,\n"
        "                      truncation='post', padding='post')\n"
        "saved.write_classifier(Path(sys.argv[1]), network('average'), side)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment)
    assert done.returncode == -signal.SIGKILL and list(tmp_path.iterdir())
    write_classifier(tmp_path, network("average"), side())
    left = {path.name for path in tmp_path.iterdir() if not path.match(TEMPORARY)}
    assert left == {MODEL_FILE, TEXT_FILE}


def rezip(place: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(place, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
