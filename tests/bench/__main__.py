"""`make bench`: every figure of docs/figures.md, one after the other.

    python -m tests.bench [--quick]

Each part prints the machine it ran on. Nothing else should run meanwhile.
"""

import argparse
import subprocess
import sys

PARTS = {
    "engine": ["--quick"],
    "room": ["--quick"],
    "transports": ["--quick"],
    "loss": ["--seconds", "30", "--seeds", "1", "--senders", "5"],
    "journal": ["--quick"],
    "record": ["--lines", "50000", "--queries", "50"],
    "exports": ["--hours", "1"],
    "recap": ["--quick"],
    "deepgram": ["--quick"],
    "discord_packets": ["--quick"],
    "discord_pace": ["--quick"],
    "discord": ["--quick"],
    "slack_app": ["--quick"],
    "slack_pace": ["--quick"],
    "places": ["--quick"],
}
"""The parts, and how each is made short."""


def main() -> int:
    """The worst exit code of the parts."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a few minutes instead of an hour")
    options.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART", help=f"of {', '.join(PARTS)}")
    chosen = options.parse_args()
    worst = 0
    for part in chosen.parts:
        if part not in PARTS:
            options.error(f"there is no part {part}")
        print(f"\n== {part} ==", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{part}", *(PARTS[part] if chosen.quick else [])]
        worst = max(worst, abs(subprocess.run(command, check=False).returncode))
    return worst


if __name__ == "__main__":
    sys.exit(main())
