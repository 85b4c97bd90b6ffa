"""The command for Spark without Spark; what it does with it is tested in tests/spark."""

from __future__ import annotations

import sys

import pytest

from listrak_sync.cli import program


@pytest.mark.parametrize("missing", ["pandas", "pyarrow", "pyspark"])
def test_not_installed(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where something is not installed, the message says how it is."""
    for name in ("pandas", "pyarrow", "pyspark"):
        monkeypatch.setitem(sys.modules, name, None if name == missing else sys)
    with pytest.raises(SystemExit) as ended:
        program(args=["spark", "in", "--to", "out"])
    assert ended.value.code == 3
    assert capsys.readouterr().err == (
        f"error: {missing} is not installed\nInstall it with: pip install 'listrak-sync[spark]'\n"
    )
