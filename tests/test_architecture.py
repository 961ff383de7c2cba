"""What a reader may rely on: who imports whom, what never looks outside, how long things are, and what only one place does."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("aftercart", "workers", "schedules")
#: Decide and know, and nothing else: they open nothing, ask no clock, and draw no lots.
PURE = (
    "policy",
    "forecasting",
    "composing",
    "shop",
    "campaigns",
    "intake",
    "conditions",
    "addresses",
    "sms",
    "links",
    "moments",
    "durations",
    "spelling",
    "handover",
    "model",
    "reasons",
    "errors",
)
OUTSIDE = frozenset(
    {"os", "time", "socket", "pathlib", "subprocess", "urllib", "random", "secrets"}
    | {"logging", "structlog", "asyncio", "threading", "tempfile"}
)
#: Who asks what time it is, and why.
CLOCKS = {
    "aftercart/runtime.py": "the clock of all verbs",
    "aftercart/cli/demonstrating.py": "a sandbox that stands alone has no runtime",
    "aftercart/sandbox/__init__.py": "when a request really came, beside the app's clock",
}
#: Who reads the environment, and why.
ENVIRONMENT = {
    "aftercart/runtime.py": "hands it to `settings.read`",
    "aftercart/cli/checking.py": "reports what is wrong with it, without opening anything",
    "aftercart/deployment.py": "passes it on to the processes that it starts",
}
#: The longest file and function, in lines; the migrations are written by a tool.
LINES, FUNCTION_LINES = 300, 50
GENERATED = "aftercart/store/migrations/versions"


def _files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """`(of what, name)` of every call of a method or a module's function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr


def _pure_files() -> list[Path]:
    found: list[Path] = []
    for name in PURE:
        package = ROOT / "aftercart" / name
        alone = package.with_suffix(".py")
        found += _files(f"aftercart/{name}") + ([alone] if alone.exists() else [])
    return found


def test_every_import_goes_down_the_house() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; "
               "raise SystemExit(lint_imports(no_cache=True))"]  # fmt: skip

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_pure_room_is_there() -> None:
    for name in PURE:
        room = ROOT / "aftercart" / name
        assert room.is_dir() or room.with_suffix(".py").exists(), name


@pytest.mark.parametrize("path", _pure_files(), ids=_name)
def test_the_pure_part_never_looks_outside(path: Path) -> None:
    tree = _tree(path)

    assert not OUTSIDE & set(_imported(tree))
    assert not {"now", "today", "utcnow"} & {name for _, name in _calls(tree)}
    assert not {"open", "print", "input"} & {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def test_no_import_of_our_own_hides_inside_a_function() -> None:
    hidden = {
        _name(path)
        for path in _files(*OURS)
        for function in _functions(_tree(path))
        if set(OURS) & set(_imported(function))
    }

    assert hidden == set()


def test_only_the_named_places_ask_what_time_it_is() -> None:
    asking = {
        _name(path)
        for path in _files(*OURS)
        for of, name in _calls(_tree(path))
        if (name in ("now", "today", "utcnow") and of in ("datetime", "date"))
        or (of, name) == ("time", "time")
    }

    assert asking == set(CLOCKS)


def test_only_the_named_places_read_the_environment() -> None:
    reading = {
        _name(path)
        for path in _files(*OURS)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    }

    assert reading == set(ENVIRONMENT)


def test_the_owners_data_folders_hold_no_python() -> None:
    assert _files("campaigns", "templates") == []


def test_no_file_is_longer_than_a_sitting() -> None:
    long = {
        _name(path): lines
        for path in _files(*OURS)
        if not _name(path).startswith(GENERATED)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{_name(path)}:{function.name}": lines
        for path in _files(*OURS)
        if not _name(path).startswith(GENERATED)
        for function in _functions(_tree(path))
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    }

    assert long == {}


def test_every_file_says_which_question_it_answers() -> None:
    silent = [
        _name(path)
        for path in _files(*OURS)
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(_tree(path))
    ]

    assert silent == []


def test_state_is_written_in_one_place() -> None:
    """Nothing but `transitions` moves a message once it is planned."""
    writers = {
        _name(path)
        for path in _files(*OURS)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "values"
        and "state" in {k.arg for k in node.keywords}
    }

    assert writers == {"aftercart/store/transitions.py"}
