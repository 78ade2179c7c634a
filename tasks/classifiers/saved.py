"""A trained classifier in a folder: model.keras, and text.json with all that turns a raw text into its ids."""

import json
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.classifiers.encoding import Encoder, Ragged, Side
from tasks.errors import InputError
from tasks.storage.atomic import atomic_path, write_json
from tasks.text.treatment import TextTreatment

MODEL_FILE, TEXT_FILE = "model.keras", "text.json"

NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The first that a zip file can have."""

CHANCE = ("date_saved", "shared_object_id")
"""Keys in Keras' files that differ between equal networks; nothing is shared between the layers of ours."""

BUCKETS = 16
"""Of the texts that are answered together."""


class TextSide(BaseModel):
    """What stands before and behind the network.

    Attributes:
        treatment: from raw text to tokens.
        words: the vocabulary; the first has the id 3.
        labels: the classes, by number.
        length: ids that are read of a text.
        truncation: the end that is cut off of a longer one.
        padding: the end that is padded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    treatment: TextTreatment
    words: tuple[str, ...]
    labels: tuple[str, ...]
    length: int
    truncation: Side
    padding: Side

    def encode(self, tokens: pa.ListArray) -> Ragged:
        """Tokens, list<string> [texts], as ids, none longer than `length`."""
        return Encoder(self.words).encode(tokens).cut(self.length, self.truncation)


def write_classifier(folder: Path, network: Any, text: TextSide) -> None:
    """Writes a classifier; equal ones are equal bytes."""
    import keras

    from tasks.classifiers.networks import bare

    folder.mkdir(parents=True, exist_ok=True)
    dated = folder / f".{MODEL_FILE}"  # of one name: what a killed run has left of it is written over
    try:
        keras.saving.save_model(bare(network), dated)
        with atomic_path(folder / MODEL_FILE) as temporary:
            _without_chance(dated, temporary)
    finally:
        dated.unlink(missing_ok=True)
    write_json(folder / TEXT_FILE, text.model_dump(mode="json"))


def _without_chance(source: Path, target: Path) -> None:
    """Copies a network without what differs between equal ones: dates, and where objects were in memory."""
    with zipfile.ZipFile(source) as dated, zipfile.ZipFile(target, "w") as written:
        for name in sorted(dated.namelist()):
            content = dated.read(name)
            if name.endswith(".json"):
                content = json.dumps(_without_keys(json.loads(content))).encode()
            written.writestr(zipfile.ZipInfo(name, NO_DATE), content)


def _without_keys(content: Any) -> Any:
    """JSON without CHANCE, at any depth."""
    if isinstance(content, dict):
        return {key: _without_keys(value) for key, value in content.items() if key not in CHANCE}
    return [_without_keys(each) for each in content] if isinstance(content, list) else content


class Classifier:
    """A trained classifier that answers raw texts, treated exactly as in training."""

    def __init__(self, network: Any, text: TextSide) -> None:
        self.network, self.text = network, text

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, as the columns of `probabilities`."""
        return self.text.labels

    @cached_property
    def _answer(self) -> Any:
        from tasks.classifiers.training import make_answer

        return make_answer(self.network)

    @cached_property
    def _treat(self) -> Any:
        return self.text.treatment.build()

    def probabilities(self, texts: Sequence[str]) -> Any:
        """float32 [texts, classes]."""
        from tasks.classifiers.networks import EMBEDDING
        from tasks.classifiers.training import answers

        ids = self.text.encode(self._treat(pa.array(list(texts), pa.string())))
        buckets = BUCKETS if self.network.get_layer(EMBEDDING).mask_zero else 1
        return answers(self._answer, ids, buckets, self.text.padding, self.text.length)


def read_classifier(folder: Path, threads: int = 1) -> Classifier:
    """Reads what `write_classifier` wrote; no code from the file is ever run.

    Args:
        folder: data/classify/DATASET/MODEL/VECTORS-SEED.
        threads: cores that it may use.

    Raises:
        InputError: there is none, or it is damaged.
    """
    place = folder / TEXT_FILE
    try:
        text = TextSide.model_validate_json(place.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{place}: no such file; name the folder of a network, such as data/classify/sms/cnn/ours-tuned-1"
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{place}: damaged ({reason}); run the stage classify again") from None
    from tasks.classifiers import runtime

    runtime.start(threads)
    import keras

    from tasks.classifiers.networks import EMBEDDING  # with it come the layers, so that Keras knows them by name

    model = folder / MODEL_FILE
    try:
        network = keras.saving.load_model(model, compile=False, safe_mode=True)
        rows, classes = network.get_layer(EMBEDDING).input_dim, network.output_shape[-1]
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{model}: not a whole Keras model ({reason}); run the stage classify again") from None
    if (rows, classes) != (len(Encoder(text.words)), len(text.labels)):
        raise InputError(f"{place}: does not belong to the {MODEL_FILE} beside it; run the stage classify again")
    return Classifier(network, text)
