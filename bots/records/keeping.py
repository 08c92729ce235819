"""What `spokenly run` says of what new calls keep."""

from core.settings import Settings


def keeping(settings: Settings, place: str) -> str:
    """One sentence, or two, for whoever starts Spokenly; `place` is the record's, as people read it."""
    days = settings.retention_days
    long = f"for {days} {'day' if days == 1 else 'days'}" if days else "until somebody deletes it"
    if settings.keep == "transcript":
        return f"New calls keep a transcript, {long}, in {place}."
    kept = "New calls keep captions only: nothing is written."
    if settings.keep == "captions":
        kept += f" Whoever opens one may choose a transcript; it is kept {long}, in {place}."
    return kept
