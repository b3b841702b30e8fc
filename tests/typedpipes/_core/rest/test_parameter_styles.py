"""Parameters as the style table of the OpenAPI specification writes them, examples included."""

from __future__ import annotations

import pytest

from typedpipes._core.rest import Arguments, Operation
from typedpipes._core.rest.encoding import encode, header_text, path_text, query_pairs

COLORS = ["blue", "black", "brown"]
RGB = {"R": 100, "G": 200, "B": 150}

# place, code, value, expected: "Style Examples" of OpenAPI 3.1, with the percent-encoding it asks for
TABLE = [
    ("path", "matrix", "blue", ";color=blue"),
    ("path", "matrix", COLORS, ";color=blue,black,brown"),
    ("path", "matrix", RGB, ";color=R,100,G,200,B,150"),
    ("path", "matrix*", COLORS, ";color=blue;color=black;color=brown"),
    ("path", "matrix*", RGB, ";R=100;G=200;B=150"),
    ("path", "label", "blue", ".blue"),
    ("path", "label", COLORS, ".blue,black,brown"),
    ("path", "label", RGB, ".R,100,G,200,B,150"),
    ("path", "label*", COLORS, ".blue.black.brown"),
    ("path", "label*", RGB, ".R=100.G=200.B=150"),
    ("path", "simple", COLORS, "blue,black,brown"),
    ("path", "simple", RGB, "R,100,G,200,B,150"),
    ("path", "simple*", RGB, "R=100,G=200,B=150"),
    ("query", "form", COLORS, "color=blue,black,brown"),
    ("query", "form", RGB, "color=R,100,G,200,B,150"),
    ("query", "form*", COLORS, "color=blue&color=black&color=brown"),
    ("query", "form*", RGB, "R=100&G=200&B=150"),
    ("query", "spaceDelimited", COLORS, "color=blue%20black%20brown"),
    ("query", "pipeDelimited", COLORS, "color=blue%7Cblack%7Cbrown"),
    ("query", "pipeDelimited*", COLORS, "color=blue&color=black&color=brown"),
    ("query", "deepObject*", RGB, "color[R]=100&color[G]=200&color[B]=150"),
    ("query", "deepObject*", {"a": {"b": [1, True]}}, "color[a][b]=1&color[a][b]=true"),
    ("query", "json", {"a": [1, None]}, "color=%7B%22a%22%3A%5B1%2Cnull%5D%7D"),
    ("header", "simple", COLORS, "blue,black,brown"),
    ("header", "simple", RGB, "R,100,G,200,B,150"),
    ("header", "simple*", RGB, "R=100,G=200,B=150"),
    ("query", "form", ["a,b", "c&d"], "color=a%2Cb,c%26d"),
    ("path", "simple", ["a/b", "é"], "a%2Fb,%C3%A9"),
]


@pytest.mark.parametrize(("place", "code", "value", "expected"), TABLE)
def test_a_style_writes_what_the_specification_shows(place: str, code: str, value: object, expected: str) -> None:
    written = {
        "path": lambda: path_text("color", value, code),
        "query": lambda: "&".join(query_pairs("color", value, code)),
        "header": lambda: header_text("color", value, code),
    }[place]()
    assert written == expected


def test_an_operation_puts_each_parameter_where_its_style_says() -> None:
    operation: Operation[None] = Operation(
        id="x",
        api="a",
        name="b.c",
        method="GET",
        path="/maps/{point}/tiles",
        module="m",
        returns="None",
        safety="safe",
        styles={
            "path point": "matrix*",
            "query filter": "deepObject*",
            "cookie seen": "form",
            "header X-Tags": "simple",
        },
    )
    arguments = Arguments(
        path=({"x": 1, "y": 2},),
        query={"filter": {"name": "a b"}, "plain": [1, 2], "none": None},
        headers={"X-Tags": ["a", "b"], "X-None": None},
        cookies={"seen": [1, 2], "session": "s;1", "none": None},
    )
    encoded = encode(operation, arguments, {})
    assert encoded.target == "/maps/;x=1;y=2/tiles?filter[name]=a%20b&plain=1&plain=2"
    assert encoded.headers == {"X-Tags": "a,b", "cookie": "seen=1,2; session=s%3B1"}
