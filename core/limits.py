"""How often somebody may do something, and who that is where only an address is known."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def whose(address: str) -> str:
    """Who asks from an address: of IPv6, everybody has a whole /64 at least (RFC 6177).

    So whoever takes another one each time is the same still. A port beside it, as some proxies write
    it, tells nobody apart. What is no address stands for itself.
    """
    bare = address.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((int(found), 64), strict=False))


class Allowance:
    """A token bucket: `burst` at once, refilled at `rate` a second (both in whatever is counted)."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at: float | None = None

    def take(self, now: float, amount: float = 1.0) -> float:
        """Take `amount` at `now` (seconds): 0 when it was there, else the seconds until it will be."""
        self._refill(now)
        if self._left >= amount:
            self._left -= amount
            return 0.0
        return (amount - self._left) / self._rate

    def lacks(self, now: float, amount: float = 1.0) -> float:
        """The seconds until `amount` could be taken; takes nothing."""
        self._refill(now)
        return max(0.0, (amount - self._left) / self._rate)

    def spend(self, now: float, amount: float) -> float:
        """Take `amount` although it may not be there yet: the seconds to wait until it is."""
        self._refill(now)
        self._left -= amount
        return max(0.0, -self._left / self._rate)

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now


class Allowances:
    """One `Allowance` for each of the newest `most` keys, e.g. addresses."""

    def __init__(self, rate: float, burst: float, most: int = 10_000) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: dict[str, Allowance] = {}

    def lacks(self, key: str, now: float) -> float:
        """Seconds until `key` may take one again; takes nothing."""
        bucket = self._buckets.get(key)
        return 0.0 if bucket is None else bucket.lacks(now)

    def take(self, key: str, now: float, amount: float = 1.0) -> float:
        """Like `Allowance.take`, for `key`."""
        bucket = self._buckets.pop(key, None) or Allowance(self._rate, self._burst)
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket.take(now, amount)
