"""Test samconfig.toml: what it takes follows from template.yaml, and a wrong setting is named with the fix."""

from __future__ import annotations

import re
import stat
import subprocess
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from undersigned_cli.deploying.parameters import parameters_of
from undersigned_cli.deploying.questions import regions
from undersigned_cli.deploying.samconfig import SamConfig, Settings, SettingsError
from undersigned_cli.local.template import ROOT, load_template, resolve

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = parameters_of(ROOT / "template.yaml")
CHOSEN = {
    "SenderIdentity": "example.org",
    "SenderAddress": "letters@example.org",
    "OperatorEmail": "operator@example.org",
    "DeliveryHour": "16",
    "RequireTls": "false",
}
DEFAULTS = {name: one.default for name, one in PARAMETERS.items() if one.default is not None}
SETTINGS = Settings("us-east-1", "123456789012", {**DEFAULTS, **CHOSEN})


@pytest.fixture
def file(tmp_path: Path) -> SamConfig:
    made = SamConfig(tmp_path / "samconfig.toml", "undersigned", PARAMETERS)
    made.write(SETTINGS)
    return made


def change(file: SamConfig, old: str, new: str) -> None:
    """Replace a line."""
    text = file.path.read_text(encoding="utf-8")
    assert text.count(f"\n{old}\n") == 1
    file.path.write_text(text.replace(f"\n{old}\n", f"\n{new}\n"), encoding="utf-8")


def test_a_written_file_reads_as_the_same_settings(file: SamConfig) -> None:
    assert file.read() == SETTINGS
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_sam_finds_what_it_needs_where_it_looks(file: SamConfig) -> None:
    """SAM reads the section `global` for each command, then the command's own."""
    found = tomllib.loads(file.path.read_text(encoding="utf-8"))

    assert found["version"] == 0.1
    assert found["default"]["global"]["parameters"] == {
        "stack_name": "undersigned",
        "region": "us-east-1",
        "parameter_overrides": SETTINGS.values,
    }
    assert found["default"]["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"


def test_each_parameter_of_the_template_is_in_the_file_with_its_description(file: SamConfig) -> None:
    text = file.path.read_text(encoding="utf-8")
    words = " ".join(text.replace("\n#", "").split())

    for name, parameter in load_template()["Parameters"].items():
        assert re.search(rf"^{name} = ", text, re.MULTILINE)
        assert f"{parameter['Description']}." in words


def test_a_number_needs_no_quotes(file: SamConfig) -> None:
    change(file, 'DeliveryHour = "16"', "DeliveryHour = 8")

    assert file.read() == replace(SETTINGS, values={**SETTINGS.values, "DeliveryHour": "8"})


def test_a_parameter_whose_line_is_taken_out_has_its_default_again(file: SamConfig) -> None:
    change(file, 'DeliveryHour = "16"', "")

    assert file.read().values == {**SETTINGS.values, "DeliveryHour": "9"}


HOUR, IDENTITY, SENDER = (
    'DeliveryHour = "16"',
    'SenderIdentity = "example.org"',
    'SenderAddress = "letters@example.org"',
)
WRONG = {
    "an unknown name": (
        HOUR,
        "DeliveryHuor = 16",
        "there is no parameter DeliveryHuor; remove its line, or give one of",
    ),
    "no TOML": (HOUR, "DeliveryHour: 16", "is not as `make deploy` writes it (Expected '=' after a key"),
    "no quotes": (
        IDENTITY,
        "SenderIdentity = example.org",
        "is not as `make deploy` writes it (Invalid value (at line ",
    ),
    "twice": (HOUR, 'RequireTls = "true"', "is not as `make deploy` writes it (Cannot overwrite a value (at line "),
    "no account": (
        'account = "123456789012"',
        "",
        "is not as `make deploy` writes it ('account'); correct it, or move it",
    ),
    "another stack": (
        'stack_name = "undersigned"',
        'stack_name = "undersigned-staging"',
        "stack_name is 'undersigned-staging'; this file is for 'undersigned'",
    ),
    "a table": (HOUR, "DeliveryHour = [16]", 'write DeliveryHour = "value", in quotes'),
    "an hour too late": (HOUR, "DeliveryHour = 24", "is '24'; give a whole number, 0 to 23"),
    "no number": (HOUR, 'DeliveryHour = "noon"', "is 'noon'; give a whole number, 0 to 23"),
    "no day": ('DeliveryDay = "MON"', 'DeliveryDay = "Monday"', "give MON, TUE, WED, THU, FRI, SAT or SUN"),
    "a switch that SAM would write as True": (
        'RequireTls = "false"',
        "RequireTls = true",
        'RequireTls is True; write RequireTls = "value", in quotes',
    ),
    "no switch": ('RequireTls = "false"', "RequireTls = 1", "is '1'; give true or false"),
    "no zone": ('DeliveryTimeZone = "America/Chicago"', 'DeliveryTimeZone = "Chicago"', "the name of a time zone"),
    "no zone of a place": (
        'DeliveryTimeZone = "America/Chicago"',
        'DeliveryTimeZone = "Factory"',
        "is 'Factory'; give the name of a time zone, such as America/Chicago",
    ),
    "a page in place of a domain": (
        IDENTITY,
        'SenderIdentity = "https://www.example.org/"',
        "SenderIdentity is 'https://www.example.org/'. The domain that emails come from, such as example.org",
    ),
    "no address": (
        SENDER,
        'SenderAddress = "letters"',
        "SenderAddress is 'letters'. The From address of every email, such as letters@example.org",
    ),
    "a long address": (SENDER, f'SenderAddress = "{"l" * 60}@example.org"', "has 72 characters; give at most 60"),
    "an address elsewhere": (
        SENDER,
        'SenderAddress = "letters@example.com"',
        "SenderAddress is 'letters@example.com', but SenderIdentity is 'example.org'; give an address on that domain",
    ),
    "no operator": ('OperatorEmail = "operator@example.org"', "", "OperatorEmail is None; write OperatorEmail = "),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_setting_is_named_with_the_fix(file: SamConfig, mistake: str) -> None:
    old, new, said = WRONG[mistake]
    change(file, old, new)

    with pytest.raises(SettingsError, match=rf"^samconfig\.toml.*{re.escape(said)}"):
        file.read()


def test_the_settings_of_a_rehearsed_restore_take_neither_the_identity_nor_the_cdns_domain(file: SamConfig) -> None:
    """CloudFront refuses a domain that another distribution has, and SES an identity that it has."""
    cdn = {
        "Cdn": "true",
        "PublicUrl": "https://letters.example.org",
        "CdnCertificate": "arn:aws:acm:us-east-1:123456789012:certificate/1a2b",
    }
    file.write(replace(SETTINGS, values={**SETTINGS.values, **cdn}))
    page = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^sed .* > samconfig\.drill\.toml$", page, re.MULTILINE)

    subprocess.run(command, shell=True, check=True, cwd=file.path.parent)  # noqa: S602  (of our own page)
    drill = SamConfig(file.path.with_name("samconfig.drill.toml"), "undersigned-drill", PARAMETERS)
    values = drill.read().values
    assert values == {**file.read().values, "ManageIdentity": "false", "PublicUrl": ""}
    config = load_template()["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    assert resolve({"Aliases": config["Aliases"]}, values) == {}


def test_a_stack_can_be_where_ses_and_lambda_are() -> None:
    assert {"us-east-1", "us-west-2", "eu-central-1"} <= set(regions())
    assert "us-gov-west-1" not in regions()
