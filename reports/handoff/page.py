"""The page of the hand-off files for people: every field, its codes, and what to confirm."""

from reports.handoff.form import CONFIRMED, Form, load_form, shipped_forms
from reports.handoff.write import FORMAT

_INTRO = f"""# Hand-off files

Made from `configs/handoffs/*.yaml`. `duewatch export PLAN --to handoff --form sap --out DIR` writes
the contacts of a plan for another system's dunning: for each contract account its tier, the
procedure it is to be dunned by, and from which day. Customers whom the plan excludes, holds out or
does not contact are never in it; `--refreshed` takes the plan as refreshed before sending.

A form is changed by copying its YAML and giving the copy's path to `--form`. **to confirm** marks
what nobody here has read in the vendor's own documents, and every code: a utility must confirm both
with those who run the system before a file is loaded.

A file is UTF-8 text, a line ending in CR LF, in a folder named for plan and form that appears whole
or not at all. Each line begins with what it is (format {FORMAT}):

| line | what follows |
|---|---|
| `H` | `duewatch`, format, form and its version, plan, as_of, the policy's version, rows, sum |
| `N` | the names of the fields |
| `D` | one contact: the fields |
| `T` | rows and sum again, so that a file cut short is noticed |

The sum is that of the contacts' open amounts in yuan. Beside the file lies its SHA-256
(`sha256sum --check`). The same plan and form give the same bytes. Where the other system has
account numbers of its own, `--accounts` names a CSV with the heads `customer_id` and `account`.
"""


def handoffs_markdown() -> str:
    """Return the page of every shipped form."""
    return _INTRO + "".join(_form(load_form(name)) for name in shipped_forms())


def _form(form: Form) -> str:
    rows = "\n".join(
        f"| `{one.field}` | {one.meaning.zh} · {one.meaning.en} | {one.value} | {one.width} |"
        f" {one.evidence} | {one.source} |"
        f" {'' if one.evidence in CONFIRMED else '**to confirm**'} |"
        for one in form.columns
    )
    codes = "\n".join(
        f"| {name} | {section.by} | {value} | `{code}` | **to confirm** |"
        for name, section in form.codes.items()
        for value, code in section.by_text.items()
    )
    return (
        f"\n## {form.name}: {form.title.zh} · {form.title.en}\n\n"
        f"Version {form.version}; fields are parted by `{form.delimiter}`.\n\n"
        "| field | meaning | holds | most characters | evidence | source | |\n"
        f"|---|---|---|--:|---|---|---|\n{rows}\n\n"
        f"| codes | by | value | code | |\n|---|---|---|---|---|\n{codes}\n"
    )
