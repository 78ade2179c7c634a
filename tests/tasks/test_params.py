"""params.yaml, profiles and `--set`: what lies over what, and what is said of mistakes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tasks.errors import InputError
from tasks.params import load, overlaid, parsed, sections, validate
from tasks.pipeline.stage import StageParams

PLAIN = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3)


class Knobs(StageParams):
    size: int = Field(1, ge=1)
    name: str = "a"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text("train: {dim: 100, epochs: 5}\nclean: {steps: [lowercase, empty]}\n")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "small.yaml").write_text("train: {dim: 10}\nclean: {steps: [empty]}\n")
    return tmp_path


def test_a_profile_lies_over_params_and_overrides_over_both(root: Path) -> None:
    assert load(root)["train"] == {"dim": 100, "epochs": 5}
    assert load(root, "small") == {"train": {"dim": 10, "epochs": 5}, "clean": {"steps": ["empty"]}}
    assert load(root, "small", ["train.dim=3", "clean.replace=[]"])["train"] == {"dim": 3, "epochs": 5}
    assert load(root, str(root / "profiles" / "small.yaml")) == load(root, "small")


@pytest.mark.parametrize(
    ("override", "content"),
    [
        ("train.dim=50", {"train": {"dim": 50}}),
        ("tokenize.tokenizer.kind=regex", {"tokenize": {"tokenizer": {"kind": "regex"}}}),
        ("clean.stopwords=", {"clean": {"stopwords": None}}),
        ("evaluate.neighbours=[king, queen]", {"evaluate": {"neighbours": ["king", "queen"]}}),
        ("clean.replace=[{pattern: a=b}]", {"clean": {"replace": [{"pattern": "a=b"}]}}),
        (" train.dim =50", {"train": {"dim": 50}}),
    ],
)  # fmt: skip
def test_overrides_are_yaml(override: str, content: object) -> None:
    assert parsed(override) == content


@pytest.mark.parametrize("override", ["train", "train=1", "=1", "train.=1", ".dim=1", "train..dim=1", ""])
def test_an_override_without_section_and_key_shows_how_to_write_it(override: str) -> None:
    with pytest.raises(InputError, match=r"write it as section\.key=value, for example train\.dim=50"):
        parsed(override)


def test_an_override_never_makes_an_object(root: Path) -> None:
    with pytest.raises(InputError, match="not YAML"):
        load(root, None, ["train.dim=!!python/object/apply:os.system [true]"])


@given(MAPPINGS, MAPPINGS)
def test_laying_over_merges_mappings_and_changes_neither(low: dict[str, object], high: dict[str, object]) -> None:
    before = repr((low, high))
    assert overlaid(low, low) == overlaid(low, {}) == overlaid({}, low) == low
    merged = overlaid(low, high)
    assert set(merged) == set(low) | set(high)
    for key, value in high.items():
        standing = low.get(key)
        both = isinstance(value, dict) and isinstance(standing, dict)
        assert merged[key] == (overlaid(standing, value) if both else value)  # type: ignore[arg-type]
    assert {key: merged[key] for key in set(low) - set(high)} == {key: low[key] for key in set(low) - set(high)}
    assert repr((low, high)) == before


def test_every_mistake_is_told_with_its_place() -> None:
    with pytest.raises(InputError) as raised:
        sections({"one": {"size": 0, "nam": "b"}, "two": {"size": "x"}}, {"one": Knobs, "two": Knobs}, "here")
    assert str(raised.value) == (
        "here: one.size is 0: Input should be greater than or equal to 1; "
        "one.nam: there is no such key; did you mean name?; "
        "two.size is 'x': Input should be a valid integer, unable to parse string as an integer"
    )
    with pytest.raises(InputError, match=r"params\.yaml: one\.zzz: there is no such key; the keys are name, size"):
        sections({"one": {"zzz": 1}}, {"one": Knobs})
    with pytest.raises(InputError, match=r"params\.yaml: one is 3: "):
        sections({"one": 3}, {"one": Knobs})


def test_a_long_wrong_value_does_not_hide_what_is_said_of_it() -> None:
    with pytest.raises(InputError) as raised:
        sections({"one": {"size": "x" * 500}}, {"one": Knobs})
    assert len(str(raised.value)) < 120 and str(raised.value).startswith("params.yaml: one.size: ")


def test_an_absent_section_has_its_defaults() -> None:
    assert sections({"one": None}, {"one": Knobs, "two": Knobs}) == {"one": Knobs(), "two": Knobs()}


def test_an_unknown_section_names_the_nearest_or_all(root: Path) -> None:
    with pytest.raises(InputError, match=r"there is no section 'trian'; did you mean train\?$"):
        validate({"trian": {}})
    with pytest.raises(InputError, match="the sections are classify, clean, cooccurrences, corpus"):
        validate({"xyz": {}})


def test_files_that_cannot_be_params(root: Path) -> None:
    with pytest.raises(InputError, match=r"there is no profile 'big'; the profiles are small"):
        load(root, "big")
    (root / "profiles" / "small.yaml").unlink()
    with pytest.raises(InputError, match=r"there is no profile 'big'; .*profiles holds none"):
        load(root, "big")
    params = root / "params.yaml"
    for content, complaint in ((b"a: [", "not YAML"), (b"\xff\xfe\xfa", "not YAML"), (b"- a", "should be a mapping")):
        params.write_bytes(content)
        with pytest.raises(InputError, match=complaint) as raised:
            load(root)
        assert "\n" not in str(raised.value) and str(raised.value).startswith(str(params))
    params.unlink()
    with pytest.raises(InputError, match=r"params\.yaml: No such file"):
        load(root)
    params.mkdir()
    with pytest.raises(InputError, match=r"params\.yaml: Is a directory"):
        load(root)
