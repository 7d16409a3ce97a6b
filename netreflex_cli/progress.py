"""How far a run has come, on stderr: one line that is rewritten on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from chalicelib.model.alert import bounded
from chalicelib.model.certificates import Target
from netreflex_cli.around import Around, so_many

_STEPS = 10  # plain lines for a long list: one a tenth


class Progress:
    """Hears of reads and handshakes, shows them, and remembers where the run is."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._rewrites = around.is_terminal(around.err)
        self._said: set[tuple[str, int]] = set()
        self.how_far = "Nothing was looked at yet"

    def read(self, done: int, of: int) -> None:
        self._step("places read", done, of)

    def listed(self, distributions: int, certificates: int) -> None:
        """Goes before the handshakes, so that a long wait has a size."""
        self._show(
            f"{so_many(distributions, 'distribution')} and {so_many(certificates, 'certificate')} found", always=True
        )

    def examined(self, done: int, of: int) -> None:
        self._step("certificates read in full", done, of)

    def probed(self, done: int, of: int, now: Target | None) -> None:
        self._step("origins probed", done, of, f", now {now.host}:{now.port} ({now.name})" if now else "")

    def end(self) -> None:
        """Leave no half line before the answer."""
        if self._rewrites:
            self._around.err.write("\r\x1b[K")
            self._around.err.flush()

    def _step(self, what: str, done: int, of: int, now: str = "") -> None:
        if not of:
            return
        self.how_far = f"{done} of {of} {what}"
        tenth = done * _STEPS // of
        news = (what, tenth) not in self._said and (of >= _STEPS or done in {0, of})
        self._said.add((what, tenth))
        self._show(f"{self.how_far}{now}", always=news)

    def _show(self, text: str, *, always: bool) -> None:
        text = bounded(text, 300)
        if self._rewrites:
            self._around.err.write(f"\r\x1b[K{text[: self._around.columns - 1]}")
            self._around.err.flush()
        elif always:
            self._around.say(text)
