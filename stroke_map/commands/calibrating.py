"""`calibrate`: compare the published edition with runs that were really driven."""

from __future__ import annotations

from pathlib import Path

import click

from stroke_map.commands.output import as_json, print_json, print_table, say
from stroke_map.settings import read_settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
_MOST_TOLD = 20


@click.command()
@click.argument("runs", type=_FILE)
@click.option("--out", type=_OUT, help="Write the periods file to build the next edition with.")
@click.option("--plot", type=_OUT, help="Write a picture (PNG) of predicted and actual minutes.")
@click.option(
    "--profile", type=click.Choice(["car", "ambulance"]), default="ambulance", show_default=True, help="Whose runs."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses the runs that are held out.")
@as_json
def calibrate(*, runs: Path, out: Path | None, plot: Path | None, profile: str, seed: int, as_json: bool) -> None:
    """Fit the published edition's times to RUNS, a CSV file with the columns lat,lon[,crs],hospital,departure,minutes."""
    from stroke_map.calibration import calibrate as fit
    from stroke_map.calibration import draw_plot
    from stroke_map.editions import open_published

    settings = read_settings()
    found = fit(open_published(settings.geodata_dir), runs, settings, profile=profile, seed=abs(seed))
    if out:
        out.write_text(found.periods.to_toml(), encoding="utf-8")
    if plot:
        draw_plot(found, plot)
    told = found.as_json()
    if as_json:
        print_json(told)
        return
    counts = told["runs"]
    say(f"{counts['fitted']} runs fitted, {counts['held_out']} held out, {counts['left_out']} left out")
    for one in found.left_out[:_MOST_TOLD]:
        say(f"  row {one.row}: {one.reason}")
    if len(found.left_out) > _MOST_TOLD:
        say(f"  and {len(found.left_out) - _MOST_TOLD} more: see --json")
    rows = [
        (name, f"{m.bias_min:+.2f}", f"{m.mean_error_min:.2f}", f"{m.within_2_min:.0%}", f"{m.within_5_min:.0%}")
        for name, m in (("before", found.before), ("after", found.after))
    ]
    print_table(("HELD OUT", "BIAS MIN", "MEAN ERROR MIN", "WITHIN 2 MIN", "WITHIN 5 MIN"), rows)
    low, high = told["ratio_range"]
    click.echo(f"Four of five runs take {low:.2f} to {high:.2f} times as long as predicted\n")
    factors = [(f["period"], f["roads"], f"{f['factor']:.3f}", f["runs"]) for f in told["factors"]]
    print_table(("PERIOD", "ROADS", "TIME FACTOR", "RUNS"), factors)
    if out:
        say(f"Build the next edition with: stroke-map edition build ID ... --periods {out}")
