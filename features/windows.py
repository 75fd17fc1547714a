"""The windows that the catalogue uses, each named once."""

from features.declare import Window

M1, M3, M6, M12 = (Window(months=months) for months in (1, 3, 6, 12))
B1, B3, B6, B12 = (Window(bills=bills) for bills in (1, 3, 6, 12))
