"""A process that stood still between the guards' yes and the first byte asks them again before it sends."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from .conftest import ANNA, ANSWER

LEASE = 2.0
FROZEN = [sys.executable, str(Path(__file__).with_name("frozen.py"))]


def is_stopped(process):
    """Tell whether the kernel holds a process in its stopped state."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].startswith("T")


def freeze(firm, service, seconds):
    """Wait until the service has stopped itself after its intent, and let that long pass."""
    service.wait_for(lambda: is_stopped(service.process))
    assert [one["state"] for one in firm.list("outbox")] == ["sending"]
    assert firm.quo.writes() == []
    until = time.clock_gettime(time.CLOCK_BOOTTIME) + seconds
    while time.clock_gettime(time.CLOCK_BOOTTIME) < until:
        time.sleep(0.05)


def test_a_service_frozen_past_its_lease_refuses_to_send_and_asks_the_guards_again(make_firm):
    """SIGSTOP after the intent, a pause by a person meanwhile: on SIGCONT nothing leaves; once resumed it does."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("hi", ANNA)
    with firm.serving(command=FROZEN, LEASE=str(LEASE)) as service:
        freeze(firm, service, LEASE + 0.1)
        firm.run("pause", "wrong price")
        os.kill(service.process.pid, signal.SIGCONT)
        service.wait_for(lambda: firm.list("outbox")[0]["state"] == "held")
        held = firm.list("outbox")[0]
        assert "wrong price" in held["reason"]
        assert firm.quo.writes() == []
        firm.run("resume")
        service.wait_for(firm.quo.sent)
        assert service.stop() == 0

    assert "since the guards were asked" in service.log
    assert firm.quo.texts() == ["Got it: hi"]
    assert [(one["state"], one["attempts"]) for one in firm.list("outbox")] == [("sent", 2)]


def test_a_service_frozen_within_its_lease_goes_on(make_firm):
    """A moment's stop changes nothing: the text goes out with its first attempt."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write("hi", ANNA)
    with firm.serving(command=FROZEN, LEASE="30") as service:
        freeze(firm, service, 0)
        os.kill(service.process.pid, signal.SIGCONT)
        service.wait_for(firm.quo.sent)
        assert service.stop() == 0

    assert [(one["state"], one["attempts"]) for one in firm.list("outbox")] == [("sent", 1)]
