"""The stage that the ``chalice`` command was asked to deploy, for whoever runs it by hand.

Chalice copies a stage's settings into the environment, imports app.py and deploys what that declares. A stage that it does not
know has no settings, and deploys all the same: with the queue, the table and the topic of another stage. `make deploy` judges
this before it begins; here it is judged once more, on the computer that deploys and never in Lambda.
"""

from __future__ import annotations

import re
import sys

from chalicelib.model.errors import ConfigurationError

_OF_A_STAGE = re.compile(r"netreflex-([a-z0-9]+)-(?:alerts|state)")
_DEPLOYING = frozenset({"deploy", "package"})  # commands of chalice that make something of what app.py declares


def chosen_stage() -> str | None:
    """The stage of a `chalice deploy` or `chalice package` that imports app.py now; None everywhere else."""
    if "chalice.cli" not in sys.modules:
        return None
    import click  # chalice's own; it is not in the bundle

    context = click.get_current_context(silent=True)
    if context is None or context.info_name not in _DEPLOYING:
        return None
    return str(context.params["stage"])


def check_stage(stage: str, *, topic_arn: str | None, state_table: str | None, prefix: str) -> None:
    """Raises ConfigurationError that says what to run where the functions would take part in another stage.

    A stage with names of its own choice, or with less than all of them, is its owner's business. ``prefix`` is what the
    names of its queues begin with.
    """
    settings = {"NETREFLEX_ALERTS_TOPIC_ARN": topic_arn, "NETREFLEX_STATE_TABLE": state_table}
    names = {setting: value.rpartition(":")[2] for setting, value in settings.items() if value}
    found = {setting: _OF_A_STAGE.fullmatch(name) for setting, name in names.items()}
    faults = [f"{setting} is of stage {of[1]}" for setting, of in found.items() if of and of[1] != stage]
    if not names and prefix != f"netreflex-{stage}-":
        faults = [f"{' and '.join(settings)} are not set"]
    if faults:
        raise ConfigurationError(
            f"stage {stage} is not set up in .chalice/config.json: {', '.join(faults)}. Run `make deploy STAGE={stage}` "
            f"(for a pipeline `make package STAGE={stage}`): it writes the settings, makes the table, topics and queues that the "
            "functions need, runs chalice, and sets what chalice cannot"
        )
