"""params.yaml and what is laid over it: a profile, `--set section.key=value`. Validated whole, at the border.

Each stage keeps the model of its own section (`tasks.clean.CleanParams`); here stand only the sections that say how to
run, which no result depends on.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from tasks.errors import InputError
from tasks.pipeline.stage import Stage, StageParams
from tasks.stages import stages

PARAMS_FILE = "params.yaml"

SHOWN_CHARACTERS = 60
"""Of a wrong value; a longer one would hide what is said about it."""


class RunParams(StageParams):
    """How the jobs of a stage are run. No result depends on it."""

    runner: Literal["threads", "processes", "dask", "ray"] = Field(
        "processes", description="who runs the jobs in a flow"
    )
    workers: int = Field(0, ge=0, description="jobs side by side; 0: one a core")
    retries: int = Field(2, ge=0, description="how often a job that failed by chance is tried again in a flow")
    retry_seconds: float = Field(5.0, ge=0, description="seconds before the first retry; doubles each time")


class RetrainParams(StageParams):
    """The scheduled flow: when it counts as overdue, and who hears of a failure."""

    overdue_hours: float = Field(48.0, gt=0, description="notify when the last success is older than this")
    webhook: str | None = Field(None, description="URL that gets a JSON POST on failure or delay")
    command: list[str] | None = Field(
        None, description="program and arguments, run on failure or delay; the message is on stdin"
    )


RUN_SECTIONS: Mapping[str, type[StageParams]] = {"run": RunParams, "retrain": RetrainParams}

Raw = Mapping[str, Any]


def load(root: Path, profile: str | None = None, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """params.yaml of the project, with a profile and overrides laid over it, as plain data; not yet validated.

    Args:
        root: the project's folder.
        profile: the name of a file in profiles/, or the path of one.
        overrides: "section.key=value" each; the value is YAML.

    Raises:
        InputError: a file is missing or is no YAML mapping, or an override names no section and key.
    """
    raw = _read(root / PARAMS_FILE)
    if profile is not None:
        raw = overlaid(raw, _read(_profile_path(root, profile)))
    for override in overrides:
        raw = overlaid(raw, parsed(override))
    return raw


def parsed(override: str) -> dict[str, Any]:
    """ "train.dim=50" -> {"train": {"dim": 50}}.

    Raises:
        InputError: it names no section and key, or its value is not YAML.
    """
    path, separator, text = override.partition("=")
    keys = path.strip().split(".")
    if not separator or len(keys) < 2 or not all(keys):
        raise InputError(f"--set {override}: write it as section.key=value, for example train.dim=50")
    try:
        value: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"--set {override}: the value is not YAML ({_one_line(error)})") from None
    for key in reversed(keys):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`: mappings are merged key by key, anything else replaces what stood there."""
    merged = dict(below)
    for key, value in above.items():
        standing = merged.get(key)
        both = isinstance(standing, Mapping) and isinstance(value, Mapping)
        merged[key] = overlaid(standing, value) if both and standing is not None else value
    return merged


def sections(raw: Raw, models: Mapping[str, type[StageParams]], origin: str = PARAMS_FILE) -> dict[str, StageParams]:
    """The named sections, validated.

    Args:
        raw: the params.
        models: what each section should look like.
        origin: where the params stand, for the message.

    Raises:
        InputError: every wrong value and unknown key, with its place.
    """
    validated: dict[str, StageParams] = {}
    wrong: list[str] = []
    for name, model in models.items():
        content = raw.get(name)
        try:
            validated[name] = model.model_validate({} if content is None else content)
        except ValidationError as error:
            wrong += _complaints(name, model, error.errors())
    if wrong:
        raise InputError(f"{origin}: " + "; ".join(wrong))
    return validated


def stage_sections(raw: Raw, stage: Stage) -> dict[str, StageParams]:
    """The sections that one stage depends on, validated."""
    return sections(raw, stage.sections)


def validate(raw: Raw, origin: str = PARAMS_FILE) -> dict[str, StageParams]:
    """All sections, validated; a section that nobody declared is an error.

    Args:
        raw: the params.
        origin: where they stand, for the message.

    Raises:
        InputError: every wrong value, unknown key and unknown section.
    """
    models: dict[str, type[StageParams]] = dict(RUN_SECTIONS)
    for stage in stages():
        models |= stage.sections
    unknown = sorted(set(raw) - set(models))
    if unknown:
        raise InputError(f"{origin}: there is no section {unknown[0]!r}; {_remedy(unknown[0], models, 'sections')}")
    return sections(raw, models, origin)


def _complaints(section: str, model: type[StageParams], errors: Sequence[ErrorDetails]) -> list[str]:
    """What is wrong, each at its place; a list that lacks its wrong item is not told to be short as well."""
    places = [error["loc"] for error in errors]
    inner = [
        error
        for error in errors
        if not any(len(place) > len(error["loc"]) and place[: len(error["loc"])] == error["loc"] for place in places)
    ]
    return [_complaint(section, model, error) for error in inner]


def _complaint(section: str, model: type[StageParams], error: ErrorDetails) -> str:
    """What is wrong at one place: "train.dim is 'fifty': Input should be a valid integer"."""
    place = ".".join([section, *(str(key) for key in error["loc"])])
    if error["type"] == "extra_forbidden":
        remedy = f"; {_remedy(str(error['loc'][0]), model.model_fields, 'keys')}" if len(error["loc"]) == 1 else ""
        return f"{place}: there is no such key{remedy}"
    value = repr(error["input"])
    shown = f" is {value}" if error["type"] != "missing" and len(value) <= SHOWN_CHARACTERS else ""
    return f"{place}{shown}: {_one_line(error['msg'].removeprefix('Value error, '))}"


def _remedy(name: str, known: Collection[str], what: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"the {what} are {', '.join(sorted(known))}"


def _profile_path(root: Path, profile: str) -> Path:
    named = root / "profiles" / f"{profile}.yaml"
    if named.is_file():
        return named
    if Path(profile).is_file():
        return Path(profile)
    known = ", ".join(sorted(path.stem for path in (root / "profiles").glob("*.yaml")))
    remedy = f"the profiles are {known}" if known else f"{root / 'profiles'} holds none"
    raise InputError(f"there is no profile {profile!r}; {remedy}")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML ({_one_line(error)})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: should be a mapping of sections")
    return content


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
