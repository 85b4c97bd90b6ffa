"""The page of a run can be read by everybody, and nothing in it acts."""

from __future__ import annotations

import functools
import json
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from listrak_sync.batching.batches import PROFILE_FIELDS, Batch
from listrak_sync.batching.window import Contact
from listrak_sync.delivery.imports import Applied
from listrak_sync.delivery.receipts import AcceptedBatch, RefusedBatch
from listrak_sync.errors import OutputError, UsageError
from listrak_sync.evaluation.explain import Funnel, FunnelStep
from listrak_sync.events.rejects import Reject
from listrak_sync.reasons import Reason
from listrak_sync.report.counts import Report
from listrak_sync.report.page import check_page, page, write_page
from listrak_sync.report.page_words import outcome, reason_words
from listrak_sync.report.record import LastRun, RunRecord
from listrak_sync.report.reject_samples import RejectSamples
from tests.processes import clean_environment

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = (
    "<script>top.hit=1</script>",
    '"><img src=x onerror="top.hit=1">',
    "{{ 7 * 7 }}</style></title>",
    "\u202egnp.exe\u0000\u001b[31m",
    "x" * 300,
    "ünïcode 名前 😀",
)
PROBE = """<!doctype html><meta charset="utf-8"><body><script>
window.hit = 0; const found = [];
async function look(width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:900px;border:0`;
  const loaded = new Promise(done => frame.onload = done);
  frame.src = "report.html"; document.body.append(frame); await loaded;
  const inside = frame.contentDocument, root = inside.documentElement;
  const wide = [...inside.body.querySelectorAll("*")].filter(
    each => each.getBoundingClientRect().right > width + 0.5).map(each => each.outerHTML);
  found.push({width, scroll: root.scrollWidth, wide, text: inside.body.innerText.length,
    active: inside.querySelectorAll("script, img, iframe, object, a, form, link").length});
}
(async () => { await look(360); await look(1280);
  document.body.textContent = JSON.stringify({hit: window.hit, found}); })();
</script>"""


def record() -> RunRecord:
    """Return a record in which everything that a page shows occurs, under hostile names."""
    names = [*HOSTILE]
    report = Report(names, run="20261201T021500-1a2b3c", mapping_files=HOSTILE, inputs=HOSTILE * 3)
    report.lines, report.matched_lines, report.seconds = 1_234_567, 1_000_000, 4000.5
    report.skipped[Reason.NO_MAPPING_MATCHED] = 234_000
    report.warnings = HOSTILE
    contacts = (Contact(7, HOSTILE[0], ((789, "on"),), (0,), 0, 1),) * 3
    batch = Batch(7, PROFILE_FIELDS, b"[]", contacts)
    report.count_receipt(AcceptedBatch(batch, ("1", HOSTILE[1])))
    report.count_receipt(RefusedBatch(batch, Reason.REFUSED_BY_LISTRAK, HOSTILE[1]))
    for index, name in enumerate(names):
        report.matched[index] = 10 ** (index + 1)
        report.values_of[index].on, report.values_of[index].off = 60 * index, 40
        report.rejected[Reason.INVALID_EMAIL] += 2
        report.rejected_of.setdefault(name, report.rejected.copy())
        report.lists[7].fields[789 + index].add("on", 10 * index)
        report.lists[7].fields[789 + index].add(HOSTILE[0], 3)
    report.field_names = dict(enumerate(names, 789))
    report.applied[7] = Applied(ended=1, running=1, applied=2)
    steps = tuple(FunnelStep(name, "m.yaml:3:5", 3) for name in names)
    report.funnels, report.explained_lines = (Funnel(names[0], 9, steps),), 1000
    on = {names[0]: 0, names[1]: 50, names[2]: 120}
    report.last_run = LastRun(HOSTILE[0], "2026-11-30T02:15:00Z", on, on)
    return report.record("push", 6, HOSTILE[1])


def samples() -> RejectSamples:
    """Return samples of rejects with hostile places, details and lines."""
    kept = RejectSamples(3)
    for text in HOSTILE * 2:
        content = text.encode() * 9
        kept.add(Reject(Reason.INVALID_EMAIL, text, text, 3, text, content))
    return kept


def test_what_it_says() -> None:
    """The page names what ran, counts by audience and list, the change, and reasons in words."""
    text = page(record(), samples())
    assert "Done, but some lines or contacts were rejected." in text
    assert "1,234,567" in text
    assert "<code>20261201T021500-1a2b3c</code>" in text
    assert "for 1 h 6 min" in text
    assert "+10 (+20.0%)" in text
    assert "as before" in text
    assert "Events with an e-mail address that is not valid: 12" in text
    assert text.count("<li>") == 3 + 1
    assert "details::details-content { content-visibility: visible" in text  # printed as well
    assert "keep it as carefully" in text
    assert len(text) < 200_000


def test_without_samples() -> None:
    """Without samples, no address of a contact and no line is on the page."""
    text = page(record(), RejectSamples(0))
    assert "<details" not in text
    assert "keep it as carefully" not in text
    assert RejectSamples(2).of("x") == []


def test_nothing_acts() -> None:
    """Names stay text: none becomes markup, and no character of them turns the page around."""
    text = page(record(), samples())
    for hostile in ("<script", "<img", "\u202e", "\x1b", "\x00", "49</style>"):
        assert hostile not in text
    assert "&lt;script&gt;" in text
    assert "Content-Security-Policy" in text
    assert not re.search(r"<[a-z][^>]* (?:src|href)=", text)


@pytest.mark.parametrize("command", ["push", "dry-run", "plan"])
def test_nothing_happened(command: str) -> None:
    """A run that did nothing has a page as well."""
    text = page(Report([]).record(command, 0, None), RejectSamples(9))
    assert "No mapping took part." in text
    assert "Every line was used." in text


def test_words() -> None:
    """Every reason and every status has words of its own."""
    words = [reason_words(reason) for reason in Reason]
    assert len(set(words)) == len(words)
    assert not set(words) & set(Reason)
    assert reason_words("a_later_reason") == "a_later_reason"
    assert outcome(99) == "Ended with status 99."


def test_the_file(tmp_path: Path) -> None:
    """Only its owner can read it, it replaces an earlier page whole, and nothing else."""
    path = tmp_path / "r.html"
    check_page(path)
    for _ in range(2):
        write_page(path, record(), samples())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        check_page(path)
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]
    (tmp_path / "other.html").write_text("<!doctype html><p>mine")
    for name in ("other.html", ".", "none/r.html", "/dev/null"):
        with pytest.raises(UsageError):
            check_page(tmp_path / name)
    with pytest.raises(OutputError):
        write_page(tmp_path / "none" / "r.html", record())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield its address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.outside
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium: apt-get install chromium")
def test_in_a_browser(tmp_path: Path) -> None:
    """In a browser nothing is cut off on a phone or a desk, nothing acts, and nothing is wrong."""
    write_page(tmp_path / "report.html", record(), samples())
    (tmp_path / "probe.html").write_text(PROBE, "utf-8")
    assert BROWSER is not None
    with served(tmp_path) as address:
        ended = subprocess.run(
            [
                BROWSER,
                "--headless",
                "--no-sandbox",  # the tests may be run by root
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--enable-logging=stderr",
                f"--user-data-dir={tmp_path / 'profile'}",
                "--virtual-time-budget=5000",
                "--window-size=1400,1000",
                "--dump-dom",
                f"{address}/probe.html",
            ],
            env=clean_environment() | {"HOME": str(tmp_path)},
            capture_output=True,
            timeout=120,
            check=True,
        )
    assert [line for line in ended.stderr.decode().splitlines() if "CONSOLE" in line] == []
    shown = re.search(r"<body>(.*)</body>", ended.stdout.decode(), re.DOTALL)
    assert shown is not None
    looked = json.loads(shown[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert looked["hit"] == 0
    for each in looked["found"]:
        assert each["scroll"] <= each["width"]
        assert each["wide"] == []
        assert each["active"] == 0
        assert each["text"] > 1000


def test_a_record_read_back() -> None:
    """The page of a record from the journal is that of the run."""
    made = record()
    read = msgspec.json.decode(msgspec.json.encode(made), type=RunRecord)
    assert page(read, samples()) == page(made, samples())
