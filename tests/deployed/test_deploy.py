"""Test what a deployment to MiniStack is made from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deployed.api_routes import Route, routes_of
from tests.deployed.deploy import with_variables
from undersigned_cli.local.errors import LocalStackError

BUILT = """\
Resources:
  PublicApi:
    Properties:
      Environment:
        Variables:
          FORMS_A_MINUTE: '30'
          PACKET_DAYS:
            Ref: PacketRetentionDays
  SendConfirmations:
    Properties:
      Environment:
        Variables:
          MAIL_BUDGETS:
            Fn::Sub:
            - 10 ${Hour}
            - Hour:
                Ref: MailsAnHour
          ADMIN_EMAIL: a@b.example
"""


def test_variables_are_written_into_what_sam_built_whatever_their_value_was() -> None:
    written = with_variables(BUILT, {"FORMS_A_MINUTE": "300", "MAIL_BUDGETS": "1 2 3 4"})

    before, budgets = BUILT.replace("'30'", '"300"').split("          MAIL_BUDGETS:\n")
    assert written == before + '          MAIL_BUDGETS: "1 2 3 4"\n' + budgets[budgets.index("          ADMIN_EMAIL") :]


def test_a_variable_that_no_function_has_is_named() -> None:
    with pytest.raises(LocalStackError, match="no function has the environment variable FORMS_AN_HOUR"):
        with_variables(BUILT, {"FORMS_AN_HOUR": "1"})


def operation(function: str) -> dict[str, Any]:
    uri = f"arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{function}Aliaslive}}/invocations"
    return {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": uri}, "payloadFormatVersion": "2.0"}}


def test_routes_come_from_the_templates_openapi_document() -> None:
    paths = {
        "/{proxy+}": {"x-amazon-apigateway-any-method": operation("PublicApi")},
        "/organizer/{proxy+}": {"get": operation("OrganizerApi"), "parameters": []},
        "/$default": {"x-amazon-apigateway-any-method": operation("PublicApi")},
    }
    template = {"Resources": {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"paths": paths}}}}}

    assert routes_of(template) == (
        Route("ANY /{proxy+}", "PublicApi", "live"),
        Route("GET /organizer/{proxy+}", "OrganizerApi", "live"),
        Route("$default", "PublicApi", "live"),
    )


def test_a_template_without_routes_is_one_line() -> None:
    with pytest.raises(LocalStackError, match="no API routes"):
        routes_of({"Resources": {}})
