"""The scheduled flow: looks for news in the corpus, trains if there is any, and tells people when it could not."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow

from flows.notify import notify
from flows.overdue import note_success, retrain_params
from flows.run import opened
from flows.train import contents
from tasks.download import SOURCE_LOCK, CorpusParams, DownloadParams
from tasks.params import stage_sections
from tasks.request import Request, request
from tasks.sources.lock import refresh_source_lock
from tasks.sources.transfer import TransferOptions
from tasks.stages import stage


def tell(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Notifies of a run that failed or crashed."""
    notify(retrain_params(request()), "failed", f"retraining {flow_run.name} ended {state.name}: {state.message}")


def look_for_news(asked: Request) -> None:
    """Asks the URLs of the corpus what they lead to now; the answers are an input of the download stage."""
    declared = stage_sections(asked.raw, stage("download"))
    corpus, download = declared["corpus"], declared["download"]
    assert isinstance(corpus, CorpusParams) and isinstance(download, DownloadParams)
    options = TransferOptions(download.retries, download.backoff, download.timeout)
    refresh_source_lock(asked.data / SOURCE_LOCK, corpus.sources, options)


@flow(name="retrain", persist_result=False, on_failure=[tell], on_crashed=[tell])
def retrain(
    profile: str | None = None, overrides: list[str] | None = None, data: str | None = None
) -> dict[str, object]:
    """Looks whether the corpus has changed and brings the vectors up to date.

    Waits for another run on the same data folder to end. Where nothing has changed, every stage is found fresh.

    Args:
        profile, overrides, data: as in the flow `train`.

    Returns:
        The facts of each stage, by its name.
    """
    asked = request(profile, tuple(overrides or ()), Path(data) if data else None)
    with opened(profile, overrides or [], data, wait=True, before=look_for_news) as run:
        facts = contents(run)
    note_success(asked.data)
    return facts
