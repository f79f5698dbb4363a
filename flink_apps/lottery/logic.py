"""The rules of the lottery and its draw. Pure Python: no Flink, no clock, no state of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import ClassVar, NamedTuple

#: Times before and after all timestamps.
ALWAYS, NEVER = -(2**63), 2**63 - 1
#: The most coupons of a player: they are stored as a 64-bit integer.
MOST_COUPONS = 2**63 - 1


class RuleError(Exception):
    """An event that breaks a rule. The message has the details; ``reason`` is the same for each kind of violation."""

    reason: ClassVar[str]


class MalformedEventError(RuleError):
    """Not a valid event: it cannot be parsed, its type is unknown, or a field is missing or impossible."""

    reason = "malformed"


class LotteryAlreadyStartedError(RuleError):
    """The start of a lottery that is running already."""

    reason = "already-started"


class LotteryNotStartedError(RuleError):
    """The stop of a lottery that is not running."""

    reason = "not-started"


class TooFewCouponsError(RuleError):
    """A purchase of less than one coupon."""

    reason = "too-few-coupons"


class TooManyCouponsError(RuleError):
    """A purchase after which a player would have more coupons than a 64-bit integer can count."""

    reason = "too-many-coupons"


class InactiveLotteryError(RuleError):
    """A click on a lottery that is not active at its time."""

    reason = "inactive-lottery"


class NoCouponError(RuleError):
    """A click of a player without coupons."""

    reason = "no-coupon"


class LateClickError(RuleError):
    """A click that came after its window was drawn."""

    reason = "late"


REASONS = tuple(
    violation.reason
    for violation in (
        MalformedEventError,
        LotteryAlreadyStartedError,
        LotteryNotStartedError,
        TooFewCouponsError,
        TooManyCouponsError,
        InactiveLotteryError,
        NoCouponError,
        LateClickError,
    )
)


class Run(NamedTuple):
    """A lottery from its start to its end: clicks with timestamps from ``starts`` to before ``ends`` count.

    ``secret`` is drawn at the start; the seeds of the windows are derived from it.
    """

    starts: int
    ends: int
    secret: str


def start(
    runs: tuple[Run, ...], lottery_id: int, *, timestamp: int | None, ends: int = NEVER, secret: str
) -> tuple[Run, ...]:
    """The runs of a lottery after another start.

    Without a ``timestamp`` the new run starts at the end of the last one; the first run starts before all times.

    Raises:
        LotteryAlreadyStartedError: The lottery is active at that time.

    """
    last = max((run.ends for run in runs), default=ALWAYS)
    starts = last if timestamp is None else timestamp
    if last == NEVER or starts < last:
        raise LotteryAlreadyStartedError(f"Cannot start a lottery that has been started, lotteryId: {lottery_id}")
    return (*runs, Run(starts=starts, ends=max(starts, ends), secret=secret))


def stop(runs: tuple[Run, ...], lottery_id: int, *, timestamp: int | None) -> tuple[Run, ...]:
    """The runs of a lottery after a stop: at once, or for all clicks from ``timestamp`` on.

    Raises:
        LotteryNotStartedError: The lottery is not active at that time.

    """
    if timestamp is None:
        if not runs:
            raise _not_started(lottery_id)
        return ()
    if run_at(runs, timestamp) is None:
        raise _not_started(lottery_id)
    return tuple(run._replace(ends=timestamp) if run.starts <= timestamp < run.ends else run for run in runs)


def _not_started(lottery_id: int) -> LotteryNotStartedError:
    return LotteryNotStartedError(f"Cannot stop a lottery that has not been started, lotteryId: {lottery_id}")


def run_at(runs: tuple[Run, ...], timestamp: int) -> Run | None:
    """The run in which a click with this timestamp counts, or ``None``."""
    for run in runs:
        if run.starts <= timestamp < run.ends:
            return run
    return None


def not_ended(runs: tuple[Run, ...], watermark: int) -> tuple[Run, ...]:
    """The runs that can still get clicks with timestamps after ``watermark``."""
    return tuple(run for run in runs if run.ends > watermark + 1)


def buy(coupons: int, purchased: int) -> int:
    """The coupons of a player after a purchase.

    Raises:
        TooFewCouponsError: The player buys less than one.
        TooManyCouponsError: The total does not fit into a 64-bit integer.

    """
    if purchased < 1:
        raise TooFewCouponsError(f"Cannot buy fewer coupons than 1, purchasedCoupons: {purchased}")
    if coupons + purchased > MOST_COUPONS:
        raise TooManyCouponsError(f"Cannot hold more coupons than {MOST_COUPONS}, purchasedCoupons: {purchased}")
    return coupons + purchased


def click(runs: tuple[Run, ...], coupons: int, *, lottery_id: int, user_id: int, timestamp: int) -> tuple[Run, int]:
    """The run in which a click counts, and the coupons that its player has left.

    Raises:
        InactiveLotteryError: The lottery is not active at the time of the click.
        NoCouponError: The player has no coupon.

    """
    run = run_at(runs, timestamp)
    if run is None:
        raise InactiveLotteryError(f"Cannot click on inactive lottery, lotteryId: {lottery_id}")
    if coupons < 1:
        raise NoCouponError(f"Cannot click without a coupon, userId: {user_id}")
    return run, coupons - 1


def window_start(timestamp: int, window_millis: int) -> int:
    """The first millisecond of the window of a click; windows are aligned to 1970."""
    return timestamp - timestamp % window_millis


def refuse_late(timestamp: int, *, window_millis: int, watermark: int, lottery_id: int) -> None:
    """Refuse a late click. Its window is drawn when the watermark reaches the window's last millisecond.

    Raises:
        LateClickError: The window of the click has been drawn.

    """
    end = window_start(timestamp, window_millis) + window_millis
    if end - 1 <= watermark:
        raise LateClickError(f"Cannot click late: the window before {end} has been drawn, lotteryId: {lottery_id}")


def prizes_end(started: int, *, prizes: int, window_millis: int) -> int:
    """The end of a lottery that lasts ``prizes`` windows, counting the one in which it starts; 0: it has no end."""
    return min(NEVER, window_start(started, window_millis) + prizes * window_millis) if prizes else NEVER


def seed(secret: str, lottery_id: int, window: int) -> str:
    """The seed of the draw of the window that starts at ``window``: 64 hexadecimal digits.

    Nobody can know it before the draw, and no seed reveals another one, as long as the lottery's secret stays secret.
    """
    return _sha256(f"{secret}:{lottery_id}:{window}")


def ticket(seed: str, user_id: int, timestamp: int) -> str:
    """The ticket of a click in the draw; the lowest ticket of the window wins."""
    return _sha256(f"{seed}:{user_id}:{timestamp}")


def winner(seed: str, clicks: Iterable[tuple[int, int]]) -> int:
    """Repeat a draw: the winner among a window's accepted clicks, pairs of player and timestamp in any order.

    Every click has the same chance, because every ticket has the same chance to be the lowest. Clicks of one player in
    the same millisecond share one ticket.
    """
    return min((ticket(seed, user_id, timestamp), user_id) for user_id, timestamp in clicks)[1]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()
