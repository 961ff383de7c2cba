"""Who is believed? Reports that nobody signed, that somebody changed on their way, or that are said again and again.

There is no published list of these; the cases are our own. Each is posted to the real web of a deployment, by HTTP, and what it
changed in the database is looked at.
"""

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Table, func, select

from aftercart.store.tables import (
    consents,
    inbox,
    messages,
    provider_events,
    suppressions,
)
from chaos.calling import Caller, event
from chaos.looking import unread
from chaos.oracle import Findings
from chaos.registry import scenario
from chaos.stage import Stage

_STAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_SIGNED = "X-Twilio-Email-Event-Webhook-Signature"
_TEXT_SIGNED = "X-Twilio-Signature"
_BOUNCE = {"reason": "550 5.1.1 no such mailbox here", "type": "bounce"}
_REPLAYS = 100


@dataclass(frozen=True)
class _Call:
    what: str
    url: str
    body: bytes
    headers: Mapping[str, str]


@scenario("FT-52", "reports that nobody signed, or somebody changed", unknown=0.0)
def forged(stage: Stage) -> Findings:
    """None is taken, none is answered with an error of ours, and a true one that is said again changes nothing."""
    stage.open()
    stage.plant(min(1.0, 60 / len(stage.due)))
    told = stage.shop.told
    stage.until(lambda: stage.taken() >= told - len(stage.shop.silent), 60, "some sent")
    stage.until(lambda: stage.reports_waiting() == 0, 60, "all is reported")
    stage.until(lambda: unread(stage.house) == 0, 60, "all is read")
    before = _everything(stage)
    answers = _post(stage)
    stage.until(lambda: unread(stage.house) == 0, 60, "what was kept is read")
    after = _everything(stage)
    for table in before:
        stage.expect(before[table] == after[table], f"nothing changes in {table}")
    taken = sum(n for (_, status), n in answers.items() if 200 <= status < 300)
    errors = sum(n for (_, status), n in answers.items() if not 400 <= status < 500)
    stage.expect(not errors, f"all are refused ({_few(answers)})")
    kept, status = _replayed(stage, after)
    count = answers.total()
    return Findings(
        due=count,
        accepted=taken,
        note=(
            f"{len({what for what, _ in answers})} kinds of forgery, {count:,} calls, taken {taken}; "
            f"{kept} replays of true ones, answered {status}: no change"
        ),
    )


def _post(stage: Stage) -> Counter[tuple[str, int]]:
    """What each forgery was answered with."""
    caller, answers = Caller(stage.house), Counter[tuple[str, int]]()
    entries = [e for e in stage.ledger() if e["accepted"]]
    mails = [e for e in entries if e["provider"] == "sendgrid"]
    texts = [e for e in entries if e["provider"] == "twilio"]
    for _ in range(max(20, len(stage.due) // 10)):
        calls = [
            *_mails(caller, stage.lot.choice(mails), stage.lot),
            *_texts(caller, stage.lot.choice(texts), stage.lot),
        ]
        for call in calls:
            answers[call.what, caller.post(call.url, call.body, call.headers)] += 1
    return answers


def _sign(key: ec.EllipticCurvePrivateKey, stamp: str, body: bytes) -> dict[str, str]:
    signed = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        _STAMP: stamp,
        _SIGNED: base64.b64encode(signed).decode(),
        "Content-Type": "application/json",
    }


def _mails(caller: Caller, entry: Mapping[str, Any], lot: Random) -> Iterator[_Call]:
    """One true report about a mail that would do harm, in all the ways in which it is not true."""
    body = json.dumps([event(entry, "bounce", **_BOUNCE)]).encode() + b"\r\n"
    now = datetime.now(UTC)
    stamp = str(int(now.timestamp()))
    headers = _sign(caller.key, stamp, body)
    true = _Call("", f"{caller.url}/hooks/sendgrid", body, headers)
    stranger = ec.generate_private_key(ec.SECP256R1())
    other = ec.generate_private_key(ec.SECP384R1())
    raw = base64.b64decode(headers[_SIGNED])
    place = lot.randrange(len(body))
    flipped = bytes([body[place] ^ (1 << lot.randrange(7))])
    bodies = {
        "one bit of the body": body[:place] + flipped + body[place + 1 :],
        "written anew": json.dumps(json.loads(body), indent=1).encode(),
        "without its line end": body.rstrip(),
        "with a byte more": body + b" ",
        "cut short": body[: len(body) // 2],
        "empty": b"",
        "no text": b"\xff\xfe" + body,
    }
    signatures = {
        "no signature": "",
        "no base64": "§§ not base64 §§".encode().decode("latin-1"),
        "base64 of nothing": base64.b64encode(b"").decode(),
        "half a signature": base64.b64encode(raw[: len(raw) // 2]).decode(),
        "zeros": base64.b64encode(bytes(len(raw))).decode(),
        "r and s are 0": base64.b64encode(bytes.fromhex("3006020100020100")).decode(),
        "another's curve": _sign(other, stamp, body)[_SIGNED],
        "another's key": _sign(stranger, stamp, body)[_SIGNED],
        "a signature of the body alone": _sign(caller.key, "", body)[_SIGNED],
    }
    for what, changed in bodies.items():
        yield replace(true, what=what, body=changed)
    for what, signature in signatures.items():
        yield replace(true, what=what, headers={**headers, _SIGNED: signature})
    for minutes in (-600, -10, 10, 600):
        late = str(int((now + timedelta(minutes=minutes)).timestamp()))
        signed = _sign(caller.key, late, body)
        yield replace(true, what=f"signed {minutes} minutes away", headers=signed)
    for odd in ("", "nan", "1e9", "-1", "9" * 400, str(int(stamp) + 1)):
        what = f"time {odd[:8].replace(stamp[:8], 'changed')!r}"
        yield replace(true, what=what, headers={**headers, _STAMP: odd})
    yield replace(true, what="no headers at all", headers={})


def _texts(caller: Caller, entry: Mapping[str, Any], lot: Random) -> Iterator[_Call]:
    """The same for a report on a text, and for a text of a customer."""
    account = caller.desk.auth.twilio_account_sid
    token = caller.desk.auth.twilio_auth_token
    form = {
        "AccountSid": account,
        "From": "+15005550006",
        "MessageSid": entry["ref"],
        "MessageStatus": "undelivered",
        "ErrorCode": "30005",
        "To": entry["to"],
    }
    url = f"{caller.url}/hooks/twilio/status/{entry['message']}"
    signature = _text_signature(token, url, form)
    other = f"{caller.url}/hooks/twilio/status/{lot.randrange(10**9)}"
    stop = {"AccountSid": account, "From": entry["to"], "Body": "STOP", "MessageSid": "SM1"}  # fmt: skip
    inbound = f"{caller.url}/hooks/twilio/inbound"
    foreign = form | {"AccountSid": "AC" + "1" * 32}
    cases: list[tuple[str, str, dict[str, str], str]] = [
        ("text: another's token", url, form, _text_signature("another", url, form)),
        ("text: another account", url, foreign, _text_signature("another", url, foreign)),
        ("text: account changed", url, foreign, signature),
        ("text: status changed", url, form | {"MessageStatus": "failed"}, signature),
        ("text: another message", other, form, signature),
        ("text: a word more", url, form | {"More": "1"}, signature),
        ("text: a word less", url, {k: form[k] for k in list(form)[:-1]}, signature),
        ("text: blank word", url, form | {"ErrorCode": ""}, signature),
        ("text: https", url, form, _text_signature(token, url.replace("http:", "https:"), form)),
        ("text: a question more", f"{url}?a=1", form, signature),
        ("text: unsigned", url, form, ""),
        ("text: no base64", url, form, "not base64"),
        ("text: nothing in it", url, {}, signature),
        ("STOP: another's token", inbound, stop, _text_signature("another", inbound, stop)),
        ("STOP: unsigned", inbound, stop, ""),
        ("STOP: signed for elsewhere", inbound, stop, _text_signature(token, url, stop)),
    ]  # fmt: skip
    for what, to, words, signed in cases:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if signed:
            headers[_TEXT_SIGNED] = signed
        yield _Call(what, to, urlencode(words).encode(), headers)


def _text_signature(token: str, url: str, form: Mapping[str, str]) -> str:
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    signed = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(signed).decode()


def _replayed(stage: Stage, before: dict[str, Any]) -> tuple[int, str]:
    """A true report of each kind, told as it was told before, a hundred times; how many, and their answers."""
    caller, statuses = Caller(stage.house), Counter[int]()
    entries = [e for e in stage.ledger() if e["accepted"]]
    text = next(e for e in entries if e["provider"] == "twilio")
    with stage.house.store() as store, store.read() as tx:
        query = select(inbox.c.body).where(inbox.c.provider == "sendgrid").limit(1)
        body = bytes(tx.scalar(query) or b"")
    signed = _sign(caller.key, str(int(datetime.now(UTC).timestamp())), body)
    posts = list(caller.desk.texts(text))
    for _ in range(_REPLAYS):
        statuses[caller.post(f"{caller.url}/hooks/sendgrid", body, signed)] += 1
        statuses.update(caller.send(post) for post in posts)
    stage.until(lambda: unread(stage.house) == 0, 60, "the replays are read")
    after = _everything(stage)
    for table in ("messages", "provider_events", "suppressions", "consents"):
        stage.expect(before[table] == after[table], f"no replay changes {table}")
    return statuses.total(), ", ".join(map(str, sorted(statuses)))


def _everything(stage: Stage) -> dict[str, Any]:
    """What a report could change."""
    with stage.house.store() as store, store.read() as tx:
        m = messages.c
        query = select(m.id, m.state, m.delivery, m.delivery_rank, m.provider_ref)
        rows = sorted(tuple(row) for row in tx.execute(query))

        def many(table: Table) -> int:
            return int(tx.scalar(select(func.count()).select_from(table)) or 0)

        counted = {
            t.name: many(t) for t in (inbox, provider_events, suppressions, consents)
        }
        return {"messages": rows, **counted}


def _few(answers: Counter[tuple[str, int]]) -> str:
    wrong = {k: n for k, n in answers.items() if not 400 <= k[1] < 500}
    return ", ".join(
        f"{what}: {status} ×{n}" for (what, status), n in list(wrong.items())[:4]
    )
