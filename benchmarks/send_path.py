"""How near to the limit is the send path? Due recipe e-mails drained through Redis and two workers, beside a bare loop.

`make bench` (or `python -m benchmarks.send_path --count 10000 --database postgresql|sqlite`). Everything on this machine:
the sink that plays SendGrid takes its share of the same cores, for both sides alike.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path

import orjson
from sqlalchemy import func, select

from aftercart import delivering, deployment, planning
from aftercart.model import State
from aftercart.runtime import Runtime, open_runtime, wall_clock
from aftercart.settings import PREFIX, Settings
from aftercart.store.tables import bells, messages, renditions
from benchmarks import certificate, processes, stocking
from tests.servers import Postgres, Redis, free_port

WORKERS = 2
#: Batches that go ahead and are not counted.
WARM_UP = 8
RESULTS = Path("benchmarks/results.json")


def main() -> None:
    """Prints the figures and writes them to benchmarks/results.json."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=10_000)
    asked.add_argument(
        "--database", choices=["postgresql", "sqlite"], default="postgresql"
    )
    asked.add_argument("--runs", type=int, default=5)
    options = asked.parse_args()
    redis = Redis()
    redis.start()
    # one for all runs: a process keeps the certificates that it trusts
    keys = tempfile.TemporaryDirectory()
    trusted = certificate.write(Path(keys.name))
    os.environ["SSL_CERT_FILE"] = str(trusted)
    try:
        runs = [
            _run(options.count, options.database, redis, trusted)
            for _ in range(options.runs)
        ]
    finally:
        redis.stop()
        keys.cleanup()
    for run in runs:
        print(orjson.dumps(run).decode())
    run = sorted(runs, key=lambda r: r["ratio"])[len(runs) // 2]
    print(
        f"{run['messages']:,} e-mails: {run['per_second']:,} a second with {WORKERS} workers over {options.database}, "
        f"bare loop {run['bare_per_second']:,} a second, ratio {run['ratio']:.2f} (the middle of {len(runs)} runs); "
        f"CPU {run['cpu_per_1000']:.2f} s per 1,000 and {run['database_cpu_per_1000']:.2f} s of the database "
        f"(bare {run['bare_cpu_per_1000']:.2f}), workers' peak {run['peak_mb']:.0f} MB"
    )
    RESULTS.write_bytes(orjson.dumps({"send_path": runs}, option=orjson.OPT_INDENT_2))


def _run(count: int, database: str, redis: Redis, trusted: Path) -> dict[str, float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        sink = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink", str(port), str(trusted)]
        )
        stack.callback(_end, sink)
        url, server = _database(database, folder, stack)
        settings = Settings(
            database_url=url,
            broker_url=redis.url,
            secret_key="a benchmark signs for nobody",
            email="sendgrid",
            sendgrid_api_key="SG.sink",
            sendgrid_base_url=f"https://127.0.0.1:{port}",
            outbox=str(folder / "outbox.ndjson"),
        )
        os.environ[f"{PREFIX}BROKER_URL"] = redis.url
        rt = open_runtime(settings)
        stack.callback(rt.close)
        ahead = WARM_UP * planning.BATCH
        stocking.stock(rt, count + ahead)
        begun = time.perf_counter()
        batches = []
        while more := planning.plan(rt):
            batches += more
        planned = time.perf_counter() - begun
        # The bare loop before and after, and the better of the two: the machine's speed drifts.
        delivering.deliver(rt, batches[0].ids)
        first = _bare(_values(rt, folder, count), port)
        before = processes.cpu(processes.family(server))
        drained, cpu, peak = _drain(
            settings, rt, batches[1:], counted=count // planning.BATCH
        )
        database_cpu = processes.cpu(processes.family(server)) - before
        if (sent := _accepted(rt)) < count + ahead:
            raise SystemExit(f"only {sent:,} of {count + ahead:,} were accepted")
        second = _bare(_values(rt, folder, count), port)
        bare, bare_cpu = min(first, second)
    return {
        "messages": count,
        "database": database,
        "planned_per_second": round((count + ahead) / planned),
        "per_second": round(count / drained),
        "bare_per_second": round(count / bare),
        "ratio": round(bare / drained, 3),
        "cpu_per_1000": round(1000 * cpu / count, 3),
        "database_cpu_per_1000": round(1000 * database_cpu / (count + ahead), 3),
        "bare_cpu_per_1000": round(1000 * bare_cpu / count, 3),
        "peak_mb": round(peak, 1),
    }


def _database(kind: str, folder: Path, stack: ExitStack) -> tuple[str, int]:
    """Its URL, and its server's process; 0 where it has none."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'bench.db'}", 0
    postgres = Postgres(durable=True)
    postgres.start()
    stack.callback(postgres.stop)
    return postgres.url(postgres.database()), postgres.pid


def _drain(
    settings: Settings,
    rt: Runtime,
    batches: list[planning.Ringing],
    *,
    counted: int,
) -> tuple[float, float, float]:
    """Seconds and workers' CPU seconds from the first ring to the last acceptance, and their peak memory in MB.

    So many batches are counted, the last of them.

    The workers have opened their databases and compiled their templates before: a few batches go ahead.
    """
    workers = deployment.find("workers", root=Path())
    environ = {
        f"{PREFIX}{name.upper()}": str(value) for name, value in vars(settings).items()
    }
    with deployment.processes(WORKERS, root=Path(), environ=environ) as dramatiq:
        workers.ring(batches[:-counted])
        _wait(rt, left=counted * planning.BATCH)
        family = processes.family(dramatiq.pid)
        cpu, begun = processes.cpu(family), wall_clock()
        workers.ring(batches[-counted:])
        _wait(rt, left=0)
        drained = (_last_accepted(rt) - begun).total_seconds()
        cpu = processes.cpu(family) - cpu
        peak = sum(processes.peak_mb(pid) for pid in family)
    return drained, cpu, peak


def _wait(rt: Runtime, *, left: int) -> None:
    """Until so many are open; asks an index of the open ones, so that it costs next to nothing."""
    begun = time.perf_counter()
    while (still := _open(rt)) > left:
        if time.perf_counter() - begun > 120:
            raise SystemExit(f"{still:,} are left after 120 s")
        time.sleep(0.1)


def _open(rt: Runtime) -> int:
    with rt.store.read() as tx:
        query = select(func.count()).select_from(bells)
        return int(tx.scalar(query) or 0)


def _accepted(rt: Runtime) -> int:
    with rt.store.read() as tx:
        query = select(func.count()).where(messages.c.state == State.ACCEPTED)
        return int(tx.scalar(query) or 0)


def _last_accepted(rt: Runtime) -> datetime:
    with rt.store.read() as tx:
        at = messages.c.accepted_at
        return tx.scalars(select(func.max(at, type_=at.type))).one()


def _values(rt: Runtime, folder: Path, count: int) -> list[Path]:
    """What filled the templates, over and over up to so many, in one file for each process of the bare loop."""
    with rt.store.read() as tx:
        kept = list(tx.scalars(select(renditions.c["values"])))
    filled = list(islice(cycle(kept), count))
    files = []
    for number in range(WORKERS):
        path = folder / f"values-{number}.ndjson"
        path.write_bytes(b"\n".join(orjson.dumps(v) for v in filled[number::WORKERS]))
        files.append(path)
    return files


def _bare(values: list[Path], port: int) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    loops = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare_loop", str(path), str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for path in values
    ]
    seconds = max(float(loop.communicate(timeout=300)[0]) for loop in loops)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)


if __name__ == "__main__":
    main()
