"""What one look saw, as text for somebody who was woken by it."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator

from chalicelib.decide.certificate_names import WILDCARD_PROBE
from chalicelib.model.alert import Severity, bounded
from chalicelib.model.certificates import Finding
from netreflex_cli.around import Around, so_many
from netreflex_cli.certificates_seen import Seen, Subject, together

_INDENT, _LABEL = 4, 10
_NARROW, _WIDE = 60, 120
_EVIDENCE = 1200  # as an alert bounds it


def lines(seen: Seen, around: Around) -> Iterator[str]:
    """The findings, worst first; what could not be seen; and last, where the eye is, how it stands."""
    width = min(max(around.columns, _NARROW), _WIDE)
    for subject in seen.subjects:
        if subject.findings:
            yield from _subject(subject, around, width)
            yield ""
    yield from _not_probed(seen, around, width)
    yield from _not_read(seen, around, width)
    yield from _verdict(seen, around, width)


def _subject(subject: Subject, around: Around, width: int) -> Iterator[str]:
    worst = subject.findings[0].severity
    title = around.paint(bounded(subject.title, 200), "bold")
    yield f"{around.paint(worst.value.upper(), worst.value)}  {title}  ({subject.account_name}, {subject.account})"
    yield from _wrapped(subject.about, width, " " * 2)
    for finding, others in together(subject.findings):
        yield from _finding(finding, others, around, width)
    for note in subject.notes:
        yield from _labelled("Record", note, width)
    if subject.host:
        name = next((one.name for one in subject.findings if one.name), subject.host).replace("*", WILDCARD_PROBE, 1)
        where, asked = (shlex.quote(bounded(text, 260)) for text in (f"{subject.host}:{subject.port}", name))
        yield f"  See it yourself: openssl s_client -connect {where} -servername {asked} -showcerts </dev/null"


def _finding(finding: Finding, others: tuple[str, ...], around: Around, width: int) -> Iterator[str]:
    kind = around.paint(f"{finding.severity.value} {finding.kind.value}", finding.severity.value)
    yield f"  {kind} ({finding.basis.value})" + (f" for {bounded(finding.name, 260)}" if finding.name else "")
    yield from _labelled("Wrong", finding.what, width)
    yield from _labelled("Also for", ", ".join(others), width)
    yield from _labelled("Do", finding.remedy, width)
    for line in bounded(finding.evidence, _EVIDENCE, lines=True).splitlines():
        yield from _labelled("Evidence", line, width)


def _not_probed(seen: Seen, around: Around, width: int) -> Iterator[str]:
    for subject in seen.unprobed:
        title = around.paint(bounded(subject.title, 200), "bold")
        yield f"{around.paint('NOT PROBED', 'warning')}  {title}  ({subject.account_name}, {subject.account})"
        for finding, others in together(subject.unprobed):
            yield from _labelled("Asked as", ", ".join((finding.name, *others)), width)
            yield from _labelled("Why", finding.what, width)
            yield from _labelled("Do", finding.remedy, width)
        yield ""


def _not_read(seen: Seen, around: Around, width: int) -> Iterator[str]:
    missing = [f"distribution {one} is in no account of the policy that could be read" for one in seen.absent]
    for head, whys in (("NOT READ", seen.unread), ("NOT FOUND", missing)):
        if whys:
            yield around.paint(head, "error")
            for why in whys:
                yield from _wrapped(why, width, "  - ", "    ")
            yield ""


def _verdict(seen: Seen, around: Around, width: int) -> Iterator[str]:
    counts, found = seen.counts, seen.by_severity
    looked = (
        f"{so_many(counts['distributions'], 'distribution')}, {so_many(counts['origins'], 'origin')}, "
        f"{so_many(counts['handshakes'], 'handshake')}, {so_many(counts['certificates'], 'certificate')} in ACM"
    )
    worst = next((one for one in (Severity.CRITICAL, Severity.ERROR, Severity.WARNING) if found[one]), None)
    numbers = ", ".join(f"{found[one]} {one.value}" for one in Severity if found[one])
    if not seen.complete:
        verdict, colour = f"Not all could be seen: {_missing(seen)}.", "error"
        verdict += f" Found in the rest: {numbers}." if numbers else " In the rest nothing is wrong."
    elif worst is None:
        verdict, colour = "All well." + (f" ({numbers})" if numbers else ""), "well"
    elif worst is Severity.WARNING:
        verdict, colour = f"Nothing is broken: {numbers}.", worst.value
    else:
        verdict, colour = f"Something is wrong: {numbers}.", worst.value
    yield around.paint(verdict, colour)
    yield from _wrapped(f"Looked at {looked} at {seen.at:%Y-%m-%d %H:%MZ}.", width, "")
    if seen.told is None:
        yield "Nothing was changed, nobody was told."
    else:
        yield f"Nothing was changed. {so_many(len(seen.told), 'alert')} told; Slack shows those that are news."


def _missing(seen: Seen) -> str:
    missing = (
        (seen.unread, f"{so_many(len(seen.unread), 'read')} failed"),
        (seen.unprobed, f"{so_many(len(seen.unprobed), 'origin')} not probed"),
        (seen.absent, f"{so_many(len(seen.absent), 'distribution')} not found"),
    )
    return ", ".join(said for which, said in missing if which)


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    """A label and its paragraph; what goes on stands below the text."""
    if text:
        head = f"{'':{_INDENT}}{label:{_LABEL}}"
        yield from _wrapped(text, width, head, " " * len(head))


def _wrapped(text: str, width: int, first: str, more: str | None = None) -> list[str]:
    return textwrap.wrap(
        bounded(text, 2000),
        width,
        initial_indent=first,
        subsequent_indent=first if more is None else more,
        break_long_words=False,
        break_on_hyphens=False,
    )
