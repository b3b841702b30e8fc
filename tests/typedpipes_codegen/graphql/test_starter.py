"""Starter operations of any schema: bounded by construction, complete but for subscriptions, and usable at once."""

from __future__ import annotations

from pathlib import Path

from tests.support.mypy import mypy
from tests.typedpipes_codegen.own.packages import made
from typedpipes_codegen.graphql.documents import MAX_DEPTH, read_documents, selection_depth
from typedpipes_codegen.graphql.sdl import read_schema
from typedpipes_codegen.graphql.starter import write_missing
from typedpipes_codegen.own import OwnPackage, write_own

TOML = 'base_url = "https://api.example/graphql"\n[auth.bearer]\ntype = "bearer"\nenv = "X_TOKEN"\n'

NAMES = """
type Query {
  a(timeout: Int, retries: Int, deadline: Float, max_wait: Int, options: Options, self: ID!): A
  b(maxItems: Int, page_size: Int, resume: String, first: Int, after: String): BConnection
  seo: SEO
  Seo: Seo
  node(id: ID!): Node
  search: [Found!]
  self: Kind
  client: Client
  query: Int
}
type Mutation { seo(input: SEOInput!): SEOPayload  a: A }
type Subscription { changed: A  gone: A }
enum Kind { member owner ClassVar str self Literal None_ members TypeAlias OpenEnum Kind }
input Options { self: Int  class: String  timeout: Int  model_config: Int  from: Kind  copy: Int }
input SEOInput { title: String  nested: SEOInput }
interface Node { id: ID!  owner: Owner  related: [Node] }
interface Owner { id: ID!  node: Node }
type A implements Node { id: ID!  owner: Owner  related: [Node]  b: B  kind: Kind!  price: Price  class: Int  A: A }
type B implements Node & Owner { id: ID!  owner: Owner  related: [Node]  node: Node  a: A  as(first: Int): AConnection }
type AConnection { edges: [AEdge]  pageInfo: PageInfo!  totalCount: Int }
type AEdge { node: A  cursor: String! }
type BConnection { nodes: [B]  edges: [BEdge]  pageInfo: PageInfo! }
type BEdge { node: B  cursor: String! }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
type Price { net: Money  gross: Money }
type Money { amount: Float!  currency: String! }
type SEO { title: String  self: String  json: String  dict: Int }
type Seo { title: String }
type SEOPayload { seo: SEO  errors: [Problem!]! }
type Problem { message: String!  path: [String!] }
type Client { id: ID!  Field: Int }
type Empty { needs(x: Int!): Int }
union Found = A | B | SEO
"""


def test_names_that_python_or_our_code_has_make_a_package_that_imports_and_type_checks(tmp_path: Path) -> None:
    with made(tmp_path, "named", NAMES, TOML, ".graphql") as package:
        client = package.Named(token="x")
        assert client.a.__kwdefaults__.keys() >= {"timeout_", "retries_", "deadline_", "max_wait_", "options_"}
        assert "resume_" in client.b.__kwdefaults__
        assert package.Kind.member_ == "member"
        assert package.Kind.owner == "owner"
        assert {str(value) for value in package.Kind.members()} >= {"member", "ClassVar", "str", "self"}
        for name in package.__all__:
            assert getattr(package, name) is not None
    done = mypy("-p", "named", cwd=tmp_path)
    assert done.stdout == ""


def test_subscriptions_are_left_out_with_a_word(tmp_path: Path) -> None:
    (tmp_path / "named.graphql").write_text(NAMES)
    (tmp_path / "named.toml").write_text(TOML)
    wanted = OwnPackage(schema=tmp_path / "named.graphql", output=tmp_path / "named", config=tmp_path / "named.toml")
    done = write_own(wanted)
    assert done.notes == ("subscriptions are not generated: changed, gone",)
    assert done.operations == 12  # and the walk of b


def test_plain_values_are_selected_whole_and_objects_below_by_what_they_are_told_by(tmp_path: Path) -> None:
    (tmp_path / "schema.graphql").write_text(NAMES)
    write_missing(tmp_path / "schema.graphql", tmp_path / "operations")
    fragment = " ".join((tmp_path / "operations" / "fragments" / "A.graphql").read_text().split())
    assert fragment == (
        "fragment A on A { id owner { __typename id } related { __typename id } b { ...BRef } kind "
        "price { ...Price } class A { ...ARef } }"
    )
    price = " ".join((tmp_path / "operations" / "fragments" / "Price.graphql").read_text().split())
    assert price == "fragment Price on Price { net { ...Money } gross { ...Money } }"


def large(types: int) -> str:
    """A schema in which everything leads to everything: each object to seven others, in lists and connections."""
    lines = ["interface Node { id: ID!  node: Node  other: Other }", "interface Other { id: ID!  node: Node }"]
    roots = []
    for number in range(types):
        others = [f"  t{k}: T{(number * 7 + k) % types}" for k in range(5)]
        others += [f"  c{k}(first: Int, after: String): C{(number * 3 + k) % types}" for k in range(2)]
        lines.append(f"type T{number} implements Node {{ id: ID!  name: String  node: Node  other: Other")
        lines += [*others, "}", f"type C{number} {{ nodes: [T{number}]  pageInfo: PageInfo!  any: U }}"]
        if number % 10 == 0:
            roots.append(f"  t{number}(id: ID!): T{number}  c{number}(first: Int, after: String): C{number}")
    lines.append("type PageInfo { hasNextPage: Boolean!  endCursor: String }")
    lines.append(f"union U = {' | '.join(f'T{number}' for number in range(types))}")
    return "\n".join([*lines, "type Query {", *roots, "}"])


def test_selections_stay_shallow_and_small_however_large_the_schema_is(tmp_path: Path) -> None:
    sizes = []
    for types in (20, 80):
        folder = tmp_path / str(types)
        folder.mkdir()
        (folder / "schema.graphql").write_text(large(types))
        written = write_missing(folder / "schema.graphql", folder / "operations")
        sizes.append(sum(path.stat().st_size for path in written))
        documents = read_documents(read_schema(folder / "schema.graphql"), folder / "operations")
        deepest = max(selection_depth(documents, operation.selection_set) for operation in documents.operations)
        assert deepest <= 9 < MAX_DEPTH
    assert sizes[1] < 4.6 * sizes[0]
