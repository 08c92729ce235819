"""Discord: from a mouth to a message, what a broken connection costs, and what a day leaves behind.

    python -m tests.bench.discord [--quick] [mouth] [reconnect] [day]

Whole bots against the fake Discord of the tests (TLS, gateway, UDP, end-to-end encryption, real limits)
on loopback; nothing here was measured against Discord itself. Exits with 1 when words are missing without a
mark or a notice, or when sockets or the lasting call of the day are not what they were.
"""

import argparse
import logging

from tests.bench import discord_day, discord_mouth, discord_reconnect
from tests.bench.machine import machine

PARTS = {
    "mouth": ("From a mouth to a message (s)", discord_mouth.figures),
    "reconnect": ("While the call breaks", discord_reconnect.figures),
    "day": ("A day", discord_day.figures),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a few minutes in all")
    options.add_argument("parts", nargs="*", metavar="PART", default=[*PARTS], help=f"of {', '.join(PARTS)}")
    chosen = options.parse_args()
    if unknown := {*chosen.parts} - {*PARTS}:
        options.error(f"there is no part {', '.join(unknown)}")
    # Faults are made on purpose here: what is logged of them would stand between the figures.
    logging.disable(logging.ERROR)
    well = True
    for part in chosen.parts:
        title, figures = PARTS[part]
        print(f"\n{title}. {machine()}", flush=True)
        well &= figures(quick=chosen.quick)
    raise SystemExit(not well)


if __name__ == "__main__":
    main()
