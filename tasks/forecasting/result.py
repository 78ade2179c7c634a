"""What a forecast says, stage by stage and in all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StageForecast:
    """What one stage will make and take.

    Attributes:
        stage: its name.
        variant: which model or dataset, of a stage that has several.
        makes: what comes out, by name: documents, words, tokens, pairs.
        disk: bytes of its artifact.
        work: bytes of its unfinished work, the artifact among them, when it is largest.
        memory: anonymous bytes, of all its processes together, when they are most.
        seconds: from the start of its process to its end.
        standing: bytes of the artifact that lies there now and will be replaced.
    """

    stage: str
    variant: str | None
    makes: dict[str, int]
    disk: int
    work: int
    memory: int
    seconds: float
    standing: int


@dataclass(frozen=True)
class Forecast:
    """What a run will make and take.

    Attributes:
        stages: in order.
        absent: sources that are not here yet and are left out.
        remote: labelled datasets that come from the network and are left out.
        sampled: the share of the corpus that the forecast rests on.
        workers: jobs side by side.
        cache: bytes of the copies that DVC keeps of the artifacts, after a run that it keeps the ledger of.
    """

    stages: list[StageForecast]
    absent: list[str]
    remote: list[str]
    sampled: float
    workers: int
    cache: int

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.stages)

    @property
    def memory(self) -> int:
        """Of the stage that takes most, since stages follow one another."""
        return max(each.memory for each in self.stages)

    @property
    def disk(self) -> int:
        """The most that the run takes at once, besides what lies there now."""
        taken = highest = 0
        for each in self.stages:
            highest = max(highest, taken + each.work)
            taken += each.disk - each.standing
        return max(highest, taken + self.cache)
