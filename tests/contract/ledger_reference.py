"""A slow, plain replay of one customer's account, the oracle for contract.ledger.

Written from contract.md alone, with lists and dictionaries, and no thought of speed.
"""

from dataclasses import dataclass, field

DAY = 86_400_000_000


@dataclass
class Bill:
    bill_id: str
    issued: int
    due: int
    amount: int
    cancelled: int | None = None
    status: str = "pending"
    entries: list = field(default_factory=list)  # [moment, amount], in the order written


@dataclass
class Payment:
    payment_id: str
    posted: int
    paid: int
    amount: int
    bill_id: str | None = None
    reverses_id: str | None = None


@dataclass
class Money:
    """Some of a payment's money: on a bill, or waiting (bill is None)."""

    payment_id: str
    paid: int
    bill: Bill | None
    left: int


def state_as_of(bills: list[Bill], payments: list[Payment], as_of: int) -> dict[str, tuple]:
    """Return, a bill known and not cancelled, (paid, paid_by_due, settled, cleared)."""
    account_as_of(bills, payments, as_of)
    return {
        bill.bill_id: (
            sum(amount for _, amount in bill.entries),
            sum(amount for moment, amount in bill.entries if moment < bill.due + DAY),
            since(bill, 1),
            since(bill, 99),
        )
        for bill in bills
        if bill.status == "open"
    }


def account_as_of(bills: list[Bill], payments: list[Payment], as_of: int) -> "Account":
    """Replay what was known before as_of, and return the account as it then stood."""
    events = []
    for bill in bills:
        events.append((bill.issued, 0, (bill.issued, bill.due, bill.bill_id), "issue", bill))
        if bill.cancelled is not None:
            key = (bill.issued, bill.due, bill.bill_id)
            events.append((bill.cancelled, 1, key, "cancel", bill))
    for payment in payments:
        key = (payment.posted, payment.paid, payment.payment_id)
        events.append((payment.posted, 2, key, "post", payment))
    account = Account({bill.bill_id: bill for bill in bills})
    for known, _, _, kind, subject in sorted(events, key=lambda event: event[:3]):
        if known >= as_of:
            break
        getattr(account, kind)(subject)
    return account


def since(bill: Bill, short: int) -> int | None:
    """Return the moment from which the sum has stayed at the amount less ``short``."""
    total, found = 0, bill.issued if bill.amount - short <= 0 else None
    for moment, amount in sorted(bill.entries, key=lambda entry: entry[0]):
        total += amount
        if total < bill.amount - short:
            found = None
        elif found is None:
            found = moment
    return found


class Account:
    def __init__(self, bills: dict[str, Bill]) -> None:
        self.bills = bills
        self.money: list[Money] = []

    def issue(self, bill: Bill) -> None:
        bill.status = "open"
        self.spread(bill.issued)

    def cancel(self, bill: Bill) -> None:
        bill.status = "cancelled"
        for money in [m for m in self.money if m.bill is bill and m.left > 0]:
            self.money.append(Money(money.payment_id, money.paid, None, money.left))
            money.left = 0
        self.spread(bill.cancelled)

    def post(self, payment: Payment) -> None:
        bill = self.bills.get(payment.bill_id)
        if bill is not None and bill.status == "cancelled":
            bill = None
        if payment.amount < 0:
            self.reverse(payment, bill)
        elif bill is not None:
            self.put(payment.payment_id, payment.paid, bill, payment.paid, payment.amount)
        else:
            self.money.append(Money(payment.payment_id, payment.paid, None, payment.amount))
        self.spread(payment.paid)

    def reverse(self, payment: Payment, bill: Bill | None) -> None:
        left = -payment.amount
        if payment.reverses_id is None and bill is not None:
            bill.entries.append([max(payment.paid, bill.issued), -left])
            return
        mine = [
            money
            for money in self.money
            if payment.reverses_id is None or money.payment_id == payment.reverses_id
        ]
        waiting = [money for money in mine if money.bill is None]
        spent = [money for money in mine if money.bill is not None]
        for money in [*reversed(waiting), *reversed(spent)]:
            taken = min(left, money.left)
            money.left -= taken
            left -= taken
            if taken and money.bill is not None:
                money.bill.entries.append([max(payment.paid, money.bill.issued), -taken])

    def spread(self, moment: int) -> None:
        for waiting in [money for money in self.money if money.bill is None]:
            while waiting.left > 0 and (bill := self.oldest_open()):
                amount = min(waiting.left, bill.amount - sum(a for _, a in bill.entries))
                waiting.left -= amount
                self.put(waiting.payment_id, waiting.paid, bill, max(waiting.paid, moment), amount)

    def oldest_open(self) -> Bill | None:
        open_bills = [
            bill
            for bill in self.bills.values()
            if bill.status == "open" and sum(a for _, a in bill.entries) < bill.amount - 1
        ]
        return min(open_bills, key=lambda b: (b.due, b.issued, b.bill_id), default=None)

    def put(self, payment_id: str, paid: int, bill: Bill, moment: int, amount: int) -> None:
        self.money.append(Money(payment_id, paid, bill, amount))
        bill.entries.append([max(moment, bill.issued), amount])
