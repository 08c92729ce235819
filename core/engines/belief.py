"""What to make of what a model heard: was it speech, and how far does the text that is shown reach."""

from core.engines.agreement import View
from core.engines.desk import Decoded

_SENTENCE, _SURE = 8, 0.8
"""Tokens before a circle, and how sure they are, that are speech. Noise was never surer than 0.7."""


def believable(decoded: Decoded, share: float) -> bool:
    """Whether it was speech. Noise and music make text of unsure tokens, of circles, or of little voice.

    `share`: how much of the utterance the detector took for speech, 0 to 1.
    """
    if not decoded.text:
        return False
    if decoded.looped:
        # People repeat themselves, and where a clip breaks off in the middle of that, the model goes on so.
        return len(decoded.tokens) >= _SENTENCE and (decoded.confidence or 0.0) >= _SURE
    return decoded.confidence is None or decoded.confidence >= 0.45 - 0.1 * min(1.0, share)


def reach(speech: int, end: int, view: View, decoded: Decoded) -> int:
    """The sample at which the last word that is shown was spoken, by its share of all that was heard.

    `speech`, `end`: the samples from which and up to which `decoded` was heard.
    """
    heard = len("".join(decoded.pieces).strip())
    share = min(1.0, len(view.text) / heard) if heard else 1.0
    return max(speech, round(speech + (end - speech) * share))
