"""Which sink an installation has: what ``NETREFLEX_SLACK_SECRET`` names decides it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chalicelib.alerts.amazon_q import AmazonQ
from chalicelib.alerts.secret import SecretReader
from chalicelib.alerts.sinks import Sink
from chalicelib.alerts.slack import opener

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")


def sink_opener(name: str, *, client: Callable[[str], Any], base_url: str | None = None) -> Callable[[bool], Sink]:
    """What makes the sink; call it with True to read the secret afresh, and keep it as long as the container lives.

    ``name`` is a secret's name (see ``secret``), or the ARN of the topic to which Amazon Q subscribes, which is no secret.
    ``client`` makes the AWS client of a service (``secretsmanager``, ``ssm`` or ``sns``); only the needed one is made.
    """
    if _TOPIC.fullmatch(name):
        amazon_q = AmazonQ(client("sns"), name)
        return lambda _: amazon_q
    service = "ssm" if name.startswith(("ssm:", "/")) else "secretsmanager"
    made = client(service)
    return opener(SecretReader(name, secrets=made, ssm=made), base_url)
