"""What we send fits the providers' own published descriptions of their APIs, where those are at hand."""

import base64
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftercart.channels import Sender
from aftercart.channels.sendgrid import SendGrid
from aftercart.settings import Settings
from tests.channels.stage import clock, mail, text

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "specs"


#: Described as a string at this one place; the text beside it, the helpers and the API say object.
KNOWN = ["$.custom_args: not string"]


def spec(name: str) -> dict[str, Any]:
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the checkout")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def complaints(
    value: Any, schema: dict[str, Any], root: dict[str, Any], where: str = "$"
) -> Iterator[str]:
    """Where a value breaks the part of JSON Schema that these descriptions use. A property that is not described counts, too."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    if value is None and schema.get("nullable"):
        return
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool}
    kind = kinds.get(schema.get("type", ""))
    if kind and not isinstance(value, kind):
        yield f"{where}: not {schema['type']}"
        return
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{where}: too short"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{where}: too long"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is not one of {schema['enum']}"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{where}: does not match"
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{where}: too many"
        for n, item in enumerate(value):
            yield from complaints(item, schema.get("items", {}), root, f"{where}.{n}")
    if isinstance(value, dict) and "properties" in schema:
        for name in set(schema.get("required", [])) - set(value):
            yield f"{where}: {name} is missing"
        for name, item in value.items():
            if name not in schema["properties"]:
                yield f"{where}: {name} is not described"
                continue
            inner = schema["properties"][name]
            yield from complaints(item, inner, root, f"{where}.{name}")


def test_a_mail_fits_sendgrids_description(settings: Settings) -> None:
    root = spec("tsg_mail_v3.json")
    body = root["components"]["requestBodies"]["PostMailSend"]
    schema = body["content"]["application/json"]["schema"]
    letter = mail(headers={"List-Unsubscribe": "<https://meadow.example/u/t>"})

    payload = SendGrid(settings, clock).payload(letter)

    assert list(complaints(payload, schema, root)) == KNOWN


def test_the_check_itself_would_notice(settings: Settings) -> None:
    root = spec("tsg_mail_v3.json")
    body = root["components"]["requestBodies"]["PostMailSend"]
    schema = body["content"]["application/json"]["schema"]
    payload = SendGrid(settings, clock).payload(mail())
    payload["subjekt"] = payload.pop("subject")
    payload["categories"] = "one"
    del payload["from"]

    assert set(complaints(payload, schema, root)) - set(KNOWN) == {
        "$: from is missing",
        "$: subjekt is not described",
        "$.categories: not array",
    }


def test_what_we_send_and_what_the_sandbox_answers_fit_twilios_description(
    sms: Sender, settings: Settings
) -> None:
    root = spec("twilio_messages_only.json")
    account = settings.twilio_account_sid
    url = f"{settings.twilio_base_url}/2010-04-01/Accounts/{account}/Messages.json"
    pair = f"{account}:{settings.twilio_auth_token}"
    basic = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    schema = root["components"]["schemas"]["api.v2010.account.message"]

    sms.send([text("+12015550100")])
    request = urllib.request.Request(f"{url}?To=%2B12015550100", headers=basic)
    with urllib.request.urlopen(request) as answer:
        [message] = json.load(answer)["messages"]

    assert list(complaints(message, schema, root)) == []
    assert (message["to"], message["status"]) == ("+12015550100", "delivered")
