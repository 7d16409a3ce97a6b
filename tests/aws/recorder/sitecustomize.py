"""Python runs this at its start where PYTHONPATH names its folder: every call to AWS is written to the file RECORDED_CALLS.

So the calls of ``chalice`` are known, which runs in a process of its own. Nothing of it ships.
"""

from __future__ import annotations

import json
import os
from typing import Any


def _record(file: str) -> None:
    import botocore.client

    hooked: Any = botocore.client.BaseClient
    original = hooked._make_api_call

    def call(client: Any, operation: str, params: Any) -> Any:  # noqa: ANN401 - botocore's own
        line = json.dumps([client.meta.service_model.service_name, operation, params], default=lambda _: "bytes")
        with open(file, "a", encoding="utf-8") as out:  # noqa: PTH123 - one write at a time, at the end
            out.write(f"{line}\n")
        return original(client, operation, params)

    hooked._make_api_call = call


if os.environ.get("RECORDED_CALLS"):
    _record(os.environ["RECORDED_CALLS"])
