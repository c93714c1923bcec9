"""How often somebody may do something. Pure: every clock is an argument (monotonic seconds)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address


class Bucket:
    """A token bucket: *burst* at once, *rate* a second in the long run. One per line; 0.4 us a question."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take one, or say no."""
        left = self._left + (now - self._at) * self._rate
        self._at = now
        if left > self._burst:
            left = self._burst
        if left < 1.0:
            self._left = left
            return False
        self._left = left - 1.0
        return True

    def open(self, now: float) -> bool:
        """Would `take` say yes? Takes nothing."""
        return min(self._burst, self._left + (now - self._at) * self._rate) >= 1.0


class Buckets:
    """A bucket for each name, made full. Memory is bounded: the longest quiet are forgotten first."""

    KEPT = 20_000

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def of(self, name: str) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._rate, self._burst)
            if len(self._buckets) > self.KEPT:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket

    def open(self, name: str, now: float) -> bool:
        """Would it give one? Makes and takes nothing."""
        bucket = self._buckets.get(name)
        return bucket is None or bucket.open(now)


class FailedLookups:
    """Wrong codes and links: 5 a minute for a cookie or socket, 300 a minute for an address.

    The address has the wide limit because a venue is one address. Whoever makes up a new cookie for every guess, or
    brings none, still meets the limit of the address. *key* "" is nobody in particular and has no limit of its own:
    it would be one for everybody.
    """

    PER_KEY = 5
    PER_ADDRESS = 300

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._keys = Buckets(self.PER_KEY / 60, self.PER_KEY)
        self._addresses = Buckets(self.PER_ADDRESS / 60, self.PER_ADDRESS)

    def allowed(self, key: str, address: str) -> bool:
        """May *key* at *address* look something up? Ask before looking, so a right guess is refused too."""
        now = self._clock()
        return self._keys.open(key, now) and self._addresses.open(_network(address), now)

    def failed(self, key: str, address: str) -> None:
        """A look-up found nothing."""
        now = self._clock()
        if key:
            self._keys.of(key).take(now)
        self._addresses.of(_network(address)).take(now)


class Admission:
    """New joins wait when the loop lags: the people already in the hall come first.

    Each one turned away gets the next free place in a row of *rate* a second, so they do not all come back at
    once. *limit* is the lag of the loop in seconds that closes the door.
    """

    LONGEST = 30.0

    def __init__(self, limit: float = 0.5, rate: float = 300.0) -> None:
        self._limit = limit
        self._gap = 1.0 / rate
        self._next = 0.0
        self.lag = 0.0

    def observe(self, lag: float) -> None:
        """Tell how late the loop was just now. A peak counts at once and fades by a fifth a time."""
        self.lag = max(lag, self.lag * 0.8)

    def admit(self, now: float) -> float | None:
        """None: come in. Else how many seconds to wait before trying again, 1 to 30."""
        if self.lag <= self._limit:
            return None
        self._next = max(self._next + self._gap, now + 1.0)
        if self._next - now > self.LONGEST:
            self._next = now + 1.0
        return self._next - now

    async def watch(self, every: float = 0.1) -> None:
        """Measure the lag for ever. One task a process."""
        clock = asyncio.get_running_loop().time
        while True:
            before = clock()
            await asyncio.sleep(every)
            self.observe(max(0.0, clock() - before - every))


def _network(address: str) -> str:
    """An IPv6 host has a whole /64 to itself and would have as many tries."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return address
