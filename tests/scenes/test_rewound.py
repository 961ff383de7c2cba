"""A shop puts a backup back that does not know what was sent since: real processes, a real copy of the file."""

import json
import shutil
import urllib.request
from datetime import UTC, datetime

import pytest

from tests.scenes.company import give_thanks, order, willing
from tests.scenes.house import House, Process, wait_until

pytestmark = pytest.mark.slow


def _stop(process: Process) -> None:
    assert process.stop() == 0


def _reasons(house: House) -> list[str]:
    with urllib.request.urlopen(
        f"{house.environ['AFTERCART_PUBLIC_URL']}/readyz", timeout=10
    ) as response:
        return list(json.load(response)["reasons"])


def test_a_backup_that_is_put_back_sends_nothing_again_before_a_person_has_looked(
    house: House,
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    give_thanks(house)
    give_thanks(house, name="received", purpose="service", channel="sms", alone=False)
    house.sandbox()
    up = house.up()
    house.tell(*willing([100], now))
    wait_until(lambda: len(house.sent()) >= 1, what="the first message")
    house.command("pause", "all")
    house.tell(*willing(range(10), now))
    wait_until(lambda: len(house.states()) >= 11, what="ten more are planned")
    _stop(up)

    # the backup of the night, the sendings of the day, and the backup again
    with house.store() as store:
        database = store.file
    assert database
    shutil.copy(database, house.folder / "backup.db")
    up = house.up()
    house.command("resume", "all")
    wait_until(lambda: len(house.sent()) >= 11, what="ten more are sent")
    _stop(up)
    shutil.copy(house.folder / "backup.db", database)
    house.up()
    house.command("resume", "all")
    house.tell(order(200, now, phone="+447700900200"))
    wait_until(lambda: len(house.sent()) >= 12, what="the alert goes on")
    reasons = _reasons(house)
    shown = house.command("resume", expect=1).stdout

    marketing = [e["message"] for e in house.ledger() if e["provider"] == "sendgrid"]
    assert len(marketing) == len(set(marketing)) == 11
    assert any("a backup was put back" in reason for reason in reasons)
    assert "a backup was put back" in shown
    assert "10 messages would go" in shown
