"""Where AWS clients come from, for those who use them: ``sessions`` makes them in what ships, a test its own."""

from __future__ import annotations

from typing import Any, Protocol

from chalicelib.model.network import Place


class Clients(Protocol):
    """Clients of managed places."""

    def client(self, service: str, place: Place) -> Any:  # noqa: ANN401
        """A client of a service in a managed place."""


class HomeClients(Clients, Protocol):
    """Those, and clients of netreflex's own account and Region."""

    def home(self, service: str) -> Any:  # noqa: ANN401
        """A client of a service where netreflex itself runs."""
