"""app.py is a list of handlers: no decision, no AWS, nothing that a test of the stages would not see."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import app as deployed
from chalicelib.intake.patterns import PATTERNS

SOURCE = (Path(__file__).parents[2] / "app.py").read_text()
TREE = ast.parse(SOURCE)
FUNCTIONS = [node for node in TREE.body if isinstance(node, ast.FunctionDef)]
ALLOWED_IMPORTS = (
    "__future__",
    "functools",
    "collections.abc",
    "typing",
    "aws_lambda_powertools",
    "chalice",
    "chalicelib",
)
MOST_STATEMENTS = 6  # beside the docstring and the imports
DECORATORS = ("on_cw_event", "schedule", "on_sqs_message", "on_sns_message")


def _decorators(function: ast.FunctionDef) -> list[str]:
    return [ast.unparse(one) for one in function.decorator_list]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: str(function.name))
def test_every_function_is_short_and_explained(function: ast.FunctionDef) -> None:
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function]
    counted = [node for node in statements if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert ast.get_docstring(function)
    assert len(counted) - 1 <= MOST_STATEMENTS


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: str(function.name))
def test_a_decorated_function_is_a_handler_of_the_app_under_its_own_name(function: ast.FunctionDef) -> None:
    decorators = _decorators(function)
    of_a_queue = [one for one in decorators if one.startswith("app.on_sqs_message(")]
    assert decorators[:1] == (["in_whole_context"] if of_a_queue else ["whole"] if decorators else [])
    for decorator in decorators[1:]:
        assert decorator.startswith(tuple(f"app.{kind}(" for kind in DECORATORS))
        assert f"name='{function.name}'" in decorator


def test_every_handler_that_chalice_deploys_lies_in_this_module() -> None:
    """A handler in a blueprint would run past the middleware in Lambda, while the tests stay green."""
    decorated = {function.name for function in FUNCTIONS if function.decorator_list}
    assert set(deployed.app.handler_map) == decorated
    assert set(PATTERNS) <= decorated


def test_no_handler_takes_a_branch_or_a_loop() -> None:
    for function in FUNCTIONS:
        kinds = {type(node).__name__ for node in ast.walk(function)}
        assert kinds & {"If", "While", "Match"} == set(), function.name


def test_nothing_but_the_framework_and_our_own_stages_is_imported() -> None:
    imported = [node.module or "" for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)]
    imported += [name.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for name in node.names]
    assert [name for name in imported if not name.startswith(ALLOWED_IMPORTS)] == []


def test_it_reads_no_environment_and_makes_no_client() -> None:
    names = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
    assert names & {"boto3", "botocore", "os", "open", "print"} == set()


def test_nothing_that_is_deployed_knows_the_command_line() -> None:
    root = Path(__file__).parents[2]
    shipped = [root / "app.py", *(root / "chalicelib").rglob("*.py")]
    assert [path.name for path in shipped if "netreflex_cli" in path.read_text()] == []
