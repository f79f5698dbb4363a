"""The events of a lottery, as the generator makes them and the lottery reads them: the values of their ``type``."""

START, STOP = "LotteryStartEvent", "LotteryStopEvent"
BUY, CLICK = "UserBuyCouponEvent", "UserClickEvent"
