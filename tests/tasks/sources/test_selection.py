from tasks.sources.document import Document
from tasks.sources.params import BundledSource
from tasks.sources.selection import select, uniform

DOCUMENTS = [Document(f"text {number}") for number in range(2000)]


def chosen(documents: list[Document] = DOCUMENTS, seed: int = 1, **fields: object) -> list[str]:
    return [each.text for each in select(documents, BundledSource.model_validate(fields), seed)]


def test_weight_two_is_every_document_twice() -> None:
    assert chosen(DOCUMENTS[:3], weight=2) == ["text 0", "text 0", "text 1", "text 1", "text 2", "text 2"]


def test_weight_one_is_the_source_as_it_is() -> None:
    assert chosen() == [each.text for each in DOCUMENTS]


def test_weight_zero_is_nothing() -> None:
    assert chosen(weight=0) == []


def test_weight_one_half_is_a_seeded_half_in_order() -> None:
    half = chosen(weight=0.5)
    assert 920 <= len(half) <= 1080  # four standard deviations of a fair coin are 89
    assert half == sorted(half, key=lambda text: int(text.split()[1]))
    assert half == chosen(weight=0.5)
    assert half != chosen(weight=0.5, seed=2)


def test_a_smaller_weight_keeps_a_part_of_what_a_larger_one_keeps() -> None:
    assert set(chosen(weight=0.2)) < set(chosen(weight=0.5))


def test_weight_one_and_a_half() -> None:
    more = chosen(weight=1.5)
    assert set(more) == set(chosen())
    assert len(more) - len(DOCUMENTS) == len(chosen(weight=0.5))


def test_what_is_kept_does_not_depend_on_what_follows() -> None:
    assert chosen(DOCUMENTS[:100], weight=0.5) == [text for text in chosen(weight=0.5) if int(text.split()[1]) < 100]


def test_the_test_split_is_left_out_and_everything_else_kept() -> None:
    splits = ["train", "test", None, "dev", "Test", "validation"]
    documents = [Document(str(split), None, split) for split in splits]
    assert chosen(documents) == ["train", "None", "dev", "validation"]
    assert chosen(documents, splits=["train", "dev"]) == ["train", "dev"]


def test_limit_counts_documents_that_are_kept_before_the_weight() -> None:
    documents = [Document("no", None, "test"), *DOCUMENTS]
    assert chosen(documents, limit=2, weight=2) == ["text 0", "text 0", "text 1", "text 1"]


def test_uniform_is_the_same_everywhere() -> None:
    assert [uniform(1, position) for position in range(3)] == [
        0.7497482413580301,
        0.37239342287916577,
        0.4382839062845528,
    ]
    values = [uniform(7, position) for position in range(10_000)]
    assert all(0 <= value < 1 for value in values)
    assert abs(sum(values) / len(values) - 0.5) < 0.012
