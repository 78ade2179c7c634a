"""Tells people: a webhook and a command, both from params (section retrain)."""

import json
import logging
import subprocess

import httpx

from tasks.params import RetrainParams

logger = logging.getLogger("wordloom")

SECONDS = 30.0
"""How long a webhook or command may take."""


def notify(retrain: RetrainParams, event: str, message: str) -> None:
    """Sends `message` wherever params say. What goes wrong here is logged, and never hides what it was to tell.

    Args:
        retrain: has the webhook (a JSON POST {"event", "message"}) and the command (the message on its stdin).
        event: "failed" or "overdue".
        message: one line.
    """
    logger.error("%s: %s", event, message)
    if retrain.webhook:
        try:
            httpx.post(retrain.webhook, json={"event": event, "message": message}, timeout=SECONDS).raise_for_status()
        except httpx.HTTPError as error:
            logger.error("the webhook %s could not be told: %s", retrain.webhook, error)
    if retrain.command:
        content = json.dumps({"event": event, "message": message}, ensure_ascii=False)
        try:
            subprocess.run(retrain.command, input=content, text=True, timeout=SECONDS, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            logger.error("the command %s could not be run: %s", retrain.command[0], error)
