"""Let `python -m polyloop.app.cli` be the command `polyloop`."""

from polyloop.app.cli.main import run

if __name__ == "__main__":
    run()
