"""Which YAML files were written to break something? Each with the place and the words in which `aftercart check` answers."""

GOOD = """\
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: any(item.category == 'chicken')
audience: customer.orders >= 1
steps:
  - wait: 2 days
  - stop_if: order.refunded
  - send: {email: hello}
    between: 16:00-19:00
    expires: 2 days
limits: 1 per 7 days
tests:
  - given: [{order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}}]
    expect: [{at: 2026-03-04 16:00, email: hello}]
"""


def where(condition: str) -> str:
    return GOOD.replace("any(item.category == 'chicken')", condition)


def given(line: str) -> str:
    return GOOD.replace("delivered: 2026-03-02 10:00", line)


def laughs(levels: int) -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)
    ]
    return "\n".join(lines)


def names_of_names(levels: int) -> str:
    lines = ["a0: customer.orders > 1"]
    lines += [f"a{n}: a{n - 1} and a{n - 1}" for n in range(1, levels)]
    return "\n".join(lines)


#: What is tried -> the file below campaigns/, what it holds, and what is said of it: "" for nothing.
# fmt: off
CAMPAIGNS: dict[str, tuple[str, str | bytes, str]] = {
    "billion laughs": ("spring.yaml", laughs(10), "spring.yaml:1:50: too much once its aliases are written out"),
    "laughs within the limits": ("spring.yaml", laughs(5), "spring.yaml:1:50: too much once its aliases are written out"),
    "deep lists": ("spring.yaml", "[" * 100_000, "spring.yaml:1:51: more than 50 levels inside each other"),
    "deep keys": ("spring.yaml", "".join(" " * n + "a:\n" for n in range(400)), "spring.yaml:51:51: more than 50 levels inside each other"),
    "dashes": ("spring.yaml", "- " * 60_000, "spring.yaml:1:101: more than 50 levels inside each other"),
    "questions": ("spring.yaml", "? " * 60_000, "spring.yaml:1:101: more than 50 levels inside each other"),
    "a huge scalar": ("spring.yaml", "name: " + "x" * 250_000, 'spring.yaml:1:1: the key "purpose" is missing'),
    "a huge quoted scalar": ("spring.yaml", 'name: "' + "x\\n " * 60_000 + '"', 'spring.yaml:1:1: the key "purpose" is missing'),
    "a huge block": ("spring.yaml", "name: |\n" + "  xxxx\n" * 30_000, 'spring.yaml:1:1: the key "purpose" is missing'),
    "a huge number": ("spring.yaml", GOOD + "priority: " + "9" * 5_000, 'spring.yaml:17:11: a whole number is needed here, not "999999999999999999999999999999999999999999999999999999999999"'),
    "a number beyond all": ("spring.yaml", GOOD + "priority: 1e999", "spring.yaml:17:11: a whole number is needed here, not inf"),
    "not a number": ("spring.yaml", GOOD + "priority: .nan", 'spring.yaml:17:11: a whole number is needed here, not ".nan"'),
    "duplicate keys": ("spring.yaml", GOOD + "name: Summer\n", 'spring.yaml:17:1: the key "name" stands here twice'),
    "nine thousand duplicates": ("spring.yaml", "name: x\n" * 9_000, 'spring.yaml:2:1: the key "name" stands here twice'),
    "an anchor to itself": ("spring.yaml", "a: &a [*a]\n", "spring.yaml:1:4: too much once its aliases are written out"),
    "a merge with itself": ("spring.yaml", "a: &a {<<: *a}\n", 'spring.yaml:1:8: merging with "<<" is not read'),
    "merge keys": ("spring.yaml", GOOD.replace("  - send:", "  - <<: {wait: 1 day}\n  - send:"), 'spring.yaml:10:5: merging with "<<" is not read'),
    "a tag of Python": ("spring.yaml", 'name: !!python/object/apply:os.system ["touch /tmp/owned"]\n', 'spring.yaml:1:7: tags such as "!!python/object/apply:os.system" are not read'),
    "a tab": ("spring.yaml", GOOD.replace("  event", "\tevent"), "spring.yaml:4:1: a tab stands here"),
    "a BOM": ("spring.yaml", b"\xef\xbb\xbf" + GOOD.encode(), ""),
    "UTF-16": ("spring.yaml", GOOD.encode("utf-16"), "spring.yaml:1:1: the file is not UTF-8 text"),
    "not UTF-8": ("spring.yaml", GOOD.replace("Spring", "Früh").encode("latin-1"), "spring.yaml:1:9: the file is not UTF-8 text"),
    "NUL": ("spring.yaml", GOOD.replace("Spring", "Spr\0ing"), "spring.yaml:1:10: a control character (U+0000) stands here"),
    "NUL as an escape": ("spring.yaml", GOOD.replace("Spring", '"Spr\\0ing"'), "spring.yaml:1:7: the text has a character that cannot be shown (U+0000)"),
    "a lone surrogate": ("spring.yaml", GOOD.replace("Spring", '"Spr\\uD800ing"'), "spring.yaml:1:7: the text has a character that cannot be shown (U+D800)"),
    "ten megabytes": ("spring.yaml", "# x\n" * (10 << 18), "spring.yaml:1:1: the file is larger than 256 KB"),
    "a hundred thousand tests": ("spring.yaml", GOOD + "  - {given: [], expect: []}\n" * 100_000, "spring.yaml:1:1: the file is larger than 256 KB"),
    "two thousand tests": ("spring.yaml", GOOD + "  - {given: [], expect: []}\n" * 2_000, "spring.yaml:17:13: this must not be empty"),
    "six thousand unknown keys": ("spring.yaml", "".join(f"nmae{n}: x\n" for n in range(6_000)), 'spring.yaml:1:1: the key "purpose" is missing'),
    "Norway": ("spring.yaml", where("customer.country == 'NO'").replace("name: Spring", "name: NO"), ""),
    "octal": ("spring.yaml", GOOD + "priority: 010", ""),
    "sixty-based": ("spring.yaml", GOOD.replace("16:00-19:00", "22:30"), 'spring.yaml:11:14: "22:30" is not a span of the day; write two times, for example "16:00-19:00"'),
    "two documents": ("spring.yaml", GOOD + "---\n" + GOOD, "spring.yaml:17:1: a second document begins here"),
    "a directive": ("spring.yaml", "%YAML 1.1\n---\n" + GOOD, "spring.yaml:2:1: only YAML 1.2 is read"),
    "a condition of a hundred thousand letters": ("spring.yaml", where('"' + "x" * 100_000 + '"'), "spring.yaml:5:11: the condition has 100,000 characters; at most 2,000"),
    "ten thousand ands": ("spring.yaml", where("order.refunded" + " and order.refunded" * 10_000), "spring.yaml:5:10: the condition has 190,014 characters; at most 2,000"),
    "nested brackets": ("spring.yaml", where("(" * 900 + "order.refunded" + ")" * 900), "spring.yaml:5:210: the condition cannot be read from here on"),
    "a hundred nots": ("spring.yaml", where("not " * 400 + "order.refunded"), "spring.yaml:5:214: more than 50 conditions inside each other"),
    "sixty choices": ("spring.yaml", where(" and ".join(f"(order.total > {n} or order.items > {n})" for n in range(40))), ""),
    "a power": ("spring.yaml", where("order.total > 9**9**9**9"), "spring.yaml:5:24: a field is compared with a value"),
    "a call": ("spring.yaml", where("__import__('os').system('touch /tmp/owned')"), 'spring.yaml:5:10: unknown function "__import__(\'os\').system"'),
    "names of names of names": ("shop/audiences.yaml", names_of_names(60), "shop/audiences.yaml:9:5: more than 1,000 comparisons, with all that its names stand for"),
    "a name that leads out": ("spring.yaml", GOOD.replace("email: hello", "email: ../../etc/passwd"), 'spring.yaml:10:19: there is no template "../../etc/passwd"'),
    "a zone that leads out": ("spring.yaml", given("delivered: 2026-03-02 10:00").replace("given: [", "given: [{customer: {timezone: ../../etc/passwd}}, "), 'spring.yaml:15:35: "../../etc/passwd" is not a time zone: for example "Europe/London"'),
    "the end of time": ("spring.yaml", given("delivered: 9999-12-31 23:59"), 'spring.yaml:15:33: "9999-12-31 23:59" is far away; write a year from 2000 to 2099'),
    "the beginning of time": ("spring.yaml", given("delivered: 0001-01-01 00:00"), 'spring.yaml:15:33: "0001-01-01 00:00" is far away; write a year from 2000 to 2099'),
    "a price that is none": ("spring.yaml", GOOD.replace("{category: chicken}", "{category: chicken, price: .inf}"), "spring.yaml:15:13: order.items.0.price: is not a number"),
    "a pattern of stars": ("shop/categories.yaml", 'chicken: ["' + "*a" * 3_000 + '"]\n', ""),
    "a key that is a list": ("spring.yaml", "? [a, b]\n: c\n", "spring.yaml:1:3: a key is one word"),
    "controls in a name": ("spring.yaml", GOOD.replace("Spring", '"Spr\\x1b[31ming\\r\\nBcc: x"'), "spring.yaml:1:7: the text has a character that cannot be shown (U+001B)"),
}
# fmt: on
