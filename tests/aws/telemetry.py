"""The tag through which telemetry reaches an emulator in another process; it needs nothing of the emulator itself."""

from __future__ import annotations

import datetime as dt

TELEMETRY_TAG = "local-aws:telemetry"  # rows between ";", parts of a row between ","


def telemetry_tag(*rows: tuple[str, str, int, str, dt.datetime]) -> str:
    """The value of the tag that sets these rows."""
    return ";".join(",".join((*map(str, row[:-1]), row[-1].isoformat())) for row in rows)
