"""The stage that the ``chalice`` command was asked to deploy, for whoever runs it by hand.

Chalice copies a stage's settings into the environment, imports app.py and deploys what that declares. A stage that it does not
know has no settings, and deploys all the same: with the queue, the table and the topic of another stage. `make deploy` judges
this before it begins; here it is judged once more, on the computer that deploys and never in Lambda.
"""

from __future__ import annotations

import sys

from chalicelib.model.errors import ConfigurationError

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


def check_stage(stage: str, *, topic_arn: str | None, state_table: str | None) -> None:
    """Raises ConfigurationError that says what to run where the settings are not those of the stage."""
    own = f"netreflex-{stage}-"
    named = {
        "NETREFLEX_ALERTS_TOPIC_ARN": (topic_arn, f"{own}alerts"),
        "NETREFLEX_STATE_TABLE": (state_table, f"{own}state"),
    }
    faults = [
        f"{setting} {'is not set' if has is None else f'does not name {wanted}'}"
        for setting, (has, wanted) in named.items()
        if (has or "").rpartition(":")[2] != wanted
    ]
    if faults:
        raise ConfigurationError(
            f"stage {stage} is not set up in .chalice/config.json: {', '.join(faults)}. Run `make deploy STAGE={stage}` "
            f"(for a pipeline `make package STAGE={stage}`): it writes the settings, makes the table, topics and queues that the "
            "functions need, runs chalice, and sets what chalice cannot"
        )
