"""The roots that CloudFront trusts: the same as Mozilla's, by its documentation; ``certifi`` carries Mozilla's list."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import certifi

from chalicelib.decide.certificate_path import Roots


@cache
def mozilla_roots() -> Roots:
    """Mozilla's list, read once for each container."""
    return Roots.from_pem(Path(certifi.where()).read_bytes())
