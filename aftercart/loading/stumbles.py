"""Where does YAML stumble, and what did the author most likely do? The parser's own words say what it expected, which helps nobody."""

from ruamel.yaml.error import MarkedYAMLError

from aftercart.errors import Problem

#: What the parser's words contain -> what is wrong, and how to mend it. The first that fits.
_CAUSES = (
    ("'\\t' that cannot start", "a tab stands here", "indent with spaces"),
    ("'@' that cannot start", "a text cannot begin with @", "put it in quotes"),
    ("'`' that cannot start", "a text cannot begin with `", "put it in quotes"),
    ("'%' that cannot start", "a text cannot begin with %", "put it in quotes"),
    ("cannot start any token", "a text cannot begin like this", "put it in quotes"),
    ("while scanning a quoted scalar", "a quote is opened and never closed", "close it at the end of the text"),
    ("could not find expected ':'", 'a ":" is missing behind this', "write a key, a colon, a space and the value"),
    ("expected a single document", "a second document begins here", 'one file holds one campaign: delete the "---", or make two files'),
    ("while parsing a flow mapping", "a { is opened and not closed", "close it with }, and put commas between its parts"),
    ("while parsing a flow sequence", "a [ is opened and not closed", "close it with ], and put commas between its parts"),
    ("but found '<scalar>'", "something follows a text that has ended", "is a quote missing or one too many, here or on a line above?"),
    ("while parsing a block collection", "this line does not fit into the list above it", 'begin every entry with "- ", one below the other, and keep its keys in one column'),
    ("while parsing a block mapping", "this line does not fit to those above it", "keys of one level begin in the same column"),
    ("found undefined alias", "a * stands for something that is not there", "a text that begins with * needs quotes"),
    ("while scanning an alias", "a text cannot begin with *", "put it in quotes"),
    ("while scanning an anchor", "a text cannot begin with &", "put it in quotes"),
    ("found unknown escape character", "a \\ in double quotes begins something special", "write \\\\ for a \\, or use single quotes"),
    ("did not find expected digit or indentation", "a | or > is followed by something", "begin the text on the next line"),
)  # fmt: skip


#: A colon where none can be: after another one on its line, or on a line that goes on with the text of the line above.
_SECOND = (
    'a second ":" on this line',
    'put a text that contains ": " in quotes, and keys with values in { }',
)
_GOES_ON = (
    "this line does not fit to the one above it",
    'is a ": " missing there, or does this line begin too far to the left or right?',
)


def told(file: str, source: str, error: MarkedYAMLError) -> Problem:
    """The place where reading stopped, in the author's words; a bracket or a quote that stays open is told where it was opened."""
    words = " ".join(filter(None, (error.context, error.problem))) or "cannot be read"
    cause = next((c for c in _CAUSES if c[0] in words), None)
    opened = cause is not None and "opened" in cause[1]
    begun = cause is not None and "behind this" in cause[1]
    mark = error.context_mark if opened or begun else error.problem_mark
    mark = mark or error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if "mapping values are not allowed" in words:
        before = source.split("\n")[line - 1][: column - 1]
        return Problem(file, line, column, *(_SECOND if ":" in before else _GOES_ON))
    if cause:
        return Problem(file, line, column, cause[1], cause[2])
    hint = "look at the indentation, the quotes and the brackets"
    return Problem(file, line, column, f"this is not YAML: {words}", hint)
