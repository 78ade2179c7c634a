"""The section classify: what it refuses and how it says so, what holds for a dataset, what that depends on."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.classify_params import CLASSIFIERS, ClassifyParams, DatasetParams
from tasks.errors import InputError
from tasks.request import request
from tasks.stages import stage
from tasks.text.treatment import PIECES

ROOT = Path(__file__).resolve().parents[2]

TABLE: dict[str, Any] = {"kind": "table", "path": "a.csv"}


def given(**params: Any) -> ClassifyParams:
    return ClassifyParams.model_validate(params)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"vectors": ["glove-tuned"]}, "vectors: there is no 'glove-tuned'; there are random, ours-frozen, ours-tuned"),
        ({"vectors": ["ours"]}, "vectors: there is no 'ours'; there are random, "),
        ({"vectors": ["ours-warm"]}, "vectors: there is no 'ours-warm'"),
        ({"vectors": ["random-frozen"]}, "vectors: there is no 'random-frozen'"),
        (
            {"vectors": ["glov-tuned"], "pretrained": {"glove": "g.txt"}},
            "there is no 'glov-tuned'; there are random, ours-frozen, ours-tuned, glove-frozen, glove-tuned",
        ),
        ({"pretrained": {"ours": "a.txt"}}, "'ours' is the name of other vectors"),
        ({"pretrained": {"random": "a.txt"}}, "'random' is the name of other vectors"),
        ({"pretrained": {"my-own": "a.txt"}}, "'my-own' should be letters, digits and underscores: it names a folder"),
        ({"datasets": {"../up": TABLE}}, "'../up' should be letters, digits and underscores"),
        ({"datasets": {"with space": TABLE}}, "'with space' should be letters"),
        ({"datasets": {"": TABLE}}, "'' should be letters"),
        ({"datasets": {7: TABLE}}, "7 should be letters"),
        ({"datasets": {"영화": TABLE}}, "'영화' should be letters"),
        ({"datasets": {"a": {"kind": "tabel"}}}, r"datasets\.a: Input tag 'tabel'"),
        ({"datasets": {"a": {"kind": "table"}}}, r"datasets\.a\.table: name the files in path, or in both train"),
        ({"datasets": {"a": TABLE | {"columns": {"txt": "b"}}}}, r"datasets\.a\.table\.columns\.txt: Extra inputs"),
        ({"datasets": {"a": TABLE | {"values": {"dim": 0}}}}, r"datasets\.a\.dim: Input should be greater than"),
        ({"datasets": {"a": TABLE | {"values": {"dimm": 5}}}}, r"datasets\.a\.dimm: Extra inputs are not permitted"),
        ({"datasets": {"a": TABLE | {"values": {"models": ["gru"]}}}}, r"datasets\.a\.models\.0: Input should be 'tfi"),
        ({"datasets": {"a": TABLE | {"values": {"vectors": ["x-tuned"]}}}}, r"datasets\.a: vectors: there is no 'x-t"),
        ({"datasets": {"a": TABLE | {"values": {"text": {"lower": True}}}}}, r"datasets\.a\.lower: Extra inputs"),
        ({"datasets": {"a": TABLE}, "text": {"lowercase": 5}}, r"datasets\.a\.lowercase: Input should be a valid bool"),
        ({"models": ["gru"]}, "Input should be 'tfidf', 'average', 'max', 'lstm', 'bilstm', 'cnn' or 'kim'"),
        ({"models": []}, "at least 1 item"),
        ({"models": ["cnn", "cnn"]}, "one stands there twice"),
        ({"seeds": [1, 2, 1]}, "one stands there twice"),
        ({"vectors": ["random", "random"]}, "one stands there twice"),
        ({"learned": "bert"}, "Input should be 'sgns', 'cbow', 'glove' or 'fasttext'"),
        ({"dropout": 1.0}, "less than 1"),
        ({"padding": "left"}, "Input should be 'pre' or 'post'"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        given(**params)


def test_a_dataset_is_treated_as_its_kind_wants() -> None:
    params = given(datasets={name: {"kind": name} for name in ("imdb", "nsmc", "sms", "20newsgroups")} | {"own": TABLE})
    treatments = {name: params.for_dataset(name).treatment for name in params.datasets}
    assert treatments["sms"] == treatments["20newsgroups"] == treatments["own"]
    assert treatments["imdb"] == treatments["sms"].model_copy(update={"markup": True})
    assert (treatments["nsmc"].unicode, treatments["nsmc"].tokenizer.kind) == ("korean", "kiwi")
    assert treatments["sms"].lowercase and treatments["sms"].tokenizer.pattern == PIECES


def test_what_is_said_of_texts_goes_over_what_the_kind_wants() -> None:
    params = given(
        text={"lowercase": False, "tokenizer": {"kind": "whitespace"}},
        datasets={
            "one": {"kind": "imdb"},
            "other": {"kind": "imdb", "values": {"text": {"markup": False, "lowercase": True}}},
        },
    )
    one, other = (params.for_dataset(name).treatment for name in ("one", "other"))
    assert (one.markup, one.lowercase, one.tokenizer.kind) == (True, False, "whitespace")
    assert (other.markup, other.lowercase, other.tokenizer.kind) == (False, True, "whitespace")


def test_the_values_of_a_dataset_go_over_those_of_all() -> None:
    params = given(
        epochs=7, seeds=[1], pretrained={"tiny": "tiny.txt"},
        datasets={
            "plain": TABLE,
            "own": TABLE | {"values": {"epochs": 3, "vectors": ["tiny-frozen"], "models": ["tfidf", "kim"]}},
        },
    )  # fmt: skip
    plain, own = params.for_dataset("plain"), params.for_dataset("own")
    assert isinstance(plain, DatasetParams) and (plain.epochs, plain.models) == (7, CLASSIFIERS)
    assert (own.epochs, own.seeds, own.vectors, own.networks) == (3, (1,), ("tiny-frozen",), ("kim",))
    assert own.dataset.path == "a.csv"


def test_a_dataset_depends_on_no_other() -> None:
    one = {"a": TABLE | {"values": {"dim": 30}}}
    alone = given(datasets=one).for_dataset("a").determining()
    beside = given(datasets=one | {"b": {"kind": "sms", "values": {"dim": 7}}}).for_dataset("a").determining()
    assert alone == beside and alone["dim"] == 30 and "datasets" not in alone
    changed = {
        "dim": given(datasets={"a": TABLE | {"values": {"dim": 31}}}),
        "dataset": given(datasets={"a": TABLE | {"path": "b.csv", "values": {"dim": 30}}}),
        "treatment": given(datasets=one, text={"lowercase": False}),
    }
    for key, params in changed.items():
        other = params.for_dataset("a").determining()
        assert {name for name in alone if alone[name] != other[name]} == {key}


def test_no_dataset_is_no_error() -> None:
    assert given(datasets=None).datasets == {} == given().datasets


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project's params, with nothing else."""
    for name in ("params.yaml", "dvc.yaml", "profiles/sms.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_dataset_is_added_on_the_command_line(root: Path) -> None:
    asked = request(
        "sms", ("classify.datasets.my_own={kind: table, path: a.csv, values: {dim: 9}}", "classify.seeds=[4]"),
        root=root, data=root / "elsewhere",
    )  # fmt: skip
    assert asked.datasets == ("sms", "my_own")
    contexts = asked.contexts(stage("classify"))
    assert [each.dataset for each in contexts] == ["sms", "my_own"]
    sms, own = (each.section(DatasetParams) for each in contexts)
    assert (sms.dataset.kind, sms.dim, sms.seeds) == ("sms", 100, (4,))
    assert (own.dataset.kind, own.dim, own.seeds) == ("table", 9, (4,))
    folders = [stage("classify").folder(each).as_posix() for each in contexts]
    assert folders == ["classify/sms", "classify/my_own"]
    assert asked.wants(stage("classify"))


def test_without_datasets_nobody_wants_the_stage(root: Path) -> None:
    asked = request(root=root)
    assert asked.datasets == () and asked.contexts(stage("classify")) == []
    assert not asked.wants(stage("classify")) and stage("classify") not in asked.stages


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("classify.datasets.a={kind: imbd}", r"^params\.yaml with --set .*: classify.*datasets\.a: Input tag 'imbd'"),
        ("classify.datasets.a-b={kind: sms}", "classify.datasets.*'a-b' should be letters, digits"),
        ("classify.datasets.a={kind: sms, values: {units: x}}", r"datasets\.a\.units: Input should be a valid integer"),
        ("classify.datasets=[sms]", "classify.datasets is .*Input should be a valid dictionary"),
        ("classify.dataset={}", "classify.dataset: there is no such key; did you mean datasets?"),
        ("classify.vectors=[glove-frozen]", "there is no 'glove-frozen'; there are random"),
    ],
)
def test_on_the_command_line_too_it_is_one_line(root: Path, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        request(overrides=(override,), root=root)
    assert "\n" not in str(told.value)
