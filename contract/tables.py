"""The eight tables of the contract: their columns, keys, codes and the moment a row is known.

A dataset is a folder with one Parquet file, or a folder of them, per table, in exactly these
columns. Reading, checking, the simulator and the documentation all read these values. Columns
that a source adds for its own features are kept under the prefix ``x_``.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "code", "date", "timestamp", "month", "money", "number", "integer", "bool"]

EXTRA_PREFIX = "x_"

# Days outside these years are placeholders or typing errors, not days of a bill.
YEARS = (1949, 2199)

# What each kind is in Parquet and in DuckDB. A month is the integer 202610; money is yuan with
# two decimals, which Parquet stores as whole fen.
STORED_AS: dict[Kind, str] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "month": "INTEGER",
    "money": "DECIMAL(18,2)",
    "number": "DOUBLE",
    "integer": "INTEGER",
    "bool": "BOOLEAN",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        kind: What a value is; see STORED_AS for how it is kept.
        required: Whether an empty value is a breach.
        codes: The values a code may take; a value outside them is a breach.
        default: What an absent column or an empty value becomes; None leaves it empty.
        zh: The Chinese name, as a utility's staff would write it.
    """

    name: str
    kind: Kind
    zh: str
    required: bool = False
    codes: tuple[str, ...] = ()
    default: str | bool | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: what a row is, which columns identify it, and when a row is first known.

    Attributes:
        known_at: The column that holds the moment from which a row may be used; an empty
            string for a table that never feeds a feature.
        known_next_day: True when that column is a day whose fact is known at its end.
    """

    name: str
    zh: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    known_at: str
    required: bool = False
    known_next_day: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def names(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(column.name for column in self.columns)


def _flag(name: str, zh: str) -> Column:
    return Column(name=name, kind="bool", zh=zh, default=False)


SEGMENTS = (
    "residential",
    "commercial",
    "industrial",
    "agricultural",
    "public",
    "wholesale",
    "other",
)
PAY_ARRANGEMENTS = ("none", "bank_debit", "third_party_debit", "entrusted_collection")
CHANNELS = (
    "wangshang_guowang",
    "wechat",
    "alipay",
    "bank_counter",
    "bank_online",
    "bank_debit",
    "third_party_debit",
    "entrusted_collection",
    "agent",
    "kiosk",
    "counter",
    "pos",
    "collector",
    "phone_95598",
    "other",
)

CUSTOMERS = Table(
    name="customers",
    zh="客户",
    row="one customer over one stretch of validity",
    required=True,
    key=("customer_id", "valid_from"),
    known_at="valid_from",
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="valid_from", kind="date", zh="生效日期"),
        Column(name="segment", kind="code", zh="用电类别", required=True, codes=SEGMENTS),
        Column(name="voltage", kind="code", zh="电压等级", codes=("low", "high"), default="low"),
        Column(
            name="billing_mode",
            kind="code",
            zh="费控方式",
            codes=("postpaid", "prepaid"),
            default="postpaid",
        ),
        Column(
            name="pay_arrangement",
            kind="code",
            zh="代扣方式",
            codes=PAY_ARRANGEMENTS,
            default="none",
        ),
        Column(name="billing_months", kind="integer", zh="抄表周期(月)", default="1"),
        Column(name="capacity_kva", kind="number", zh="合同容量"),
        Column(name="tariff", kind="text", zh="电价"),
        Column(name="industry", kind="text", zh="行业分类"),
        Column(name="urban_rural", kind="code", zh="城乡标志", codes=("urban", "rural")),
        Column(name="org_id", kind="text", zh="供电单位"),
        Column(name="grid_id", kind="text", zh="服务网格", required=True),
        Column(name="manager_id", kind="text", zh="客户经理"),
        Column(name="agent_id", kind="text", zh="代管单位"),
        Column(name="opened_on", kind="date", zh="立户日期"),
        Column(name="closed_on", kind="date", zh="销户日期"),
        _flag("high_energy", "高耗能"),
        _flag("high_pollution", "高污染"),
        _flag("overcapacity", "产能过剩"),
        _flag("scattered_polluting", "散乱污"),
        _flag("malicious_arrears", "恶意拖欠"),
        _flag("dishonest_listed", "失信惩戒"),
        _flag("newly_commissioned", "新投产"),
        _flag("resumed_after_arrears", "欠费复产"),
        _flag("protected", "保护对象"),
    ),
)

IDENTITIES = Table(
    name="identities",
    zh="客户身份",
    row="one customer's name, phone and address, joined only to lists for people",
    key=("customer_id",),
    known_at="",
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="name", kind="text", zh="户名"),
        Column(name="phone", kind="text", zh="电话"),
        Column(name="address", kind="text", zh="用电地址"),
    ),
)

BILLS = Table(
    name="bills",
    zh="电费应收",
    row="one issued receivable of one customer for one cycle",
    required=True,
    key=("bill_id",),
    known_at="issued_on",
    columns=(
        Column(name="bill_id", kind="text", zh="应收标识", required=True),
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="cycle", kind="month", zh="电费年月", required=True),
        Column(name="issued_on", kind="date", zh="发行日期", required=True),
        Column(name="due_on", kind="date", zh="交费截止日", required=True),
        Column(name="amount", kind="money", zh="应收电费", required=True),
        Column(name="kwh", kind="number", zh="电量"),
        Column(
            name="kind",
            kind="code",
            zh="费用类型",
            codes=("regular", "rebill", "refund", "supplement", "final", "small"),
            default="regular",
        ),
        Column(
            name="hold",
            kind="code",
            zh="锁定状态",
            codes=("none", "debit_in_transit", "disputed"),
            default="none",
        ),
        Column(name="hold_from_on", kind="date", zh="锁定起"),
        Column(name="hold_to_on", kind="date", zh="锁定止"),
        Column(name="cancelled_on", kind="date", zh="撤销日期"),
    ),
)

PAYMENTS = Table(
    name="payments",
    zh="交费",
    row="one payment, failed debit or reversal",
    required=True,
    key=("payment_id",),
    known_at="posted_at",
    columns=(
        Column(name="payment_id", kind="text", zh="交费标识", required=True),
        Column(name="customer_id", kind="text", zh="户号"),
        Column(name="bill_id", kind="text", zh="应收标识"),
        Column(name="paid_at", kind="timestamp", zh="交费时间", required=True),
        Column(name="posted_at", kind="timestamp", zh="到账时间"),
        Column(name="amount", kind="money", zh="实收金额", required=True),
        Column(name="channel", kind="code", zh="交费渠道", codes=CHANNELS, default="other"),
        Column(name="outcome", kind="code", zh="交费结果", codes=("ok", "failed"), default="ok"),
        Column(name="reverses_id", kind="text", zh="被冲正交费标识"),
    ),
)

CONTACTS = Table(
    name="contacts",
    zh="催费记录",
    row="one dunning contact and what the customer said",
    key=("contact_id",),
    known_at="contacted_at",
    columns=(
        Column(name="contact_id", kind="text", zh="催费标识", required=True),
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="bill_id", kind="text", zh="应收标识"),
        Column(name="contacted_at", kind="timestamp", zh="催费时间", required=True),
        Column(name="round", kind="integer", zh="轮次"),
        Column(
            name="method",
            kind="code",
            zh="催费方式",
            required=True,
            codes=("sms", "phone", "app", "notice", "visit", "letter"),
        ),
        Column(
            name="outcome",
            kind="code",
            zh="催费结果",
            required=True,
            codes=("delivered", "answered", "no_answer", "wrong_number", "refused", "promised"),
        ),
        Column(name="promised_on", kind="date", zh="承诺日期"),
        Column(
            name="request",
            kind="code",
            zh="客户要求",
            codes=("no_dunning", "no_phone", "not_this_cycle", "lift"),
        ),
        Column(
            name="contact_change",
            kind="code",
            zh="联系信息变更",
            codes=("updated", "added"),
        ),
        Column(name="verified", kind="bool", zh="已核实"),
        Column(
            name="assigned",
            kind="code",
            zh="分派依据",
            codes=("policy", "holdout", "manual"),
        ),
        Column(name="recorded_by", kind="text", zh="记录人"),
    ),
)

EVENTS = Table(
    name="events",
    zh="业务变更",
    row="one change of an account",
    key=("customer_id", "happened_on", "kind"),
    known_at="happened_on",
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="happened_on", kind="date", zh="发生日期", required=True),
        Column(
            name="kind",
            kind="code",
            zh="变更类型",
            required=True,
            codes=("ownership_transfer", "closed", "reopened", "meter_change", "other"),
        ),
        Column(name="note", kind="text", zh="备注"),
    ),
)

BALANCES = Table(
    name="balances",
    zh="预付费余额",
    row="one prepaid customer's balance at the end of one day, and that day's cost",
    key=("customer_id", "on"),
    known_at="on",
    known_next_day=True,
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="on", kind="date", zh="日期", required=True),
        Column(name="balance", kind="money", zh="余额", required=True),
        Column(name="cost", kind="money", zh="当日电费", required=True),
    ),
)

DISCONNECTIONS = Table(
    name="disconnections",
    zh="停复电",
    row="one cut of supply and its end",
    key=("customer_id", "disconnected_at"),
    known_at="disconnected_at",
    columns=(
        Column(name="customer_id", kind="text", zh="户号", required=True),
        Column(name="disconnected_at", kind="timestamp", zh="停电时间", required=True),
        Column(name="reconnected_at", kind="timestamp", zh="复电时间"),
        Column(
            name="reason",
            kind="code",
            zh="停电原因",
            codes=("low_balance", "arrears", "other"),
            default="other",
        ),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CUSTOMERS,
        IDENTITIES,
        BILLS,
        PAYMENTS,
        CONTACTS,
        EVENTS,
        BALANCES,
        DISCONNECTIONS,
    )
}
