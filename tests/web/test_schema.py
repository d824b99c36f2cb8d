"""Requests made up from the API's description: none breaks the service, and every answer is as described."""

from __future__ import annotations

from typing import Any

import pytest

schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

# Its own plugin for pytest does not go with every pytest: the operations are walked here.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


def test_every_answer_is_as_described(address: str) -> None:
    broken: dict[str, str] = {}
    schema = schemathesis.openapi.from_url(address + "/api/v1/openapi.json")
    for each in schema.get_all_operations():
        operation = each.ok()

        @settings(
            max_examples=30, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=QUIET
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        try:
            ask()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            broken[operation.label] = str(error)[:800]
    assert not broken, "\n\n".join(f"{label}\n{text}" for label, text in broken.items())
