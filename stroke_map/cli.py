"""The `stroke-map` command: a thin skin over functions anyone can call.

Every command ends in a library call. What is answered goes to stdout (`--json` for machines), everything else to
stderr; an error is a message and the next step, and its exit code comes from `stroke_map.errors`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import stroke_map
from stroke_map import errors
from stroke_map.commands import COMMANDS
from stroke_map.settings import prepare_numba_cache

if TYPE_CHECKING:
    from types import TracebackType


def exit_codes() -> dict[int, list[str]]:
    """Each exit code with the error codes behind it; 0 is success."""
    codes: dict[int, list[str]] = {}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.StrokeMapError):
            codes.setdefault(kind.exit_code, []).append(kind.code)
    return dict(sorted(codes.items()))


class Program(click.Group):
    """A group that ends an error of ours as message, next step and exit code, and lists the codes in its help."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            answer = super().invoke(ctx)
        except errors.StrokeMapError as error:
            click.echo(f"{error.title}: {error.detail}\n{error.next_step}", err=True)
            for line in _details(error):
                click.echo(f"  {line}", err=True)
            _tell_job(ctx, error.exit_code, error)
            ctx.exit(error.exit_code)
        except Exception as error:
            _tell_job(ctx, getattr(error, "exit_code", 1))
            raise
        _tell_job(ctx, 0)
        return answer

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Exit codes"):
            rows = [("0", "success"), *((str(code), ", ".join(names)) for code, names in exit_codes().items())]
            formatter.write_dl(rows)


def _tell_job(ctx: click.Context, exit_code: int, error: errors.StrokeMapError | None = None) -> None:
    if ctx.obj is not None:
        ctx.obj.ended(exit_code, error)


def _details(error: errors.StrokeMapError) -> list[str]:
    """The lines under a message: the fields of a question, the cells of a sheet, the files of an edition."""
    facts = error.facts
    if isinstance(error, errors.RegistryError):
        from stroke_map.registry.problems import Problem

        problems = (Problem(**problem) for problem in facts.get("problems", []))
        places = ((p, f"row {p.row}" if p.row else p.sheet) for p in problems)
        return [f"{place} {p.column}: {p.message}; right would be: {p.advice}" for p, place in places]
    if isinstance(error, errors.ClosureError):
        return [f"entry {p['entry']}: {p['field']} {p['problem']}" for p in facts.get("problems", [])]
    if isinstance(error, errors.AuditError):
        return list(facts["problems"])
    mistakes = [f"{mistake['field']}: {mistake['problem']}" for mistake in facts.get("errors", [])]
    return mistakes + [str(line) for name in ("refusals", "files") for line in facts.get(name, [])]


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(stroke_map.__version__, prog_name="stroke-map")
@click.option(
    "--job",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder in which progress and outcome are kept, for another program to read.",
)
@click.pass_context
def cli(ctx: click.Context, job: Path | None) -> None:
    """The emergency routing map for stroke and chest pain.

    Settings are read from STROKE_MAP_* variables: see `stroke-map settings`.
    """
    if job is not None:
        from stroke_map.editions.jobs import Teller

        ctx.obj = Teller(job)


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    # Before anything imports numba, which reads its cache folder once.
    prepare_numba_cache()
    if not sys.stderr.isatty():
        sys.excepthook = _tell_place
    cli()


def _tell_place(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    """What is written to a log, as under a timer, never has the words of an unexpected exception: they can hold a cell or a number."""
    from stroke_map import logs

    logs.begin("command")
    logs.log.critical("ended by an unexpected failure", **logs.failure(error))


if __name__ == "__main__":
    main()
