"""Checks what steps say of the world beside Quo against the configuration: whom they tell, and which hosts they ask."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quoflow.core.outside_settings import LOG, HttpSettings
from quoflow.loader.known import Known
from quoflow.loader.nodes import Key, MappingNode, Node, ScalarNode
from quoflow.loader.phrases import Checker
from quoflow.loader.report import Report, join_words, suggest

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\\\s]*)(.*)", re.DOTALL)


def check_target(node: Node, known: Known, report: Report, path: Sequence[Key]) -> None:
    """Report a `notify` whose target the configuration does not have; nothing where there is no configuration.

    Where the configuration names nobody at all it is a warning: rules that others wrote can be tried all the same.
    """
    place = node.items.get("to") if isinstance(node, MappingNode) else None
    if known.targets is None or not isinstance(place, ScalarNode) or not place.value:
        return
    names = (*known.targets, LOG)
    if place.value in names:
        return
    if len(names) == 1:
        told = f"quoflow.yaml names nobody to notify, so what is for `{place.value}` goes to quoflow's own log"
        hint = f"name `{place.value}` under `notify:` in quoflow.yaml, or write `{LOG}`"
        report.warn(place, (*path, "to"), ("unknown-target", told, hint))
        return
    hint = suggest(place.value, names, otherwise=f"quoflow.yaml has {join_words(names, last='and')}")
    report.add(place, (*path, "to"), ("unknown-target", f"there is no target `{place.value}` to notify", hint))


def check_request(node: Node, checker: Checker, path: Sequence[Key]) -> None:
    """Check what a step `http` says: its address and secrets, by the configuration."""
    if not isinstance(node, MappingNode):
        return
    url = node.items.get("url")
    if isinstance(url, ScalarNode) and url.value.strip():
        _check_address(url, checker, (*path, "url"))
    _check_secrets(node.items.get("secrets"), checker, (*path, "secrets"))


def _check_address(node: ScalarNode, checker: Checker, path: Sequence[Key]) -> None:
    found = _ADDRESS.fullmatch(node.value.strip())
    if found is None:
        told = "wrong-value", "an address begins with `https://` and a host", "write https://api.example.com/…"
        checker.report.add(node, path, told)
        return
    scheme, host, rest = found.groups()
    if any(mark in scheme + host for mark in "{}@%"):
        told = "wrong-value", "the host of an address is written out: nothing is filled in there", "fill in the path"
        checker.report.add(node, path, told)
    elif "{%" in rest:
        told = "wrong-value", "an address has no `{% … %}` in it", "choose with `{{ … if … else … }}`"
        checker.report.add(node, path, told)
    elif checker.known.http is not None and (why := _object_to(checker.known.http, scheme.lower(), host)):
        checker.report.add(node, path, why)


def _object_to(allowed: HttpSettings, scheme: str, host: str) -> tuple[str, str, str] | None:
    if not allowed.allow:
        hint = f"where you mean it, write `http: {{allow: [{host}]}}` in quoflow.yaml"
        return "http-off", "the step `http` is off: the configuration allows no host", hint
    if host.lower() not in allowed.allow:
        there = f"quoflow.yaml allows {join_words(allowed.allow, last='and')}"
        hint = suggest(host, allowed.allow, otherwise=f"{there}; add it to `http: {{allow: […]}}` where you mean it")
        return "host-not-allowed", f"the configuration does not allow the host `{host}`", hint
    why = allowed.object_to(scheme, host)
    return ("wrong-value", f"`{scheme}` is not possible here: {why}", f"write https://{host}") if why else None


def _check_secrets(node: Node | None, checker: Checker, path: Sequence[Key]) -> None:
    allowed = checker.known.http
    if not isinstance(node, MappingNode) or allowed is None:
        return
    for name, written in node.items.items():
        if isinstance(written, ScalarNode) and written.value not in allowed.secrets:
            there = f"it allows {join_words(allowed.secrets, last='and')}" if allowed.secrets else "it allows none"
            otherwise = f"{there}; write the NAME of the variable here and in `http: {{secrets: […]}}` of quoflow.yaml"
            told = f"the configuration lets no rule send the variable `{written.value}`"
            hint = suggest(written.value, allowed.secrets, otherwise=otherwise)
            checker.report.add(written, (*path, name), ("secret-not-allowed", told, hint))
