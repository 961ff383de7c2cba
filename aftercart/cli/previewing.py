"""`aftercart preview`: what a customer would see, on paper, on a page that follows the files, or in a colleague's mailbox."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.panel import Panel
from rich.text import Text

from aftercart import previewing, rendering, sms, trying
from aftercart.cli.running import insist_on_port
from aftercart.cli.showing import out, quiet_logs
from aftercart.errors import InputError
from aftercart.model import Channel
from aftercart.previewing import Preview
from aftercart.runtime import Runtime, open_runtime, read_settings
from aftercart.shop import Shop
from aftercart.web import proof, watching

_HERE = "127.0.0.1"


def preview(
    campaign: Annotated[
        str, typer.Argument(help="A file of campaigns/, without .yaml")
    ],
    customer: Annotated[
        str | None, typer.Option(help="A customer's id; without one, sample words")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the HTML goes")] = Path(
        "var/preview"
    ),
    locale: Annotated[
        str, typer.Option(help="In this language: de, de-AT; default: the customer's")
    ] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="A page that follows the files")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of that page")] = 8026,
    send_to: Annotated[
        str, typer.Option(help="Send it to this address of the staff, marked [Test]")
    ] = "",
) -> None:
    """What a customer would see: HTML (as files), subject, preview line, text, SMS with its parts."""
    quiet_logs()
    if watch and send_to:
        raise InputError("--watch and --send-to do not go together; name one of them")
    rt = open_runtime(read_settings(), only=[campaign])
    try:
        if send_to:
            trying.recipient(rt, send_to)  # said before anything is shown
        if watch:
            _watch(rt, campaign, customer, locale, port)
            return
        rt.renderer = rendering.GuardedRenderer(
            rt.renderer.folder, locale=rt.renderer.locale
        )
        seen = previewing.preview(rt, campaign, customer_id=customer, locale=locale)
        _show(seen, campaign, folder, rt.shop)
        if send_to:
            provider = trying.send(rt, seen, campaign=campaign, to=send_to)
            out.print(
                f"sent to {send_to}, marked {trying.MARK!r}, by {provider}",
                markup=False,
            )
    finally:
        rt.close()


def _watch(
    rt: Runtime, campaign: str, customer: str | None, locale: str, port: int
) -> None:
    def look(rt: Runtime) -> list[Preview]:
        return previewing.preview(rt, campaign, customer_id=customer, locale=locale)

    insist_on_port(_HERE, port)
    out.print(f"preview  http://{_HERE}:{port}/   (Ctrl-C ends it)")
    app = watching.create_watch(rt, campaign, look)
    uvicorn.run(app, host=_HERE, port=port, log_level="warning", access_log=False)


def _show(seen: list[Preview], campaign: str, folder: Path, shop: Shop) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for shown in seen:
        if shown.channel is Channel.SMS:
            _show_sms(shown, shop)
            continue
        page = folder / f"{shown.template}.html"
        page.write_text(shown.rendered.html)
        title = f"e-mail · {shown.rendered.subject}"
        body = f"{shown.preview_text}\n\n{shown.rendered.text.strip()}"
        out.print(Panel(Text(body), title=Text(title), title_align="left", width=84))
        out.print(f"HTML, {page.stat().st_size / 1024:.0f} KB: {page}")
    whole = folder / f"{campaign}-everywhere.html"
    whole.write_text(proof.page(campaign, seen, shop=shop))
    out.print(f"desktop, phone, dark and text on one page: {whole}")


def _show_sms(shown: Preview, shop: Shop) -> None:
    cost = sms.measure(shown.rendered.text)
    title = f"SMS · {cost.parts} part(s), {cost.units} units, {cost.encoding}"
    out.print(
        Panel(Text(shown.rendered.text), title=title, title_align="left", width=64)
    )
    if price := proof.price(cost, shop):
        out.print(f"costs {price}", markup=False)
    for character, number, words in proof.instead(cost.culprits):
        out.print(
            f"{number} {character} makes it UCS-2: {words}",
            markup=False,
            soft_wrap=True,
        )
