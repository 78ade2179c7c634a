"""The `download` stage: brings the documents of all `corpus.sources` together, numbered, in one set of Parquet shards.

Reads what `corpus.sources` names. Writes `documents/part-*.parquet` (schemas.DOCUMENTS; `doc_id` counts from 0 through
the sources in their order, the files of each in sorted order) and `source.json` (where each document comes from: names,
SHA-256, terms, numbers). No document of a test split ever enters.

What comes over a network is one job a source: slow, worth resuming, done side by side, each into one file of its own.
What follows is one sequential reading in `finish`: numbers that are consecutive need the documents before them counted,
so jobs would have to read everything twice, and one process brings through 90 MB of text a second.
A kill there costs that reading, never a download.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks.errors import InputError
from tasks.pipeline.stage import Context, Job, Report, Round, Stage, StageParams, part_name
from tasks.progress import progress
from tasks.sources.archives import UnpackLimits, is_archive, unpack
from tasks.sources.bundled import BUNDLED, LICENCE
from tasks.sources.document import Document, SourceFile
from tasks.sources.matching import match_files, shown
from tasks.sources.params import BundledSource, FilesSource, NewsgroupsSource, ReadableSource, Source, UrlSource
from tasks.sources.reading import read_documents
from tasks.sources.selection import select
from tasks.sources.shards import shard_bytes, write_shards
from tasks.sources.urls import file_name, local_path, shown_url, source_name
from tasks.storage.atomic import write_json
from tasks.storage.hashing import file_sha256

SOURCE_LOCK = "source.lock"
"""Below data/; `tasks.sources.lock` writes it."""


class CorpusParams(StageParams):
    """Which documents the vectors are made of."""

    folder: str = Field(
        "data/raw",
        min_length=1,
        description="the folder of your own texts, relative to the project; DVC watches it whole",
    )
    sources: tuple[Source, ...] = Field(
        (BundledSource.model_validate({}),), min_length=1, description="where the documents come from"
    )
    seed: int = Field(1, ge=0, description="decides which documents a fractional weight keeps")


class DownloadParams(StageParams):
    """How documents are fetched and laid down."""

    retries: int = Field(5, ge=0, description="tries after the first, for what can fail by chance")
    backoff: float = Field(1.0, ge=0, description="seconds before the second try; doubles each time, up to a minute")
    timeout: float = Field(30.0, gt=0, description="seconds of silence after which a try has failed")
    shard_mb: float = Field(4.0, gt=0, description="megabytes of text in a shard; more if it would be many shards")
    max_unpacked_gb: float = Field(20.0, gt=0, description="gigabytes that an archive may unpack to")
    max_members: int = Field(1_000_000, ge=1, description="files and folders that an archive may hold")


@dataclass(frozen=True)
class FetchUrl(Job):
    """Fetch one URL into `output`."""

    url: str
    sha256: str | None
    params: DownloadParams


@dataclass(frozen=True)
class FetchNewsgroups(Job):
    """Let scikit-learn fetch 20 Newsgroups into `output`; `cache` is its folder."""

    cache: Path
    remove: tuple[str, ...]
    params: DownloadParams


@dataclass(frozen=True)
class Located:
    """A source whose files are all on this disk.

    Attributes:
        number: its place in corpus.sources.
        params: its section.
        reading: how its files are read.
        files: in order.
        record: what source.json says of it: "files" (name, bytes, sha256 each) and more.
    """

    number: int
    params: Source
    reading: ReadableSource
    files: list[SourceFile]
    record: dict[str, Any]


def inputs(context: Context) -> list[Path]:
    """Every local file that a source means now, so that a new one makes the stage stale; and source.lock."""
    paths: list[Path] = []
    for _, source in _active(context):
        if isinstance(source, BundledSource):
            paths.append(BUNDLED)
        elif isinstance(source, FilesSource):
            paths += [file.path for file in match_files(context.section(CorpusParams).folder, source.path)]
        elif isinstance(source, UrlSource):
            local = local_path(source.url)
            paths += [local] if local is not None else []
            lock = context.data / SOURCE_LOCK
            paths += [lock] if lock.is_file() else []
    return list(dict.fromkeys(paths))


def plan(context: Context, reports: Sequence[Report]) -> list[FetchUrl | FetchNewsgroups]:
    """One job for each source that comes over a network; often none."""
    params = context.section(DownloadParams)
    jobs: list[FetchUrl | FetchNewsgroups] = []
    for number, source in _active(context):
        output = _fetched(context, number, source)
        if isinstance(source, NewsgroupsSource):
            cache = context.work / "scikit-learn" / f"{number:03d}"
            jobs.append(FetchNewsgroups(output, 1, cache, source.remove, params))
        elif isinstance(source, UrlSource) and local_path(source.url) is None:
            jobs.append(FetchUrl(output, 1, source.url, source.sha256, params))
    return jobs


def work(job: FetchUrl | FetchNewsgroups) -> Report:
    """Fetches one source into one file; the report has its SHA-256."""
    params = job.params
    if isinstance(job, FetchNewsgroups):
        from tasks.sources.newsgroups import fetch_newsgroups

        sha256 = fetch_newsgroups(job.output, job.cache, job.remove, params.retries, params.backoff)
    else:
        from tasks.sources.transfer import TransferOptions, fetch

        options = TransferOptions(params.retries, params.backoff, params.timeout)
        sha256 = fetch(job.url, job.output, job.sha256, options)
    return Report({"sha256": sha256})


def finish(context: Context, reports: Sequence[Report]) -> Report:
    """Reads all sources, one after the other, into numbered shards; writes source.json."""
    corpus, params = context.section(CorpusParams), context.section(DownloadParams)
    documents_folder, unpacked = context.work / "documents", context.work / "unpacked"
    for leftover in (documents_folder, unpacked):
        shutil.rmtree(leftover, ignore_errors=True)
    fetched = {job.output: str(report.facts["sha256"]) for job, report in zip(plan(context, ()), reports, strict=True)}
    located = [_locate(context, number, source, fetched, unpacked) for number, source in _active(context)]
    raw_bytes = sum(file.path.stat().st_size for each in located for file in each.files)
    counts = {each.number: 0 for each in located}

    def documents() -> Iterator[Document]:
        for each in located:
            everything = (document for file in each.files for document in read_documents(file, each.reading))
            for document in select(everything, each.params, corpus.seed + each.number):
                counts[each.number] += 1
                yield document

    with progress("download", None, "documents") as advance:
        written = write_shards(
            documents(),
            lambda index: documents_folder / part_name(index),
            shard_bytes(raw_bytes, params.shard_mb),
            advance,
        )
    if written.documents == 0:
        names = ", ".join(each.record["kind"] for each in located) or "all of weight 0"
        raise InputError(
            f"corpus.sources ({names}): no document came out; check the files, and weight, splits and limit (documents "
            "of a test split are always left out)"
        )
    shutil.rmtree(unpacked, ignore_errors=True)
    sources = [each.record | {"documents": counts[each.number]} for each in located]
    write_json(context.work / "source.json", {"sources": sources, "labels": written.labels})
    return Report(
        {
            "documents": written.documents,
            "bytes": written.text_bytes,
            "shards": written.shards,
            "sources": {f"{each.number}-{each.record['kind']}": counts[each.number] for each in located},
        }
    )


def _active(context: Context) -> Iterator[tuple[int, Source]]:
    """The sources that take part, with their place in the list."""
    for number, source in enumerate(context.section(CorpusParams).sources):
        if source.weight > 0:
            yield number, source


def _fetched(context: Context, number: int, source: Source) -> Path:
    """Where the job of a source puts what it fetches."""
    name = file_name(source.url) if isinstance(source, UrlSource) else f"{source.kind}.parquet"
    return context.work / "fetched" / f"{number:03d}-{name}"


def _locate(context: Context, number: int, source: Source, fetched: dict[Path, str], unpacked: Path) -> Located:
    """Finds, verifies and if need be unpacks the files of one source."""
    record: dict[str, Any] = {"kind": source.kind, "licence": source.licence, "weight": source.weight}
    reading: ReadableSource = ReadableSource.model_validate({"format": "parquet"})
    if isinstance(source, FilesSource | UrlSource):
        reading = source
    if isinstance(source, BundledSource):
        record["licence"] = source.licence or LICENCE
        files = [SourceFile(BUNDLED, shown(BUNDLED))]
        record["files"] = [_file_record(file) for file in files]
    elif isinstance(source, NewsgroupsSource):
        path = _fetched(context, number, source)
        files = [SourceFile(path, "20newsgroups")]
        record["licence"] = source.licence or LICENCE
        record["files"] = [{"name": "scikit-learn's 20news-bydate.tar.gz", "sha256": fetched[path]}]
    elif isinstance(source, FilesSource):
        files = match_files(context.section(CorpusParams).folder, source.path)
        record["files"] = [_file_record(file) for file in files]
    else:
        local = local_path(source.url)
        file = SourceFile(local or _fetched(context, number, source), source_name(source.url))
        sha256 = fetched[file.path] if local is None else file_sha256(local)
        if source.sha256 not in (None, sha256):
            raise InputError(
                f"{file.name}: sha256 is {sha256}, corpus.sources pins {source.sha256}; "
                "the file was changed or damaged: if you trust the new one, pin its sum"
            )
        record["url"] = shown_url(source.url)
        record["files"] = [{"name": file.name, "bytes": file.path.stat().st_size, "sha256": sha256}]
        files = [file]
        if is_archive(file.path, file.name):
            files = _members(file, unpacked / f"{number:03d}", source.pattern, context.section(DownloadParams))
            record["members"] = len(files)
    return Located(number, source, reading, files, record)


def _members(archive: SourceFile, folder: Path, pattern: str, params: DownloadParams) -> list[SourceFile]:
    """Unpacks an archive; its members that match, without hidden files and what macOS adds to a .zip."""
    limits = UnpackLimits(int(params.max_unpacked_gb * 1e9), params.max_members)
    files = []
    for path in unpack(archive.path, archive.name, folder, limits):
        member = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in member.parts)
        if not hidden and fnmatchcase(member.as_posix(), pattern):
            files.append(SourceFile(path, f"{archive.name}!/{member.as_posix()}"))
    if not files:
        raise InputError(f"{archive.name}: no member matches {pattern!r}; set pattern of this source")
    return files


def _file_record(file: SourceFile) -> dict[str, Any]:
    return {"name": file.name, "bytes": file.path.stat().st_size, "sha256": file_sha256(file.path)}


STAGE = Stage(
    name="download",
    about="brings the documents of all sources together",
    sections={"corpus": CorpusParams, "download": DownloadParams},
    folder=lambda context: Path("download"),
    inputs=inputs,
    writes=("documents", "source.json"),
    rounds=(Round(plan, work),),
    finish=finish,
    code=(
        "tasks/download.py",
        "tasks/project.py",
        "tasks/sources/archives.py",
        "tasks/sources/bundled.py",
        "tasks/sources/compression.py",
        "tasks/sources/document.py",
        "tasks/sources/matching.py",
        "tasks/sources/newsgroups.py",
        "tasks/sources/params.py",
        "tasks/sources/reading.py",
        "tasks/sources/selection.py",
        "tasks/sources/shards.py",
        "tasks/sources/transfer.py",
        "tasks/sources/urls.py",
        "tasks/storage/atomic.py",
        "tasks/storage/hashing.py",
        "tasks/storage/parquet.py",
        "tasks/storage/schemas.py",
    ),
    unit="sources",
)
