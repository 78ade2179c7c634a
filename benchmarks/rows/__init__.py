"""The rows, in the order in which they run and stand on the page."""

from benchmarks.row import Row
from benchmarks.rows.classifiers import CLASSIFIERS
from benchmarks.rows.cooccurrences import COOCCURRENCES
from benchmarks.rows.determinism import DETERMINISM
from benchmarks.rows.draws import DRAWS
from benchmarks.rows.end_to_end import END_TO_END
from benchmarks.rows.fasttext import FASTTEXT, FASTTEXT_NGRAMS
from benchmarks.rows.glove import GLOVE
from benchmarks.rows.keras_textbook import KERAS_TEXTBOOK
from benchmarks.rows.kernels import REGISTERS, TRAFFIC
from benchmarks.rows.korean import KOREAN
from benchmarks.rows.memory import MEMORY
from benchmarks.rows.models import MODELS_BESIDE
from benchmarks.rows.pairs import PAIRS
from benchmarks.rows.pretrained import PRETRAINED
from benchmarks.rows.shards import SHARDS
from benchmarks.rows.small_corpus import SMALL_CORPUS
from benchmarks.rows.streams import STREAMS
from benchmarks.rows.tensorflow import TENSORFLOW
from benchmarks.rows.training import CBOW, CBOW_300, GENSIM_MODES, SGNS_100, SGNS_300, SGNS_AVX2

ROWS: tuple[Row, ...] = (
    GENSIM_MODES,
    SGNS_100,
    SGNS_AVX2,
    TRAFFIC,
    REGISTERS,
    SMALL_CORPUS,
    PAIRS,
    END_TO_END,
    DETERMINISM,
    SGNS_300,
    *TENSORFLOW,
    CBOW,
    CBOW_300,
    FASTTEXT,
    FASTTEXT_NGRAMS,
    SHARDS,
    COOCCURRENCES,
    GLOVE,
    MODELS_BESIDE,
    KOREAN,
    *PRETRAINED,
    *CLASSIFIERS,
    KERAS_TEXTBOOK,
    DRAWS,
    *STREAMS,
    MEMORY,
)
