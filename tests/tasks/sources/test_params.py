import pytest
from pydantic import TypeAdapter, ValidationError

from tasks.sources.params import FilesSource, NewsgroupsSource, Source, UrlSource

ADAPTER: TypeAdapter[Source] = TypeAdapter(Source)


def test_a_source_is_told_by_its_kind() -> None:
    assert isinstance(ADAPTER.validate_python({"kind": "files", "path": "x"}), FilesSource)
    assert isinstance(ADAPTER.validate_python({"kind": "url", "url": "https://host/x"}), UrlSource)
    assert isinstance(ADAPTER.validate_python({"kind": "20newsgroups", "remove": ["quotes"]}), NewsgroupsSource)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "ftp"}, "ftp"),
        ({"kind": "bundled", "path": "x"}, "Extra inputs are not permitted"),
        ({"kind": "files", "path": "x", "format": "xml"}, "'auto'"),
        ({"kind": "bundled", "weight": -1}, "greater than or equal to 0"),
        ({"kind": "bundled", "weight": float("nan")}, "finite"),
        ({"kind": "bundled", "splits": ["train", "test"]}, "a test split never enters an embedding corpus"),
        ({"kind": "url", "url": "ftp://host/x"}, "should begin with http://"),
        ({"kind": "url", "url": "https://host/x", "sha256": "abc"}, "64 hexadecimal digits"),
        ({"kind": "20newsgroups", "remove": ["names"]}, "'headers'"),
    ],
)
def test_what_is_wrong_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(fields)


def test_a_checksum_in_capitals_is_the_same() -> None:
    source = ADAPTER.validate_python({"kind": "url", "url": "https://host/x", "sha256": "AB" * 32})
    assert isinstance(source, UrlSource)
    assert source.sha256 == "ab" * 32
