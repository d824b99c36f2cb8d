"""python -m freefill."""

from freefill.cli.main import main

main()
