"""Slack's rules for blocks, as strictly as its reference states them (docs, "Block Kit", "Text object"; limits in characters)."""

# ruff: noqa: ANN401 - the requests and answers of AWS and Slack are JSON

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Block = dict[str, Any]

_ALL_BLOCKS = 13_200  # over all blocks; not documented, seen as msg_blocks_too_long
_KEYS = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "fields", "block_id", "expand"},
    "context": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
}


def faults(blocks: object) -> list[str]:
    """Every rule that the blocks break, in words; empty where Slack would take them."""
    if not isinstance(blocks, list):
        return ["blocks are not a list"]
    found = [] if len(blocks) <= 50 else [f"{len(blocks)} blocks, at most 50"]
    for number, block in enumerate(blocks):
        found += [f"block {number}: {fault}" for fault in _block(block)]
    total = sum(len(text) for text in texts(blocks))
    return found + ([f"msg_blocks_too_long: {total}"] if total > _ALL_BLOCKS else [])


def texts(blocks: list[Block]) -> Iterator[str]:
    """Every text in the blocks, for searching and counting."""
    for block in blocks:
        whole = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        yield from (str(one["text"]) for one in whole if one)


def _block(block: Any) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind not in _KEYS:
        yield f"unknown type {kind}"
        return
    if unknown := set(block) - _KEYS[kind]:
        yield f"unknown keys {sorted(unknown)}"
    if kind == "header":
        yield from _text(block.get("text"), 150, {"plain_text"})
    if kind == "section":
        if not block.get("text") and not block.get("fields"):
            yield "a section without text and fields"
        if "text" in block:
            yield from _text(block["text"], 3000, {"plain_text", "mrkdwn"})
        yield from _many(block.get("fields", []), 10, 2000)
    if kind == "context":
        yield from _many(block.get("elements") or [{}], 10, 3000)


def _many(objects: list[Any], limit: int, length: int) -> Iterator[str]:
    if len(objects) > limit:
        yield f"{len(objects)} text objects, at most {limit}"
    for one in objects:
        yield from _text(one, length, {"plain_text", "mrkdwn"})


def _text(text: Any, limit: int, kinds: set[str]) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"not a text object of {sorted(kinds)}"
        return
    allowed = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    if unknown := set(text) - allowed:
        yield f"unknown keys {sorted(unknown)}"
    content = text.get("text")
    if not isinstance(content, str) or not 1 <= len(content) <= limit:
        yield f"text of {len(content) if isinstance(content, str) else content} characters, 1 to {limit}"
    elif text["type"] == "mrkdwn" and (stray := _stray(content)):
        yield f"an unescaped character at {stray}"


def _stray(content: str) -> str:
    """The place of a ``&``, ``<`` or ``>`` that is neither an entity nor a complete ``<...>`` token."""
    rest = content
    for entity in ("&amp;", "&lt;", "&gt;"):
        rest = rest.replace(entity, "")
    while "<" in rest:
        before, _, after = rest.partition("<")
        token, closed, rest_after = after.partition(">")
        if not closed or "<" in token or not token:
            return content[:20]
        rest = before + rest_after
    return content[:20] if "&" in rest or ">" in rest else ""
