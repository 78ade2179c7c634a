"""How many models are trained side by side."""

from tasks.forecasting.room import free_memory
from tasks.forecasting.tables import training_bytes
from tasks.pipeline.workers import cores
from tasks.request import Request
from tasks.stages import stage
from tasks.train_params import TrainParams


def branches_at_once(asked: Request) -> int:
    """As many as there are models, while each has a core for each of its streams, and all tables fit into half of the
    memory that is free. At least one.
    """
    declared = stage("train")
    params = [context.section(TrainParams) for context in asked.contexts(declared)]
    if len(params) == 1:
        return 1
    wanted = max(each.streams for each in params)
    vocabulary = asked.context(declared).vocabulary
    most = max(training_bytes(each, vocabulary) for each in params)
    return max(1, min(len(params), cores() // wanted, free_memory() // 2 // max(1, most)))
