"""Notifications to named targets: by mail, to Slack, to Teams, or to any webhook."""

from __future__ import annotations

from quoflow.actions import hooks, mail
from quoflow.actions.errands import Errand, NoAddress, Outside
from quoflow.actions.outgoing import Unreached
from quoflow.actions.results import Done, Failure
from quoflow.core.outside_settings import SmtpTarget


def notify(errand: Errand, outside: Outside) -> Done | Failure:
    """Tell a target once, and say what came of it: a value, whatever happens."""
    if outside.is_dry:
        return Failure("fail", "not sent, this is a dry run")
    target = outside.targets.get(errand.to)
    if target is None:
        return Failure("fail", f"the configuration has no target `{errand.to}` any more")
    way = target.way
    return mail.deliver(errand, way, outside) if isinstance(way, SmtpTarget) else hooks.deliver(errand, way, outside)


def probe(name: str, outside: Outside) -> str | None:
    """Look whether a target can be reached, without telling it anything; give why not, or None.

    A mail server is asked whether it lets us in. To a webhook a connection is made, and nothing is asked of it.
    """
    way = outside.targets[name].way
    try:
        if isinstance(way, SmtpTarget):
            mail.probe(way, outside)
        else:
            hooks.probe(way, outside)
    except (NoAddress, Unreached) as error:
        return str(error)
    return None
