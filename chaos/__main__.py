"""`python -m chaos`: plays the scenarios, one after the other; exits with 1 where something did not hold."""

import argparse
import sys
import traceback
from pathlib import Path

import orjson

from aftercart.cli.showing import quiet_logs
from aftercart.spelling import did_you_mean
from chaos import bench, table
from chaos.bench import Result
from chaos.oracle import Findings
from chaos.registry import Scenario, scenarios

RESULTS = Path("chaos/results.json")


def main() -> int:
    """Prints a line for each scenario as it ends, the table, and the sums."""
    asked = argparse.ArgumentParser(prog="chaos", description=__doc__)
    asked.add_argument("--scenario", nargs="*", default=[], metavar="NAME")
    asked.add_argument("--size", type=int, default=2000, help="messages that are due")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--list", action="store_true", help="only name the scenarios")
    asked.add_argument("--keep", type=Path, help="leave databases and logs in there")
    options = asked.parse_args()
    quiet_logs()
    known = scenarios()
    for name in options.scenario:
        if name not in known:
            asked.error(
                f"there is no scenario {name}; {did_you_mean(name, known, most=40)}"
            )
    by_themselves = [name for name, one in known.items() if not one.alone]
    chosen = [known[name] for name in options.scenario or by_themselves]
    if options.list:
        for one in chosen:
            print(f"{one.name:<16}{one.sentence}")
        return 0
    print(f"size {options.size:,}, seed {options.seed}\n{table.head()}", flush=True)
    results = [
        _play(one, size=options.size, seed=options.seed, keep=options.keep)
        for one in chosen
    ]
    told = {"size": options.size, "seed": options.seed}
    told["scenarios"] = [result.as_json() for result in results]
    RESULTS.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    if len(results) > 1:
        print(f"\n{table.table(results)}")
    print(f"\n{table.sums(results)}")
    return 0 if all(result.holds for result in results) else 1


def _play(scenario: Scenario, *, size: int, seed: int, keep: Path | None) -> Result:
    folder = keep / scenario.name if keep else None
    try:
        result = bench.play(scenario, size=size, seed=seed, keep=folder)
    except Exception as error:
        # a bench that breaks has shown nothing; the other scenarios may
        traceback.print_exc()
        words = f"the bench broke: {type(error).__name__}: {error}"
        result = Result(scenario, Findings(due=size), broken=[words])
    print(table.line(result), flush=True)
    return result


if __name__ == "__main__":
    sys.exit(main())
