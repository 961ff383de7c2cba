"""Which templates were written to break something? Each with the place and the words in which `aftercart check` answers.

A row without words renders harmlessly. Texts of a few letters stand for themselves; the huge ones are made here.
"""

from tests.unit.rendering.shelf import GOOD, TEXT_LINE

Files = dict[str, str | bytes]
TEXT = "hello/body.txt"
FOOT = '{% include "_base/footer.txt" %}\n'
MJML = "hello/body.mjml"


def text(source: str) -> Files:
    """The text part of the sound e-mail, with one hostile line."""
    return {TEXT: f"{source}\n{FOOT}"}


def mjml(line: str) -> Files:
    return {MJML: GOOD[MJML].replace(TEXT_LINE, line)}


def nested(before: str, inside: str, after: str, times: int) -> str:
    return before * times + inside + after * times


#: What is tried -> the files, and what is said of them: "" for nothing.
# fmt: off
TEMPLATES: dict[str, tuple[Files, str]] = {
    # out of the sandbox
    "attribute walk": (text("{{ shop.__class__.__mro__ }}"), 'hello/body.txt:1:1: "__class__" is not a word of the vocabulary'),
    "attribute walk by brackets": (text("{{ shop['__class__'] }}"), 'hello/body.txt:1:10: there is no "__class__" here'),
    "attr filter": (text("{{ shop|attr('__class__') }}"), 'hello/body.txt:1:1: there is no filter "attr"'),
    "str.format with values": (text("{{ '{0.__class__}'.format(shop) }}"), "hello/body.txt:1:1: this cannot be called"),
    "format filter": (text("{{ '%s' | format(shop) }}"), 'hello/body.txt:1:1: there is no filter "format"'),
    "percent": (text("{{ '%99999999s' % shop.name }}"), "hello/body.txt:1:1: text cannot be multiplied or formatted"),
    "globals of a macro": (text("{% macro m() %}{% endmacro %}{{ m.__globals__ }}"), 'hello/body.txt:1:30: "__globals__" is not a word of the vocabulary'),
    "cycler": (text("{{ cycler.__init__.__globals__.os }}"), 'hello/body.txt:1:1: "__globals__" is not a word of the vocabulary'),
    "joiner and namespace": (text("{% set n = namespace(x=1) %}{{ joiner() }}"), 'hello/body.txt:1:1: there is no macro "namespace"'),
    "lipsum": (text("{{ lipsum(n=1000000) }}"), "hello/body.txt:1:1: the number 1000000 is too big"),
    "request and config": (text("{{ request.application }}{{ config.items() }}{{ self }}"), 'hello/body.txt:1:4: there is no "request" in any message'),
    "map by a dunder": (text("{{ order.items | map(attribute='__class__') | list }}"), 'hello/body.txt:1:33: there is no "__class__" here'),
    "map by a foreign filter": (text("{{ order.items | map('attr', '__class__') | list }}"), "hello/body.txt:1:1: No filter named 'attr'."),
    "import": (text("{% import 'os' as os %}{% from 'x' import y %}"), "hello/body.txt:1:1: import is not for templates"),
    "caller and varargs": (text("{% macro m() %}{{ varargs }}{{ caller() }}{% endmacro %}{{ m(1, 2) }}"), 'hello/body.txt:1:19: there is no "varargs" in any message'),
    # time
    "range without end": (text("{% for x in range(1000000000) %}x{% endfor %}"), "hello/body.txt:1:1: the number 1000000000 is too big"),
    "loops inside loops": (text(nested("{% for x in range(200) %}", "x", "{% endfor %}", 6)), "hello/body.txt:1:51: 3 loops inside each other"),
    "loops of macros in loops": (text(
        "{% macro a() %}{% for x in range(200) %}{% for y in range(200) %}{% endfor %}{% endfor %}{% endmacro %}"
        "{% for x in range(200) %}{% for y in range(200) %}{{ a() }}{% endfor %}{% endfor %}"), "hello/body.txt:1:16: loops inside each other run more than 100,000 rounds"),
    "a macro that calls itself": (text("{% macro a() %}{{ a() }}{{ a() }}{% endmacro %}{{ a() }}"), 'hello/body.txt:1:1: the macro "a" calls a'),
    "a macro handed to itself": (text(
        "{% macro a(f, n) %}{% if n %}{{ f(f, n - 1) }}{{ f(f, n - 1) }}{% endif %}{% endmacro %}{{ a(a, 60) }}"), 'hello/body.txt:1:30: there is no macro "f"'),
    "a macro under another name": (text("{% macro a() %}{{ b() }}{% endmacro %}{% set b = a %}{{ b() }}"), 'hello/body.txt:1:16: there is no macro "b"'),
    "powers": (text("{{ 9 ** 9 ** 9 }}"), "hello/body.txt:1:1: ** is not for templates"),
    "numbers that square themselves": (text("{% set a = 9999 %}" + "{% set a = a * a %}" * 40 + "{{ a }}"), "hello/body.txt:1:38: 99980001 * 99980001 is too big a number"),
    "a quote too many, forty times": (text("{{ " + "\"'" * 200 + " }"), "hello/body.txt:1:1: {{ is opened and not closed"),
    "forty thousand openings": (text("{{" * 40_000), "hello/body.txt:1:1: {{ is opened and not closed"),
    "words that stand for tags": (mjml("<mj-text>jinja-tag-99-held jinja-0-held ⿵7⿵ {{ shop.name }}</mj-text>"), ""),
    "six thousand tags": (text("{{ shop.name }}" * 6_000), "hello/body.txt:1:1: 6,003 values and blocks in one text"),
    "deep brackets": (text("{{ " + nested("(", "1", ")", 40_000) + " }}"), "hello/body.txt:1:1: more than 40 expressions or blocks inside each other"),
    "deep brackets of lists": (text("{{ " + nested("[", "1", "]", 900) + " }}"), "hello/body.txt:1:1: more than 40 expressions or blocks inside each other"),
    "deep ifs": (text(nested("{% if shop.name %}", "x", "{% endif %}", 700)), "hello/body.txt:1:721: more than 40 expressions or blocks inside each other"),
    "nots": (text("{{ " + "not " * 5_000 + "shop }}"), "hello/body.txt:1:1: more than 40 expressions or blocks inside each other"),
    "open comments of HTML": (mjml("<mj-text>" + "<!--" * 20_000 + "</mj-text>"), "hello/body.mjml:2:1: <mj-text> is not closed"),
    "open attributes": (mjml("<mj-text>" + "<a b='" * 15_000 + "</mj-text>"), "hello/body.mjml:1:1: more than 100 elements inside each other"),
    "thirty-five hundred attributes": (mjml("<mj-text><b " + 'title="{{ shop.name }}" ' * 3_500 + ">x</b></mj-text>"), "hello/body.mjml:2:20: MJML drops {{ … at this place"),
    # memory and length
    "join of joins": (text("{{ " + "range(200) | join(" * 8 + "'x'" + ")" * 8 + " }}"), "hello/body.txt:1:1: this can become longer than 4,000,000 characters"),
    "doubling by set": (text("{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}"), 'hello/body.txt:1:27: "a" is itself made by set and cannot be joined into another'),
    "doubling by join": (text("{% set a = 'xxxxxxxxxx' %}" + "{% set a = range(200) | join(a) %}" * 9 + "{{ a }}"), "hello/body.txt:1:95: this can become longer than 4,000,000 characters"),
    "doubling by macros": (text("{% macro d(x) %}{{ x }}{{ x }}{{ x }}{% endmacro %}{{ " + nested("d(", "'x'", ")", 30) + " }}"), "hello/body.txt:1:24: this can become longer than 4,000,000 characters"),
    "doubling by blocks of set": (text("{% set a %}xxxxxxxx{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a }}"), 'hello/body.txt:1:32: "a" is itself made by set and cannot be joined into another'),
    "multiplied text": (text("{{ 'x' * 1000000000 }}{{ shop.name * 1000000000 }}"), "hello/body.txt:1:1: text cannot be multiplied or formatted"),
    "multiplied list": (text("{% for x in [1] * 100000000 %}{% endfor %}"), "hello/body.txt:1:1: text cannot be multiplied or formatted"),
    "center": (text("{{ 'x' | center(1000000000) }}"), "hello/body.txt:1:1: the number 1000000000 is too big"),
    "indent": (text("{{ shop.name | indent(1000000000) }}"), "hello/body.txt:1:1: the number 1000000000 is too big"),
    "wordwrap": (text("{{ shop.name | wordwrap(1, wrapstring='x' ~ shop.name) }}"), 'hello/body.txt:1:1: there is no filter "wordwrap"'),
    "replace": (text("{{ shop.name | replace('', 'xxxxxxxxxx') | replace('x', 'xxxxxxxxxx') }}"), 'hello/body.txt:1:1: there is no filter "replace"'),
    "truncate": (text("{{ shop.name | truncate(10000000000) }}"), "hello/body.txt:1:1: the number 10000000000 is too big"),
    "batch and slice": (text("{{ [1] | batch(1000000000, 0) | list }}{{ [1] | slice(1000000000) | list }}"), "hello/body.txt:1:1: the number 1000000000 is too big"),
    "a page of a hundred thousand lines": (text(nested("{% for x in range(200) %}", "x" * 500, "{% endfor %}", 2)), "hello/body.txt:1:26: this can become longer than 4,000,000 characters"),
    # files
    "a file that includes itself": ({"_base/loop.txt": '{% include "_base/loop.txt" %}', **text('{% include "_base/loop.txt" %}')}, "_base/loop.txt:1:1: files include each other too deeply"),
    "a hundred files deep": ({
        **{f"_base/n{n}.txt": f'{{% include "_base/n{n + 1}.txt" %}}' for n in range(100)}, "_base/n100.txt": "x",
        **text('{% include "_base/n0.txt" %}')}, "_base/n2.txt:1:1: files include each other too deeply"),
    "diamonds": ({
        "_base/a.txt": '{% include "_base/b.txt" %}' * 500, "_base/b.txt": '{% include "_base/c.txt" %}' * 500, "_base/c.txt": "x" * 50,
        **text('{% include "_base/a.txt" %}')}, "_base/b.txt:1:1: more than 384 KB with all that it includes"),
    "include of a foreign file": (text('{% include "/etc/passwd" %}{% include "_base/../../../etc/passwd" %}'), "hello/body.txt:1:1: include is not for templates"),
    "a file of ten megabytes": ({TEXT: "x" * (10 << 20)}, "hello/body.txt:1:1: the file is larger than 96 KB"),
    "NUL": (text("Hello \0 there"), "hello/body.txt:1:7: a control character (U+0000), which no mailbox shows"),
    "a bell in the subject": ({"hello/subject.txt": "Hello \x07\n"}, "hello/subject.txt:1:7: a control character (U+0007), which no mailbox shows"),
    "not UTF-8": ({TEXT: b"Hello\nfrom M\xfcnchen\n" + FOOT.encode()}, "hello/body.txt:2:7: the file is not UTF-8 text"),
    "UTF-16": ({TEXT: "Hello".encode("utf-16")}, "hello/body.txt:1:1: the file is not UTF-8 text"),
    "a second header in the subject": ({"hello/subject.txt": "Hello\r\nBcc: everybody@shop.example\n"}, ""),
    # markup
    "MJML within MJML within MJML": (mjml(nested("<mj-section>", "x", "</mj-section>", 3_000)), "hello/body.mjml:1:1: more than 100 elements inside each other"),
    "elements within elements": (mjml("<mj-text>" + nested("<div>", "x", "</div>", 7_000) + "</mj-text>"), "hello/body.mjml:1:1: more than 100 elements inside each other"),
    "entities of entities": (mjml('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><mj-text>&b;</mj-text>'), "hello/body.mjml:1:1: MJML cannot read this: unable to parse next template in root template"),
    "mj-include": (mjml('<mj-include path="/etc/passwd" />'), "hello/body.mjml:2:1: there is no <mj-include> in MJML"),
    "seven thousand sections": (mjml("<mj-section/>" * 7_000), "hello/body.mjml:1:1: 5,359,716 characters of HTML"),
    "a value in a script": (mjml("<mj-text><script>var a = '{{ customer.first_name }}'</script></mj-text>"), "hello/body.mjml:2:10: <script> has no place in a message"),
    "a value in a style": (mjml("<mj-text><style>a { color: {{ customer.first_name }} }</style></mj-text>"), "hello/body.mjml:2:28: a value inside <style> is not protected by escaping"),
    "a value in a handler": (mjml('<mj-text><b onclick="a(\'{{ customer.first_name }}\')">x</b></mj-text>'), "hello/body.mjml:2:25: a value in onclick=, which is code, is not protected by escaping"),
    "a link to a script": (mjml('<mj-text><a href="javascript:alert(1)">x</a></mj-text>'), "hello/body.mjml:2:19: href= is not a link that works in a mailbox"),
    "a value as a link": (mjml('<mj-text><a href="{{ customer.first_name }}">x</a></mj-text>'), "hello/body.mjml:2:19: href= takes a value that may be any link, also javascript:"),
    "a value without quotes": (mjml("<mj-text><b title={{ customer.first_name }}>x</b></mj-text>"), "hello/body.mjml:2:19: a value in title=, which has no quotes, is not protected by escaping"),
    "a value in a comment": (mjml("<mj-text><!-- {{ customer.first_name }} --></mj-text>"), "hello/body.mjml:2:15: a value inside a comment is not protected by escaping"),
    "an iframe": (mjml('<mj-text><iframe src="https://shop.example"></iframe></mj-text>'), "hello/body.mjml:2:10: <iframe> has no place in a message"),
    "safe": (mjml("<mj-text>{{ customer.first_name | safe }}</mj-text>"), 'hello/body.mjml:2:10: there is no filter "safe"'),
    "autoescape off": (mjml("<mj-text>{% autoescape false %}{{ customer.first_name }}{% endautoescape %}</mj-text>"), "hello/body.mjml:2:10: autoescape is not for templates"),
}
# fmt: on
