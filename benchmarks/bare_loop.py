"""The limit: render the same values with the same template, post the same JSON over one kept TLS connection, and nothing else.

`python -m benchmarks.bare_loop VALUES PORT` prints the seconds that it took.
"""

import http.client
import sys
import time
from pathlib import Path

import orjson

from aftercart.model import Channel
from aftercart.rendering import Renderer

_SHARED = {
    "from": {"email": "hello@shop.example"},
    "categories": ["recipe-follow-up"],
    "tracking_settings": {"open_tracking": {"enable": False}},
}


def main(values_file: Path, port: int) -> None:
    """Sends one e-mail for each line of the file."""
    lines = values_file.read_bytes().splitlines()
    renderer = Renderer(Path("templates"))
    template = renderer.template("recipe-follow-up")
    connection = http.client.HTTPSConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    renderer.render(
        template, Channel.EMAIL, orjson.loads(lines[0])
    )  # compiled before the clock starts
    begun = time.perf_counter()
    for number, line in enumerate(lines):
        rendered = renderer.render(template, Channel.EMAIL, orjson.loads(line))
        body = orjson.dumps(
            {
                **_SHARED,
                "personalizations": [{"to": [{"email": f"{number}@shop.example"}]}],
                "custom_args": {"mid": str(number)},
                "subject": rendered.subject,
                "content": [
                    {"type": "text/plain", "value": rendered.text},
                    {"type": "text/html", "value": rendered.html},
                ],
                "headers": {"List-Unsubscribe": "<https://shop.example/u/x>"},
            }
        )
        connection.request("POST", "/v3/mail/send", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 202:
            raise SystemExit(f"the sink answered {answer.status}")
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
