"""The values of ``type`` in the events of a lottery, which the generator writes and the lottery reads."""

START, STOP = "LotteryStartEvent", "LotteryStopEvent"
BUY, CLICK = "UserBuyCouponEvent", "UserClickEvent"
