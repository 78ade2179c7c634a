"""The pipeline as a Prefect flow, from raw text to evaluated vectors. Read it as the table of contents."""

from prefect import flow

from flows.run import Run, opened


@flow(name="train", persist_result=False)
def train(
    profile: str | None = None, overrides: list[str] | None = None, data: str | None = None, wait: bool = True
) -> dict[str, object]:
    """Trains word vectors from the configured corpus, and evaluates them.

    Args:
        profile: the name of a file in profiles/ to lay over params.yaml.
        overrides: "section.key=value" each, laid over both.
        data: the folder of all artifacts; by default data/, or data/.runs/<name> if anything is laid over params.yaml.
        wait: wait for another run on that folder to end, instead of failing.

    Returns:
        The facts of each stage, by its name; of train, export and evaluate by the model's name below that.
    """
    with opened(profile, overrides or [], data, wait) as run:
        return contents(run)


def contents(run: Run) -> dict[str, object]:
    """The stages in order: three of them in a branch for each model, the last one for each labelled dataset."""
    run.stage("download")
    run.stage("clean")
    run.stage("tokenize")
    run.stage("skipgrams")
    run.stage("cooccurrences")
    run.branches(branch)
    run.each_dataset(judge)

    run.record()
    return run.facts()


def branch(run: Run, model: str) -> None:
    """What is done for each model."""
    run.stage("train", model)
    run.stage("export", model)
    run.stage("evaluate", model)
    run.show_report("evaluate", model)


def judge(run: Run, dataset: str) -> None:
    """What the vectors are worth downstream."""
    run.stage("classify", dataset)
    run.show_report("classify", dataset)
