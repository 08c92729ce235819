"""`spokenly`: read the command line and go."""

from bots.cli import app


def main() -> None:
    """The entry point of the command `spokenly`; exits with the command's code."""
    app(prog_name="spokenly")


if __name__ == "__main__":
    main()
