"""One small world written in four dialects: the sample files of the mapping presets.

``python tests/contract/samples/make_samples.py`` writes them again. The same writers take any
other world, which is how the presets are tested both ways. The codes stand here apart from the
presets on purpose: the two must agree.
"""

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

HERE = Path(__file__).parent
Row = dict[str, Any]
World = dict[str, list[Row]]

CYCLES = (202606, 202607, 202608, 202609)

# segment, voltage, arrangement, org, grid, urban or rural, kVA, usual bill in yuan, how they pay
CUSTOMERS = """
    5101000001 | residential  | low  | none               | urban | 8    | 126.40   | prompt
    5101000002 | residential  | low  | bank_debit         | urban | 8    | 98.75    | debit
    5101000003 | residential  | low  | none               | rural | 8    | 61.20    | late
    5101000004 | residential  | low  | none               | rural | 8    | 143.05   | partial
    5101000005 | residential  | low  | bank_debit         | urban | 8    | 110.00   | failing
    5101000006 | commercial   | low  | none               | urban | 30   | 1204.50  | prompt
    5101000007 | commercial   | low  | third_party_debit  | urban | 30   | 866.31   | reversed
    5101000008 | commercial   | low  | none               | urban | 50   | 2310.00  | never
    5101000009 | industrial   | high | entrusted_collection | urban | 630 | 48210.77 | prompt
    5101000010 | industrial   | high | none               | rural | 315  | 20155.08 | partial
    5101000011 | agricultural | low  | none               | rural | 15   | 75.60    | late
    5101000012 | residential  | low  | none               | rural | 8    | 0.00     | prompt
    5101000013 | wholesale    | high | none               | rural | 1250 | 90000.00 | prompt
    """


def build_world() -> World:
    """Return customers, identities, bills and payments in the contract's columns."""
    customers, identities, bills, payments = [], [], [], []
    lines = [line for line in CUSTOMERS.splitlines() if line.strip()]
    for n, line in enumerate(lines, start=1):
        cells = [cell.strip() for cell in line.split("|")]
        customer = dict(
            zip(("customer_id", "segment", "voltage", "pay_arrangement"), cells, strict=False)
        )
        customer["urban_rural"] = cells[4]
        customer["capacity_kva"] = float(cells[5])
        customer["billing_mode"] = "prepaid" if n == 12 else "postpaid"
        customer["org_id"] = f"51401{1 + n % 2}"
        customer["grid_id"] = f"TG{n % 3:04d}"
        customer["opened_on"] = date(2015, 1, 1) + timedelta(days=97 * n)
        customers.append(customer)
        # The last sign of 𠮷 lies outside the Chinese character sets before GB 18030.
        identities.append(
            {
                "customer_id": cells[0],
                "name": f"用户{n:02d}",
                "address": f"{'𠮷祥' if n == 3 else '人民'}路{n}号",
            }
        )
        mine = [_bill(cells[0], n, k, Decimal(cells[6])) for k in range(len(CYCLES))]
        bills += mine
        payments += [p for k, bill in enumerate(mine) for p in _payments(bill, k, cells[7])]
    return {
        "customers": customers,
        "identities": identities,
        "bills": bills,
        "payments": payments,
    }


def _bill(customer: str, n: int, k: int, usual: Decimal) -> Row:
    cycle = CYCLES[k]
    month = date(cycle // 100, cycle % 100 + 1, 1)
    amount = (usual * (100 + 7 * k - 3 * (n % 4)) / 100).quantize(Decimal("0.01"))
    kind = "refund" if (n, k) == (6, 3) else "regular"
    return {
        "bill_id": f"{customer[-4:]}{cycle}",
        "customer_id": customer,
        "cycle": cycle,
        "issued_on": month + timedelta(days=2 + n % 3),
        "due_on": month + timedelta(days=24),
        "amount": -Decimal("35.10") if kind == "refund" else amount,
        "kwh": float(round(amount * 2)),
        "kind": kind,
        "hold": "debit_in_transit" if (n, k) == (5, 3) else "none",
    }


def _payments(bill: Row, k: int, habit: str) -> list[Row]:
    amount, due, issued = bill["amount"], bill["due_on"], bill["issued_on"]
    if amount <= 0:
        return []
    first = (amount * 6 / 10).quantize(Decimal("0.01"))
    last_open = k == len(CYCLES) - 1
    script: dict[str, list[tuple[date, Decimal, str, str]]] = {
        "prompt": [(issued + timedelta(days=3), amount, "wechat", "ok")],
        "debit": [(due - timedelta(days=5), amount, "bank_debit", "ok")],
        "late": [] if last_open else [(due + timedelta(days=12), amount, "counter", "ok")],
        "partial": [
            (due - timedelta(days=2), first, "kiosk", "ok"),
            *([] if last_open else [(due + timedelta(days=9), amount - first, "agent", "ok")]),
        ],
        "failing": [
            (due - timedelta(days=5), amount, "bank_debit", "failed"),
            *([] if last_open else [(due + timedelta(days=4), amount, "bank_counter", "ok")]),
        ],
        "reversed": [
            (issued + timedelta(days=5), amount, "bank_online", "ok"),
            *(
                [
                    (issued + timedelta(days=6), -amount, "bank_online", "ok"),
                    (due + timedelta(days=2), amount, "collector", "ok"),
                ]
                if k == 1
                else []
            ),
        ],
        "never": [(due + timedelta(days=20), amount, "counter", "ok")] if k == 0 else [],
    }
    return [
        {
            "payment_id": f"P{bill['bill_id']}{i}",
            "customer_id": bill["customer_id"],
            "bill_id": bill["bill_id"],
            "paid_at": datetime(day.year, day.month, day.day, 9 + i, 15 * (k % 4), 0),
            "amount": money,
            "channel": channel,
            "outcome": outcome,
        }
        for i, (day, money, channel, outcome) in enumerate(script[habit])
    ]


def write_csv(path: Path, rows: Iterable[Row], *, encoding: str = "utf-8") -> None:
    """Write rows of text; heads are the keys of all rows, in order of appearance."""
    rows = list(rows)
    heads = list(dict.fromkeys(key for row in rows for key in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as target:
        writer = csv.DictWriter(target, heads, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


# --- en: the contract's own words, all eight tables -------------------------------------------


def write_en(world: World, folder: Path) -> None:
    """Write plain CSV with the contract's columns, one file for each table that has rows."""
    for table, rows in world.items():
        write_csv(folder / f"{table}.csv", rows)


def build_side_tables() -> World:
    """Return the tables that only the plain dialect has a sample for."""
    day = date(2026, 9, 1)
    return {
        "contacts": [
            {
                "contact_id": "K1",
                "customer_id": "5101000008",
                "bill_id": "0008202607",
                "contacted_at": "2026-09-02 10:30",
                "round": 1,
                "method": "phone",
                "outcome": "promised",
                "promised_on": "2026-09-10",
                "verified": "yes",
                "assigned": "policy",
                "recorded_by": "K07",
            },
            {
                "contact_id": "K2",
                "customer_id": "5101000003",
                "contacted_at": "2026-09-02 11:00",
                "method": "sms",
                "outcome": "delivered",
            },
        ],
        "events": [
            {
                "customer_id": "5101000011",
                "happened_on": "2026-07-15",
                "kind": "ownership_transfer",
                "note": "",
            }
        ],
        "balances": [
            {
                "customer_id": "5101000012",
                "on": day + timedelta(days=i),
                "balance": Decimal(60) - 4 * i,
                "cost": Decimal("4.00"),
            }
            for i in range(5)
        ],
        "disconnections": [
            {
                "customer_id": "5101000012",
                "disconnected_at": "2026-09-16 00:20",
                "reconnected_at": "2026-09-16 08:05",
                "reason": "low_balance",
            }
        ],
    }


# --- sg186: GB 18030, code lists, days as eight digits ----------------------------------------

SG_SORT = {"high": "01", "low": "02"}
SG_TYPE = {
    "residential": "202",
    "commercial": "405",
    "industrial": "100",
    "agricultural": "301",
    "wholesale": "501",
}
SG_PAY = {
    "counter": "010101",
    "collector": "010201",
    "kiosk": "010301",
    "bank_counter": "020101",
    "bank_online": "020104",
    "bank_debit": "0205",
    "agent": "030101",
    "wechat": "030146",
}
CN_ARRANGEMENT = {
    "none": "自行缴费",
    "bank_debit": "银行代扣",
    "third_party_debit": "第三方代扣",
    "entrusted_collection": "托收",
}
CN_KIND = {"regular": "正常电费", "refund": "退费"}
CN_HOLD = {"none": "非锁定", "debit_in_transit": "代扣在途"}
CN_MODE = {"postpaid": "非费控", "prepaid": "远程费控"}
CN_URBAN = {"urban": "城镇", "rural": "农村"}

# Meters of the utility itself and rooftop power are no customers to collect from.
SG_NO_CUSTOMERS = (("5101000098", "000"), ("5101000099", "801"))


def _yyyymmdd(day: date) -> str:
    return day.strftime("%Y%m%d")


def write_sg186(world: World, folder: Path) -> None:
    """Write CSVs named after the tables, with two accounts that the preset leaves out."""
    names = {row["customer_id"]: row for row in world["identities"]}
    customers = [
        {
            "CONS_NO": c["customer_id"],
            "CONS_NAME": names[c["customer_id"]]["name"],
            "ELEC_ADDR": names[c["customer_id"]]["address"],
            "ORG_NO": c["org_id"],
            "TG_NO": c["grid_id"],
            "CONS_SORT_CODE": "03" if c["segment"] == "residential" else SG_SORT[c["voltage"]],
            "ELEC_TYPE_CODE": SG_TYPE[c["segment"]],
            "CONTRACT_CAP": f"{c['capacity_kva']:.0f}",
            "URBAN_RURAL_FLAG": CN_URBAN[c["urban_rural"]],
            "CTL_MODE": CN_MODE[c["billing_mode"]],
            "BUILD_DATE": _yyyymmdd(c["opened_on"]),
            "CANCEL_DATE": "",
            "PAY_ARRANGEMENT": CN_ARRANGEMENT[c["pay_arrangement"]],
        }
        for c in world["customers"]
    ]
    template = customers[0]
    for number, kind in SG_NO_CUSTOMERS:
        other = {"CONS_NO": number, "CONS_NAME": "台区关口", "ELEC_TYPE_CODE": kind}
        customers.append(template | other | {"CONS_SORT_CODE": "00"})
    bills = [
        {
            "RCVBL_AMT_ID": b["bill_id"],
            "CONS_NO": b["customer_id"],
            "RCVBL_YM": b["cycle"],
            "RELEASE_DATE": _yyyymmdd(b["issued_on"]),
            "PENALTY_BGN_DATE": _yyyymmdd(b["due_on"] + timedelta(days=1)),
            "T_PQ": f"{b['kwh']:.0f}",
            "RCVBL_AMT": b["amount"],
            "AMT_TYPE": CN_KIND[b["kind"]],
            "STATUS_CODE": CN_HOLD[b["hold"]],
        }
        for b in world["bills"]
    ]
    bills.append(
        dict(bills[0]) | {"RCVBL_AMT_ID": "0098202606", "CONS_NO": "5101000098", "RCVBL_AMT": "0"}
    )
    paid = [
        {
            "RCVED_AMT_ID": p["payment_id"],
            "CONS_NO": p["customer_id"],
            "RCVBL_AMT_ID": p["bill_id"],
            "RCVED_DATE": p["paid_at"].strftime("%Y%m%d%H%M%S"),
            "THIS_RCVED_AMT": p["amount"],
            "PAY_MODE": SG_PAY[p["channel"]],
        }
        for p in world["payments"]
        if p["outcome"] == "ok"
    ]
    failed = [
        {
            "流水号": p["payment_id"],
            "户号": p["customer_id"],
            "应收标识": p["bill_id"],
            "扣款时间": p["paid_at"].strftime("%Y-%m-%d %H:%M:%S"),
            "扣款金额": f"{p['amount']:,.2f}",
            "扣款结果": "余额不足",
        }
        for p in world["payments"]
        if p["outcome"] == "failed"
    ]
    # Settled bills lie in the archive table, as they do there.
    archived = {b["bill_id"] for b in world["bills"] if b["cycle"] == CYCLES[0]}
    for suffix, old in (("", False), ("_ARC", True)):
        part = [b for b in bills if (b["RCVBL_AMT_ID"] in archived) == old]
        if part:
            write_csv(folder / f"A_RCVBL_FLOW{suffix}.csv", part, encoding="gb18030")
    write_csv(folder / "C_CONS.csv", customers, encoding="gb18030")
    if paid:
        write_csv(folder / "A_RCVED_FLOW.csv", paid, encoding="gb18030")
    if failed:
        write_csv(folder / "代扣失败清单.csv", failed, encoding="gb18030")


# --- mkt2: UTF-8, descriptions in coded columns -----------------------------------------------

MKT_CLASS = {"high": "高压", "low": "低压非居民"}
MKT_TYPE = {
    "residential": "居民生活用电",
    "commercial": "商业用电",
    "industrial": "大工业用电",
    "agricultural": "农业生产用电",
    "wholesale": "趸售用电",
}
CN_CHANNEL = {
    "counter": "营业厅柜台",
    "collector": "走收",
    "kiosk": "自助终端",
    "bank_counter": "银行柜台",
    "bank_online": "网上银行",
    "bank_debit": "银行代扣",
    "agent": "代收",
    "wechat": "微信",
}


def write_mkt2(world: World, folder: Path) -> None:
    """Write UTF-8 CSVs named after the warehouse's tables."""
    names = {row["customer_id"]: row for row in world["identities"]}
    write_csv(
        folder / "dim_cst_elec_cons_cust.csv",
        (
            {
                "cust_no": c["customer_id"],
                "cust_name": names[c["customer_id"]]["name"],
                "elec_addr": names[c["customer_id"]]["address"],
                "mgt_org_code": c["org_id"],
                "dist_sta_id": c["grid_id"],
                "cust_cls_desc": "低压居民"
                if c["segment"] == "residential"
                else MKT_CLASS[c["voltage"]],
                "ec_categ_desc": MKT_TYPE[c["segment"]],
                "contract_cap": f"{c['capacity_kva']:.0f}",
                "urban_rural_desc": CN_URBAN[c["urban_rural"]],
                "ctrl_mode_desc": CN_MODE[c["billing_mode"]],
                "pay_arrange_desc": CN_ARRANGEMENT[c["pay_arrangement"]],
                "build_date": c["opened_on"].isoformat(),
            }
            for c in world["customers"]
        ),
    )
    write_csv(
        folder / "dwd_cst_rcvbl_acct.csv",
        (
            {
                "rcvbl_acct_id": b["bill_id"],
                "cust_no": b["customer_id"],
                "rcvbl_ym": b["cycle"],
                "issu_date": b["issued_on"].isoformat(),
                "due_date": b["due_on"].isoformat(),
                "rcvbl_amt": b["amount"],
                "qty": f"{b['kwh']:.0f}",
                "amt_type_desc": CN_KIND[b["kind"]],
                "status_desc": CN_HOLD[b["hold"]],
            }
            for b in world["bills"]
        ),
    )
    write_csv(
        folder / "dwd_cst_charg_acct.csv",
        (
            {
                "charg_acct_id": p["payment_id"],
                "cust_no": p["customer_id"],
                "rcvbl_acct_id": p["bill_id"],
                "charg_time": p["paid_at"].strftime("%Y-%m-%d %H:%M:%S"),
                "charg_amt": p["amount"],
                "charg_mode_desc": CN_CHANNEL[p["channel"]],
                "charg_result_desc": "成功" if p["outcome"] == "ok" else "失败",
            }
            for p in world["payments"]
        ),
    )


# --- cn_excel: one sheet, a row for each bill and payment -------------------------------------


def write_cn_excel(world: World, folder: Path) -> None:
    """Write a workbook as a county's office keeps it; an unpaid bill has no payment cells."""
    customers = {row["customer_id"]: row for row in world["customers"]}
    names = {row["customer_id"]: row for row in world["identities"]}
    paid: dict[str, list[Row]] = {}
    for payment in world["payments"]:
        paid.setdefault(payment["bill_id"], []).append(payment)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "应收实收明细"
    nothing: list[Row | None] = [None]
    rows = [
        _sheet_row(customers[b["customer_id"]], names[b["customer_id"]], b, payment)
        for b in world["bills"]
        for payment in paid.get(b["bill_id"], nothing)
    ]
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    folder.mkdir(parents=True, exist_ok=True)
    # A fixed moment inside the file keeps its bytes the same from run to run.
    book.properties.created = book.properties.modified = datetime(2026, 10, 1)
    book.save(folder / "应收实收明细.xlsx")


def _sheet_row(customer: Row, name: Row, bill: Row, payment: Row | None) -> Row:
    row = {
        "户号": customer["customer_id"],
        "户名": name["name"],
        "用电地址": name["address"],
        "供电单位": customer["org_id"],
        "台区编号": customer["grid_id"],
        "客户分类": "低压居民"
        if customer["segment"] == "residential"
        else MKT_CLASS[customer["voltage"]],
        "用电类别": MKT_TYPE[customer["segment"]],
        "合同容量": customer["capacity_kva"],
        "城乡标志": CN_URBAN[customer["urban_rural"]],
        "费控方式": CN_MODE[customer["billing_mode"]],
        "代扣方式": CN_ARRANGEMENT[customer["pay_arrangement"]],
        "立户日期": customer["opened_on"],
        "应收标识": bill["bill_id"],
        "电费年月": bill["cycle"],
        "发行日期": bill["issued_on"],
        "违约金起算日期": bill["due_on"] + timedelta(days=1),
        "总电量": bill["kwh"],
        "应收电费": float(bill["amount"]),
        "费用类型": CN_KIND[bill["kind"]],
        "费用状态": CN_HOLD[bill["hold"]],
    }
    paid = payment or {}
    return row | {
        "收费流水号": paid.get("payment_id"),
        "实收日期": paid.get("paid_at"),
        "本次实收": float(payment["amount"]) if payment else None,
        "缴费方式": CN_CHANNEL[payment["channel"]] if payment else None,
        "扣款结果": "失败" if paid.get("outcome") == "failed" else None,
    }


WRITERS = {
    "cn_excel": write_cn_excel,
    "en": write_en,
    "mkt2": write_mkt2,
    "sg186": write_sg186,
}


def main() -> None:
    """Write all samples."""
    world = build_world()
    for preset, write in WRITERS.items():
        write(world | (build_side_tables() if preset == "en" else {}), HERE / preset)


if __name__ == "__main__":
    main()
