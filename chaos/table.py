"""How is it told? A line for each scenario as it ends, then all of them, then the sums."""

from collections.abc import Sequence

from chaos.bench import Result

_HEAD = (
    f"{'scenario':<16}{'what happens':<66}{'due':>7}{'accepted':>9}{'lost':>6}"
    f"{'duplicate':>10}{'again':>6}{'unknown':>8}{'recovery':>9}  verdict"
)


def head() -> str:
    """What the columns are."""
    return f"{_HEAD}\n{'─' * len(_HEAD)}"


def line(result: Result) -> str:
    """One scenario, with every rule that it broke below it."""
    f, s = result.findings, result.scenario
    verdict = ("caught" if s.caught else "holds") if result.holds else "BROKEN"
    recovery = "-" if result.recovery is None else f"{result.recovery:.1f} s"
    told = (
        f"{s.name:<16}{s.sentence:<66}{f.due:>7,}{f.accepted:>9,}{f.lost:>6,}"
        f"{f.duplicate:>10,}{f.again:>6,}{f.unknown:>8,}{recovery:>9}  {verdict}"
    )
    notes = [f"{'':<16}  {f.note}"] if f.note else []
    broken = [f"{'':<16}- {words}" for words in result.broken]
    return "\n".join([told, *notes, *broken])


def table(results: Sequence[Result]) -> str:
    """All of them."""
    return "\n".join([head(), *map(line, results)])


def sums(results: Sequence[Result]) -> str:
    """The last line: what went wrong where nothing was broken on purpose."""
    real = [r.findings for r in results if not r.scenario.caught]
    lost, duplicate, unknown = (
        sum(getattr(f, name) for f in real) for name in ("lost", "duplicate", "unknown")
    )
    return f"lost {lost} duplicate {duplicate} unknown {unknown}"
