"""The runbook, and what the READMEs tell people to run: read back from the code, in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from stroke_map.cli import cli
from stroke_map.live.accounts import read_standing

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh-CN.md")
PARTS = {
    "README.md": ("Seen", "By itself", "You"),
    "README.zh-CN.md": ("现象", "系统自己会", "您要做"),
}


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def entries_of(name):
    """What the runbook says, by anchor."""
    _, *entries = re.split(r'(?m)^<a id="(when-[^"]+)"></a>\n', text_of(name))
    # The next chapter follows the last of them.
    return {anchor: text.split("\n## ")[0] for anchor, text in zip(entries[::2], entries[1::2], strict=True)}


def test_the_runbook_has_the_same_entries_in_both_languages_and_lists_them():
    english, chinese = map(entries_of, READMES)
    assert list(english) == list(chinese)
    assert len(english) > 20
    for name in READMES:
        listed = text_of(name).split("](#when-server-down)")[1].split("<a id=")[0]
        assert re.findall(r"\]\(#(when-[^)]+)\)", f"](#when-server-down){listed}") == list(english)


@pytest.mark.parametrize("name", READMES)
def test_each_entry_says_what_is_seen_what_happens_by_itself_and_what_to_do(name):
    for anchor, text in entries_of(name).items():
        told = re.findall(r"(?m)^\* \*\*([^:：*]+)[:：]\*\* \S", text)
        assert tuple(told) == PARTS[name], anchor
        # Something to run, or where to read on.
        assert re.search(r"`[^`]+`|\]\(", text.split(f"**{PARTS[name][2]}")[1]), anchor


@pytest.mark.parametrize("name", READMES)
def test_whatever_readyz_complains_of_stands_in_the_runbook(name):
    rooms = [ROOT / "stroke_map" / "web" / file for file in ("readiness.py", "counts.py", "health_api.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in rooms if path.exists())
    codes = set(re.findall(r'"((?:clock|deliveries|disk|live-state|memory|worker|workers)-[a-z-]+)"', source))
    codes |= {"edition-damaged", "edition-expiring", "edition-expired", "no-edition"}
    assert {"deliveries-dead", "deliveries-overdue"} <= codes
    told = "".join(entries_of(name).values())
    assert {code for code in codes if f"`{code}`" not in told} == set()


def test_links_of_alarms_lead_into_the_runbook():
    files = [path for path in (ROOT / "scripts" / "deploy").iterdir() if path.is_file()]
    linked = {
        anchor
        for path in files
        for anchor in re.findall(r"README[\w.-]*#(when-[\w-]+)", path.read_text(encoding="utf-8"))
    }
    assert linked <= set(entries_of("README.md"))


def told_commands(text):
    """Every `stroke-map ...` of the running text and of the examples."""
    spans = re.findall(r"`(stroke-map[^`]*)`", re.sub(r"(?ms)^```.*?^```", "", text))
    lines = [line for block in re.findall(r"(?ms)^```sh\n(.*?)^```", text) for line in block.splitlines()]
    spans += [line[line.index("stroke-map ") :] for line in lines if re.match(r"\s*(\w+=\S+ )*stroke-map ", line)]
    return spans


@pytest.mark.parametrize("name", [*READMES, "SECURITY.md", "CONTRIBUTING.md"])
def test_people_are_told_to_run_commands_and_options_that_there_are(name):
    told = told_commands(text_of(name))
    assert len(told) > (15 if name in READMES else 0)
    for text in told:
        _, *words = shlex.split(text.split(" > ")[0].split(" |")[0], comments=True)
        found: click.Command = cli
        while words and isinstance(found, click.Group) and words[0] in found.commands:
            found = found.commands[words.pop(0)]
        known = {option for param in found.params for option in (*param.opts, *param.secondary_opts)}
        known |= {"--help"} | ({"--version"} if found is cli else set())
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known, text
        if "--role" in words:
            read_standing(
                words[0], words[words.index("--role") + 1], "", "", ()
            )  # raises where nobody can be called so
        if isinstance(found, click.Group) and found is not cli:
            assert all(re.fullmatch(r"[\w-]+(\|[\w-]+)+", word) for word in words[:1]), text
