"""The program `freefill`: words to values, errors to one line and an exit code.

Commands are named as text and imported when called, so that `--help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading

import click

from freefill.errors import FreefillError, did_you_mean, one_line

# name, module of freefill.cli with a click command called `command`, one line for --help
COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("inpaint", "inpaint", "Fill the masked part of one picture."),
    ("extend", "extend", "Make a picture larger and fill the new area."),
    ("batch", "batch", "Fill many pictures."),
    ("diagnose", "diagnose", "Tell what is wrong with a filled picture, and what to try next."),
    ("evaluate", "evaluate", "Measure engines by the protocols of the field."),
    ("study", "study", "Compare masks and fills on pictures with people, on one page."),
    ("mask", "mask.group", "Make, repair and look at masks."),
    ("engines", "engines", "List the engines, and what each one needs."),
    ("weights", "weights", "List, fetch, import and verify network weights."),
    ("train", "train", "Train a network by a recipe, or go on with a run."),
    ("export", "export", "Write a network's weights as ONNX."),
    ("serve", "serve", "Open the page on which you paint and look, with its HTTP service."),
    ("completion", "completion", "Print what makes the shell complete names: bash, zsh or fish."),
    ("demo", "demo", "Fill real photographs and write one page that shows them."),
)


# As images/ reads them; repeated, since to ask it would import NumPy, and --help answers at once.
_ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif", ".heic", ".heif", ".avif")


class _Lazy(click.Group):
    """A group that imports a command when it is called, and lists commands without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                return importlib.import_module(f"freefill.cli.{module}").command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and _is_picture(args[0]):
            # Behind a bare -- a name may begin like an option, for which inpaint would take it.
            first = args[0] if args[0] == "-" or not args[0].startswith("-") else f"./{args[0]}"
            args = ["inpaint", first, *args[1:]]  # freefill photo.jpg mask.png out.jpg
        # While the shell completes a word, the word may be half a name.
        if args and not args[0].startswith("-") and args[0] not in known and not ctx.resilient_parsing:
            raise click.UsageError(_unknown(args[0], known), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, _, line in COMMANDS])


def _unknown(word: str, known: list[str]) -> str:
    """Say what may have been meant by a word that is no command."""
    if os.path.isdir(word):  # noqa: PTH112 (no Path: --help answers at once)
        return f"'{word}' is a folder; for many pictures use: freefill batch {word} MASKS -o OUT"
    return f"no command '{word}';{did_you_mean(word, known)} all: freefill --help"


def _is_picture(word: str) -> bool:
    """Tell whether a word that is no command names a picture: a file that is there, or what ends like one."""
    ending = os.path.splitext(word)[1].lower()  # noqa: PTH122 (no Path: --help answers at once)
    return word == "-" or ending in _ENDINGS or (not word.startswith("-") and os.path.isfile(word))  # noqa: PTH113


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from freefill import __version__

        click.echo(f"freefill {__version__}")
        ctx.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
def cli() -> None:
    """Remove things from photographs and fill what was there.

    \b
    freefill photo.jpg mask.png out.jpg          short for: freefill inpaint photo.jpg mask.png -o out.jpg
    freefill photo.jpg people                    removes all people in the picture
    freefill photo.jpg --box 120,80,60,90        removes a box: left, top, width, height

    White in a mask means remove. Known pixels come back bit for bit. Nothing is downloaded unless you ask for it.
    """


def _interrupt(signum: int, frame: object) -> None:
    """End cleanly, as after Ctrl-C, when a scheduler stops the program."""
    raise KeyboardInterrupt


def main(args: list[str] | None = None) -> None:
    """Run the command line; the only place that turns errors into exit codes.

    0 done, 1 wrong input or environment, 2 usage, 3 some pictures of a batch failed, 130 interrupted.
    """
    if threading.current_thread() is threading.main_thread():  # Python allows it nowhere else
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        # Alone, click would end the program by its own codes.
        code = cli.main(args=args, prog_name="freefill", standalone_mode=False)
    except FreefillError as error:
        click.echo(f"freefill: {one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    # Before UsageError, of which it is a kind.
    except click.exceptions.NoArgsIsHelpError as error:  # a group alone: what it has
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        name = "freefill" if error.ctx is None else error.ctx.command_path
        said = error.format_message().replace("\n\t", " ")  # so click lists choices
        click.echo(f"{name}: {one_line(said)} (help: {name} --help)", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except MemoryError:
        click.echo("freefill: there is not enough memory; try --max-memory 512MB, or a smaller picture", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("freefill: interrupted", err=True)
        # An interrupt that passed through code given as text (dataclasses and namedtuples are made so, while
        # modules are imported) leaves a mark, and Python would end by the signal, whatever code is asked for.
        # To run any text takes the mark away.
        exec("")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our standard output has gone, as `head` does
        # Else Python's last flush fails again, with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:  # what no command expected of the system is one line too
        from freefill.files import explain

        said = explain(str(error.filename or "the system"), error, "used")
        click.echo(f"freefill: {one_line(str(said))}", err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
