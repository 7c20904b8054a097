"""`protocol`: show, check, explain, diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stroke_map.commands.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from stroke_map.protocols import Protocol

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CONDITION = click.argument("condition", type=click.Choice(["stroke", "chest_pain"]))
_region = click.option(
    "--region", type=_FILE, help="TOML file of a region's own values; without it, those of this package."
)


@click.group()
def protocol() -> None:
    """Show, check and try the rules that say which hospital is right for a patient."""


@protocol.command()
@_CONDITION
@_region
@as_json
def show(condition: str, region: Path | None, *, as_json: bool) -> None:
    """Print every value and rule of the protocol for CONDITION, with source and standing."""
    from stroke_map.protocols import load_protocol
    from stroke_map.protocols.comparing import as_text, every_value

    in_force = load_protocol(condition, region)
    if as_json:
        print_json(in_force.model_dump(mode="json") | {"sha256": in_force.sha256})
        return
    print_table(("VALUE", "IS", "SOURCE"), ((k, as_text(v), v.source) for k, v in every_value(in_force).items()))
    click.echo()
    rules = in_force.rules.items()
    print_table(
        ("RULE", "STANDING", "SENTENCE"), ((name, rule.status, in_force.sentences[name].en) for name, rule in rules)
    )
    say(_standing(in_force))


@protocol.command()
@click.argument("region", type=_FILE)
def check(region: Path) -> None:
    """Check the values that the file REGION sets for both conditions, and say which nobody has signed or verified yet."""
    from stroke_map.protocols import load_protocol
    from stroke_map.protocols.protocol import CONDITIONS

    for condition in CONDITIONS:
        click.echo(_standing(load_protocol(condition, region)))


def _standing(protocol: Protocol) -> str:
    signed = f"signed by {protocol.signed_by} on {protocol.signed_on}" if protocol.signed_by else "not signed"
    doubtful = ", ".join(sorted(protocol.doubtful)) or "none"
    return f"{protocol.condition} {protocol.version}, {signed}; neither verified nor signed: {doubtful}; sha256 {protocol.sha256}"


@protocol.command()
@click.argument("case", type=_FILE)
@_region
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Language of the text.")
@as_json
def explain(case: Path, region: Path | None, lang: str, *, as_json: bool) -> None:
    """Decide the case in the JSON file CASE, and print the decision as a short text."""
    from stroke_map.protocols import decide, load_protocol
    from stroke_map.protocols.casefile import read_case
    from stroke_map.protocols.explaining import explain as in_words

    question, options, names = read_case(case.read_bytes())
    decision = decide(question, options, load_protocol(question.condition, region))
    if as_json:
        print_json(decision)
    else:
        click.echo(in_words(decision, lang, names))


@protocol.command()
@_CONDITION
@click.argument("after", type=_FILE)
@click.argument("before", type=_FILE, required=False)
@as_json
def diff(condition: str, after: Path, before: Path | None, *, as_json: bool) -> None:
    """List what the region's file AFTER says otherwise for CONDITION than the file BEFORE, or than this package."""
    from stroke_map.protocols import load_protocol
    from stroke_map.protocols.comparing import compare

    changes = compare(load_protocol(condition, before), load_protocol(condition, after))
    if as_json:
        print_json([change._asdict() for change in changes])
    else:
        print_table(("VALUE", "BEFORE", "AFTER"), changes)
