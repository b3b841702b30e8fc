"""What we change in ariadne-codegen's output while it is made: names, enums, inputs, methods.

Only its documented plugin hooks are used. Whatever comes from the schema or a document ends up in an `ast.Constant`,
in an identifier GraphQL's grammar already restricts, or nowhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ariadne_codegen.plugins.base import Plugin
from graphql import (
    ExecutableDefinitionNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    Node,
    NonNullTypeNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
)

from typedpipes_codegen.graphql.annotations import input_type, variable_type
from typedpipes_codegen.graphql.connections import Connection
from typedpipes_codegen.graphql.documents import Documents
from typedpipes_codegen.graphql.names import (
    argument_name,
    field_call,
    field_name,
    iter_name,
    member_name,
    number_repeated,
    pascal_case,
)


@dataclass(frozen=True)
class Method:
    """What a client method needs to know of its operation."""

    module: str
    returns: str
    """Annotation of what the method returns."""
    attribute: str | None
    """Attribute of the result to return; None returns the result itself."""
    summary: str
    deprecated: str | None
    connection: Connection | None = None
    items: str | None = None
    """Annotation of one item of the connection."""


class TypedPipesPlugin(Plugin):
    """Open enums, exact input types, keyword-only methods with typed options."""

    def __init__(self, schema: GraphQLSchema, config_dict: dict[str, object]) -> None:
        super().__init__(schema, config_dict)
        documents = config_dict["documents"]
        assert isinstance(documents, Documents)
        self.secret_fields = documents.secret_fields
        self.methods: dict[str, Method] = {}

    def process_name(self, name: str, node: Node | None = None) -> str:
        """Operations are handed over as ``<Name>Result``; their methods and modules do not carry the suffix."""
        if isinstance(node, OperationDefinitionNode):
            return name.removesuffix("_result")
        return field_name(name)

    def generate_enum(self, class_def: ast.ClassDef, enum_type: GraphQLEnumType) -> ast.ClassDef:
        """An open enum: ``blue: ClassVar[Colors] = member("blue")``."""
        name = pascal_case(enum_type.name)
        members: dict[str, str] = {}
        for value in sorted(enum_type.values, key=lambda value: member_name(value) != value):
            attribute, number = member_name(value), 2
            while attribute in members.values():
                attribute, number = f"{member_name(value)}_{number}", number + 1
            members[value] = attribute
        body: list[ast.stmt] = [
            ast.AnnAssign(
                target=ast.Name(members[value]),
                annotation=_expression(f"ClassVar[{name}]"),
                value=ast.Call(ast.Name("member"), [ast.Constant(value)], []),
                simple=1,
            )
            for value in enum_type.values
        ]
        return ast.ClassDef(name, [ast.Name("OpenEnum")], [], body, [])

    def generate_input_class(self, class_def: ast.ClassDef, input_type: GraphQLInputObjectType) -> ast.ClassDef:
        """The input model without the schema's prose, its attribute names unique."""
        class_def.name = pascal_case(input_type.name)
        class_def.bases = [ast.Name("InputModel")]
        class_def.body = list(_without_text(class_def.body)) or [ast.Pass()]
        return class_def

    def generate_input_field(
        self, field_implementation: ast.AnnAssign, input_field: GraphQLInputField, field_name: str
    ) -> ast.AnnAssign:
        """Exact types, and defaults left to the server: what is not given is not sent."""
        assert isinstance(field_implementation.target, ast.Name)
        required = isinstance(input_field.type, GraphQLNonNull) and not has_default(input_field)
        optional = input_field.type.of_type if isinstance(input_field.type, GraphQLNonNull) else input_field.type
        annotation = input_type(input_field.type if required else optional, "model")
        keywords: list[ast.keyword] = []
        if field_implementation.target.id != field_name:
            keywords.append(ast.keyword("alias", ast.Constant(field_name)))
        if _is_secret(input_field):
            keywords.append(ast.keyword("repr", ast.Constant(False)))
        field_implementation.annotation = _expression(annotation)
        field_implementation.value = field_call(keywords, None if required else ast.Constant(None))
        return field_implementation

    def generate_result_field(
        self, field_implementation: ast.AnnAssign, operation_definition: ExecutableDefinitionNode, field: FieldNode
    ) -> ast.AnnAssign:
        """Keep values the schema marks ``@secret`` out of reprs."""
        if id(field) in self.secret_fields:
            keyword = ast.keyword("repr", ast.Constant(False))
            if isinstance(field_implementation.value, ast.Call):
                field_implementation.value.keywords.append(keyword)
            else:
                field_implementation.value = field_call([keyword], field_implementation.value)
        return field_implementation

    def generate_arguments(
        self, arguments: ast.arguments, variable_definitions: tuple[VariableDefinitionNode, ...]
    ) -> ast.arguments:
        """Keyword-only, exactly typed, required ones first; ``**kwargs: Any`` becomes the typed call options."""
        return self._signature(variable_definitions, "CallOptions")

    def _signature(self, definitions: Iterable[VariableDefinitionNode], options: str) -> ast.arguments:
        wanted: list[tuple[ast.arg, ast.expr | None]] = []
        for definition in definitions:
            annotation = variable_type(self.schema, definition.type)
            required = isinstance(definition.type, NonNullTypeNode) and definition.default_value is None
            argument = ast.arg(
                argument_name(definition.variable.name.value),
                _expression(annotation if required else f"{annotation} | Unset"),
            )
            wanted.append((argument, None if required else ast.Name("UNSET")))
        wanted.sort(key=lambda item: item[1] is not None)
        return ast.arguments(
            posonlyargs=[],
            args=[ast.arg("self")],
            kwonlyargs=[argument for argument, _ in wanted],
            kw_defaults=[default for _, default in wanted],
            kwarg=ast.arg("options", _expression(f"Unpack[{options}]")),
            defaults=[],
        )

    def generate_client_method(
        self, method_def: ast.FunctionDef | ast.AsyncFunctionDef, operation_definition: OperationDefinitionNode
    ) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The whole method body: fetch the operation's module, run it, return its one root field."""
        assert operation_definition.name is not None
        method = self.methods[operation_definition.name.value]
        run: ast.expr = _expression("self._run(OPERATION, VARIABLES, options)")
        assert isinstance(run, ast.Call)
        run.args[1] = _variables(operation_definition.variable_definitions)
        if isinstance(method_def, ast.AsyncFunctionDef):
            run = ast.Await(run)
        if method.attribute is not None:
            run = ast.Attribute(run, method.attribute)
        method_def.body = [
            ast.Expr(ast.Constant(method.summary)),
            ast.ImportFrom(f"operations.{method.module}", [ast.alias("OPERATION")], 1),
            ast.Return(run),
        ]
        method_def.returns = _expression(method.returns)
        if method.deprecated is not None:
            method_def.decorator_list = [ast.Call(ast.Name("deprecated"), [ast.Constant(method.deprecated)], [])]
        return method_def

    def iter_method(self, operation: OperationDefinitionNode, method: Method, *, asynchronous: bool) -> ast.FunctionDef:
        """``iter_<operation>``: every item of the operation's connection, fetched page by page.

        Not a coroutine, not even in the asynchronous client: nothing is sent before the result is iterated over.
        """
        assert method.connection is not None
        assert method.items is not None
        window = method.connection.window
        given = [node for node in operation.variable_definitions if node.variable.name.value not in window]
        pages = f"{'AsyncPages' if asynchronous else 'Pages'}[{method.items}]"
        run = _expression("self._pages(OPERATION, VARIABLES, options)")
        assert isinstance(run, ast.Call)
        run.args[1] = _variables(given)
        made = ast.FunctionDef(
            name=iter_name(method.module),
            args=self._signature(given, "PagedCallOptions"),
            body=[
                ast.Expr(
                    ast.Constant(f"Every item of `{method.connection.field}`, page by page; see `{method.module}`.")
                ),
                ast.ImportFrom(f"operations.{method.module}", [ast.alias("OPERATION")], 1),
                ast.Return(run),
            ],
            decorator_list=[],
            returns=_expression(pages),
        )
        if method.deprecated is not None:
            made.decorator_list = [ast.Call(ast.Name("deprecated"), [ast.Constant(method.deprecated)], [])]
        return made


def _variables(definitions: Iterable[VariableDefinitionNode]) -> ast.Dict:
    """Wire name -> argument."""
    names = [definition.variable.name.value for definition in definitions]
    return ast.Dict([ast.Constant(name) for name in names], [ast.Name(argument_name(name)) for name in names])


def _expression(source: str) -> ast.expr:
    """Parse an annotation or call written by us (never text from a schema)."""
    return ast.parse(source, mode="eval").body


def has_default(field: GraphQLInputField) -> bool:
    """Whether the schema gives the field a default value; the server applies it, we never send it."""
    return field.ast_node is not None and field.ast_node.default_value is not None


def _is_secret(field: GraphQLInputField) -> bool:
    return field.ast_node is not None and any(node.name.value == "secret" for node in field.ast_node.directives)


def _without_text(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    fields = [statement for statement in body if isinstance(statement, ast.AnnAssign)]
    number_repeated(fields, set())
    yield from fields
