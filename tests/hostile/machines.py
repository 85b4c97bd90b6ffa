"""Attacks by the machine: limits, workers, outputs, surroundings."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from listrak_sync.sandbox import Sandbox
from tests.hostile.attack import Attack
from tests.hostile.feeds import JOURNAL, feed, finish, push, set_up
from tests.hostile.ground import Ground, Running

MEGABYTE: Final = 1 << 20
LIMITS: Final = (
    *((resource.RLIMIT_NOFILE, most) for most in range(5, 33, 2)),
    *((resource.RLIMIT_AS, most * MEGABYTE) for most in (70, 80, 90, 100, 120, 150, 200, 300)),
    *((resource.RLIMIT_FSIZE, most) for most in (0, 1, 60, 500, 4095, 4096, 8192, 20_000)),
    *((resource.RLIMIT_FSIZE, most) for most in range(24_000, 80_000, 8192)),
)


def limits(ground: Ground) -> None:
    """Run with few descriptors, little memory or a full disk; then carry on without limits."""
    given = feed(ground.random)
    expected = set_up(ground, given)
    kind, most = LIMITS[ground.number % len(LIMITS)]
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        page = ("--report", "private/page.html", "--metrics-file", "metrics.prom")
        jobs = ("--jobs", ground.random.choice("12"))
        ground.faults += 1
        running = ground.start(*push(given, *page, *jobs), limits={kind: most})
        running.process.wait(90)
        if not _is_before_us(running):
            ground.end(running, allowed={0, 2, 3, 5, 6})
        ground.run("runs", "--json", *JOURNAL, allowed={0, 3}, limits={kind: most})
        finish(ground, given)
        ground.check_values(sandbox.values(), expected)


def _is_before_us(running: Running) -> bool:
    """Say whether Python itself could not start: no line of ours is in its traceback."""
    told = running.err.read_text(errors="replace")
    return ("listrak_sync/" not in told and "Traceback" in told) or "Fatal Python" in told


def workers(ground: Ground) -> None:
    """Kill or stop one of the processes that evaluate."""
    random = ground.random
    given = feed(random, events=100, contacts=30)
    expected = set_up(ground, given)
    ground.write("e.ndjson", given.text * 3000)
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        way = push(given, "--jobs", "2", "--window", "1000")
        running = ground.start(*way)
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
        ground.until(lambda: len(_read(children).split()) == 2 or not running.is_running())
        time.sleep(random.uniform(0.0, 0.8))
        found = [int(each) for each in _read(children).split()]
        is_killed = ground.number % 2 == 0
        for child in random.sample(found, k=min(len(found), 1)):
            os.kill(child, signal.SIGKILL if is_killed else signal.SIGSTOP)
            ground.faults += 1
        if is_killed:
            ground.end(running, allowed={0, 3})
        else:
            ground.end(running, stalls=8, allowed={0, 130, 143})
            for child in found:
                _signal(child, signal.SIGCONT)
        ground.until(lambda: not any(_is_alive(child) for child in found), 20)
        if ground.has_run():
            finish(ground, given)
        else:
            ground.run(*way, allowed={0})
        ground.check_values(sandbox.values(), expected)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def _is_alive(process: int) -> bool:
    state = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()[:1]
    return bool(state) and state != ["Z"]


TARGETS: Final[tuple[Callable[[Path], object] | str, ...]] = (
    # No device or other path of the machine: whoever runs this as root would lose it to a mistake.
    *("nowhere/x", "", "x" * 300, "e.ndjson", "m.yaml", "secret", "-"),
    *("private/journal", "private/journal.lock", "private/journal-wal", "."),
    Path.mkdir,
    os.mkfifo,
    lambda path: path.symlink_to("e.ndjson"),
    lambda path: path.symlink_to(path),
    lambda path: path.write_bytes(b"not ours\n"),
)


def outputs(ground: Ground) -> None:
    """Write to what cannot be written, or must not: the run's own files stay as they are."""
    given = feed(ground.random, events=20)
    set_up(ground, given)
    ground.write("secret", ground.environment.pop("LISTRAK_CLIENT_SECRET")).chmod(0o600)
    target = TARGETS[ground.number % len(TARGETS)]
    name = target if isinstance(target, str) else "odd"
    if not isinstance(target, str):
        target(ground.folder / "odd")
    inputs = [ground.folder / each for each in ("e.ndjson", "m.yaml", "secret")]
    before = [each.read_bytes() for each in inputs]
    secret = ("--client-secret-file", "secret")
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        for option in ("--rejects", "--report", "--metrics-file", "--journal"):
            ground.faults += 1
            ground.run(*push(given, *secret, "--force", option, name), stalls=6.0)
            assert before == [each.read_bytes() for each in inputs], f"{option} {name} broke a file"
        ground.run("mapping", "test", "m.yaml", "--junit", name, stalls=6.0)
        ground.run("mapping", "import", "m.yaml", "-o", name, "--force", stalls=6.0)
        assert before[:1] == [inputs[0].read_bytes()]
    ground.environment["LISTRAK_CLIENT_SECRET"] = "sandbox"
    for each in ground.private.iterdir():
        if each.is_fifo() or each.is_dir():
            each.unlink() if each.is_fifo() else each.rmdir()


AROUND: Final[tuple[dict[str, str], ...]] = (
    *({"HOME": each} for each in ("/dev/null", "/proc/nowhere", "relative")),
    *({"XDG_STATE_HOME": each} for each in ("/dev/full", "relative", "/proc/1/x")),
    *({"COLUMNS": each} for each in ("0", "-1", "1", "x", "9" * 30)),
    *({"TERM": each} for each in ("", "dumb", "\x1b")),
    *({"TZ": each} for each in ("Nowhere/No", ":/dev/full", "X" * 5000)),
    *({"LANG": each, "LC_ALL": each} for each in ("C", "xx_XX.UTF-7", "de_DE.ISO-8859-1")),
    *({"TMPDIR": each} for each in ("/dev/full", "/proc")),
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "0", "LC_ALL": "C"},
    {"SSL_CERT_FILE": "/dev/zero"},
    {"HTTP_PROXY": "socks9://x", "ALL_PROXY": "http://[::"},
    {"LISTRAK_CLIENT_ID": "\udcff\r\n"},
    {"LISTRAK_API_URL": "http://127.0.0.1:99999/"},
    {"LISTRAK_SYNC_MAPPING": "\udcff"},
    {"NO_COLOR": "1", "FORCE_COLOR": "1"},
)


def surroundings(ground: Ground) -> None:
    """Run in odd surroundings, and without standard streams or a working directory."""
    given = feed(ground.random, events=20)
    set_up(ground, given)
    around = AROUND[ground.number % len(AROUND)]
    ground.faults += 1
    with Sandbox(given.account()) as sandbox:
        ground.reach(sandbox)
        base = ("push", "e.ndjson", "-m", "m.yaml")
        for way in (base, ("runs",), ("dry-run", *base[1:], "--explain"), ("push", "--resume")):
            ground.run(*way, changed=around, stalls=9.0)
        words = ground.random.choices(WORDS, k=ground.random.randrange(6))
        for shell in ("bash", "zsh", "fish", "x"):
            asked = around | {"_LISTRAK_SYNC_COMPLETE": shell, "COMP_WORDBREAKS": "\0"[:0]}
            ground.run(*words, changed=asked, allowed={0, 2, 3})
    closed = ground.number % 8
    redirected = " ".join(f"{n}>&-" if n else "0<&-" for n in range(3) if closed >> n & 1)
    where = "cd gone; rmdir ../gone; " if ground.number % 2 else ""
    (ground.folder / "gone").mkdir()
    script = f'{where}exec "$@" {redirected}'
    full = ("bash", "-c", script, "x", *COMMAND_LINE, str(ground.folder / "e.ndjson"))
    ran = subprocess.run(
        [*full, "-m", str(ground.folder / "m.yaml")],
        cwd=ground.folder,
        env=ground.environment,
        capture_output=True,
        timeout=90,
        check=False,
    )
    assert ran.returncode in {0, 2, 3}, ran
    assert b"Traceback" not in ran.stderr, ran.stderr


WORDS: Final = (
    *("push", "--", "-", "", "'", '"', "\\", "--resume", "--journal", "nowhere", "--mapping", "="),
    *(
        "--mapping=",
        "m.yaml",
        "--only",
        "\udcff",
        "\x1b[31m",
        "runs",
        "show",
        "--format",
        "x" * 9999,
    ),
)
COMMAND_LINE: Final = (str(Path(os.sys.executable).parent / "listrak-sync"), "dry-run")  # type: ignore[attr-defined]

ATTACKS: Final = (
    Attack("machine", "limits", len(LIMITS), limits),
    Attack("machine", "workers", 16, workers),
    Attack("machine", "outputs", len(TARGETS), outputs),
    Attack("machine", "surroundings", len(AROUND), surroundings),
)
