"""How raw texts become tokens for a classifier: cleaning that changes a text but never drops it, then a tokenizer."""

from typing import Annotated

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny

from tasks.text.spelling import SPELLINGS
from tasks.text.steps import STEPS, Replacement, TextStep, UnicodeForm
from tasks.text.tokenizers import RegexTokenizer, TokenizerForMany, TokenizerSettings, tokenizer_settings

PIECES = r"[^\W\d_]+|\d+|[^\w\s]|_"
"""Runs of letters, runs of digits, and everything else that can be seen, one by one: "!" and ":)" tell much."""

ORDER = ("unicode", "markup", "replace", "lowercase")


class TextTreatment(BaseModel):
    """What is done to a text, in this order; the same in training and when a question is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unicode: UnicodeForm | None = Field("NFKC", description="normal form, as in the section clean; null: off")
    markup: bool = Field(False, description="remove HTML tags, decode entities")
    replace: tuple[Replacement, ...] = Field((), description="regular expressions and their replacements")
    lowercase: bool = Field(True, description="lower-case everything")
    tokenizer: Annotated[SerializeAsAny[TokenizerSettings], BeforeValidator(tokenizer_settings)] = Field(
        RegexTokenizer(pattern=PIECES), description="as in the section tokenize"
    )

    def build(self) -> TokenizerForMany:
        """Splits raw texts, string [n], into tokens as people write them, list<string> [n]."""
        steps = [STEPS[name](getattr(self, name)) for name in ORDER]
        changes = [step.change for step in steps if isinstance(step, TextStep)]
        tokenize = self.tokenizer.build_for_many()
        spelling = SPELLINGS[self.tokenizer.spelling]

        def treat(texts: pa.StringArray) -> pa.ListArray:
            documents: list[str] = texts.to_pylist()
            for change in changes:
                documents = [change(text) for text in documents]
            tokens = tokenize(pa.array(documents, pa.string()))
            if spelling.spell is str:
                return tokens
            different = tokens.flatten().dictionary_encode()
            read = pa.array(map(spelling.read, different.dictionary.to_pylist()), pa.string())
            return pa.ListArray.from_arrays(tokens.offsets, read.take(different.indices))

        return treat
