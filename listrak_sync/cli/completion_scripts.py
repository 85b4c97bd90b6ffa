"""The scripts by which shells complete our command lines, and where they belong."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from listrak_sync.cli.completion import ASKED
from listrak_sync.errors import OutputError, UsageError

_BASH: Final = f"""\
# Completes listrak-sync in bash.
_listrak_sync() {{
    local line current=${{COMP_WORDS[COMP_CWORD]}} spaces=
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
        [[ $line == *" "* ]] && spaces=1
    done < <({ASKED}=bash "$1" "${{COMP_WORDS[@]:1:COMP_CWORD}}" 2>/dev/null)
    # bash quotes what it takes for names of files
    if [[ $spaces ]]; then compopt -o filenames 2>/dev/null; fi
}}
complete -o bashdefault -o default -F _listrak_sync listrak-sync
"""

_ZSH: Final = f"""\
#compdef listrak-sync
# Completes listrak-sync in zsh.
_listrak_sync() {{
    local line value
    local -a given found
    given=("${{(@Q)words[2,CURRENT]}}")
    {ASKED}=zsh "${{words[1]}}" "${{(@)given}}" 2>/dev/null | while IFS= read -r line; do
        value=${{line%%$'\\t'*}}
        if [[ $line == *$'\\t'* ]]; then
            found+=("${{value//:/\\\\:}}:${{line#*$'\\t'}}")
        else
            found+=("${{value//:/\\\\:}}")
        fi
    done
    [[ ${{words[CURRENT]}} == --*=* ]] && compset -P '*='
    if (( ! ${{#found}} )); then
        _files
    elif [[ $PREFIX == -* ]]; then
        _describe -o '' found
    else
        _describe '' found
    fi
}}
if [[ ${{funcstack[1]}} == _listrak_sync || ${{funcstack[1]}} == _listrak-sync ]]; then
    _listrak_sync "$@"
else
    compdef _listrak_sync listrak-sync
fi
"""

_FISH: Final = f"""\
# Completes listrak-sync in fish.
function __listrak_sync_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (env {ASKED}=fish $words[1] $words[2..-1] 2>/dev/null)
    set -l current (commandline -ct)
    if test (count $found) -eq 0
        __fish_complete_path (string replace -r -- '^--[^=]*=' '' $current)
    else if string match -q -r -- '^--[^=]*=' $current
        string join \\n -- (string match -r -- '^--[^=]*=' $current)$found
    else
        string join \\n -- $found
    end
end
complete -c listrak-sync -f -a '(__listrak_sync_complete)'
"""


@dataclass(frozen=True, slots=True)
class _Shell:
    """A shell's script, where it belongs, and the lines that its settings need, in which file."""

    script: str
    path: str
    settings: str = ""
    lines: tuple[str, ...] = ()


SHELLS: Final = {
    "bash": _Shell(
        _BASH,
        ".local/share/listrak-sync/completion.bash",
        ".bashrc",
        ('. "$HOME/.local/share/listrak-sync/completion.bash"',),
    ),
    "zsh": _Shell(
        _ZSH,
        ".local/share/listrak-sync/zsh/_listrak-sync",
        ".zshrc",
        (
            'fpath=("$HOME/.local/share/listrak-sync/zsh" $fpath)',
            "autoload -Uz compinit && compinit",
        ),
    ),
    "fish": _Shell(_FISH, ".config/fish/completions/listrak-sync.fish"),
}


def script_of(shell: str) -> str:
    """Return the script of a shell; `auto` is the one that we were started from."""
    return SHELLS[_named(shell)].script


def install(shell: str) -> list[str]:
    """Write the script of a shell, and have its settings read it; return what was done.

    Raises OutputError, or UsageError for a shell that we do not know.
    """
    name = _named(shell)
    wanted, home = SHELLS[name], Path.home()
    path, done = home / wanted.path, list[str]()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted.script, "utf-8")
        done.append(f"{path}: written")
        if wanted.lines:
            settings = home / wanted.settings
            before = settings.read_text("utf-8") if settings.exists() else ""
            missing = [line for line in wanted.lines if line not in before.splitlines()]
            if missing:
                gap = "" if not before or before.endswith("\n") else "\n"
                with settings.open("a", encoding="utf-8") as file:
                    file.write(gap + "".join(f"{line}\n" for line in missing))
                done.append(
                    f"{settings}: {len(missing)} lines added"
                    if len(missing) > 1
                    else f"{settings}: a line added"
                )
    except (OSError, UnicodeDecodeError) as error:
        hint = f"Print the script with --show-completion {name}, and put it where {name} reads it."
        raise OutputError(f"{path}: {error}", hint) from error
    return [*done, f"A new {name} completes listrak-sync."]


def _named(shell: str) -> str:
    name = Path(os.environ.get("SHELL", "")).name if shell == "auto" else shell
    if name not in SHELLS:
        what = f"{name!r} is not a shell that can complete" if name else "SHELL names no shell"
        raise UsageError(what, f"Name one: {', '.join(SHELLS)}.")
    return name
