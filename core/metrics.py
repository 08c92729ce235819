"""What Spokenly counts, for Prometheus. No label ever holds a person, a room or a word."""

from collections.abc import Mapping
from typing import Final, Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

Where = Literal["jitter", "inbox", "tape"]
Priority = Literal["final", "candidate", "interim"]
Failure = Literal["lost", "busy", "refused"]
Kind = Literal["interim", "final"]
K = TypeVar("K", bound=str)

_LATENESS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.85, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)


class Metrics:
    """Everything that Spokenly counts, in a registry of its own. Made once, passed down.

    A metric with several series is a mapping whose keys are fixed here, so that no label can ever hold a
    person, a room or a word: `metrics.frames_dropped["inbox"].inc()`; an unknown key raises KeyError.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

        self.caption_lateness: Mapping[Kind, Histogram] = self._histograms(
            "caption_lateness_seconds",
            "Seconds from the end of the newest words to their caption.",
            "kind",
            ("interim", "final"),
        )
        self.captions = self._counter("captions_total", "Captions committed.")
        self.audio_seconds = self._counter("audio_seconds_total", "Seconds of audio heard.")
        self.gaps_seconds = self._counter("gaps_seconds_total", "Seconds of audio lost and shown as gaps.")
        self.frames_dropped: Mapping[Where, Counter] = self._counters(
            "frames_dropped_total",
            "Frames of audio thrown away because a buffer was full or they came too late.",
            "where",
            ("jitter", "inbox", "tape"),
        )

        self.streams_lent = self._gauge("streams_lent", "Engine streams in use.")
        self.stream_waits = self._gauge("stream_waits", "Tracks that wait for an engine stream.")
        self.line_failures: Mapping[Failure, Counter] = self._counters(
            "line_failures_total", "Engine streams that failed.", "kind", ("lost", "busy", "refused")
        )
        self.reconnects = self._counter("reconnects_total", "Engine streams opened again after a failure.")
        self.decode_queue: Mapping[Priority, Gauge] = self._gauges(
            "decode_queue", "Decodings that wait.", "priority", ("final", "candidate", "interim")
        )
        self.decodes_dropped = self._counter("decodes_dropped_total", "Interim decodings skipped under load.")

        self.deepgram_seconds = self._counter("deepgram_seconds_total", "Seconds of audio sent to Deepgram.")
        self.deepgram_connections = self._counter("deepgram_connections_total", "Connections to Deepgram.")

        self._count_places()
        self._count_records()

    def _count_records(self) -> None:
        self.record_lines = self._counter("record_lines_total", "Lines and gaps written into the record.")
        self.record_unkept = self._counter(
            "record_unkept_total", "Lines that the record misses because its database was away too long."
        )
        self.record_failures = self._counter(
            "record_failures_total", "Writes that failed because the database was away."
        )

    def _count_places(self) -> None:
        self.rooms = self._gauge("rooms", "Rooms open.")
        self.calls = self._gauge("calls", "Calls in which somebody is heard.")
        self.viewers = self._gauge("viewers", "Connections that read captions.")
        self.speakers = self._gauge("speakers", "People who share sound.")
        self.whip_sessions = self._gauge("whip_sessions", "WebRTC (WHIP) sessions open.")

    def _counter(self, name: str, help_: str) -> Counter:
        return Counter(f"spokenly_{name}", help_, registry=self.registry)

    def _gauge(self, name: str, help_: str) -> Gauge:
        return Gauge(f"spokenly_{name}", help_, registry=self.registry)

    def _counters(self, name: str, help_: str, label: str, keys: tuple[K, ...]) -> dict[K, Counter]:
        whole = Counter(f"spokenly_{name}", help_, [label], registry=self.registry)
        return {key: whole.labels(key) for key in keys}

    def _gauges(self, name: str, help_: str, label: str, keys: tuple[K, ...]) -> dict[K, Gauge]:
        whole = Gauge(f"spokenly_{name}", help_, [label], registry=self.registry)
        return {key: whole.labels(key) for key in keys}

    def _histograms(self, name: str, help_: str, label: str, keys: tuple[K, ...]) -> dict[K, Histogram]:
        whole = Histogram(f"spokenly_{name}", help_, [label], registry=self.registry, buckets=_LATENESS)
        return {key: whole.labels(key) for key in keys}
