"""Test deploy.toml: what it takes follows from template.yaml, and a wrong line is named with its number and the fix."""

from __future__ import annotations

import re
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from undersigned_cli.deploying.parameters import Parameters
from undersigned_cli.deploying.regions import regions
from undersigned_cli.deploying.settings_file import Settings, SettingsError, SettingsFile
from undersigned_cli.local.template import ROOT, load_template, resolve

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = Parameters.of(ROOT / "template.yaml")
CHOSEN = {
    "SenderIdentity": "example.org",
    "SenderAddress": "letters@example.org",
    "OperatorEmail": "operator@example.org",
    "DeliveryHour": "16",
    "RequireTls": "false",
}
SETTINGS = Settings("us-east-1", "123456789012", CHOSEN)


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    made = SettingsFile(tmp_path / "deploy.toml", "undersigned", PARAMETERS)
    made.write(SETTINGS)
    return made


def changed(file: SettingsFile, old: str, new: str) -> int:
    """Replace a line, and return its number."""
    lines = file.path.read_text(encoding="utf-8").splitlines()
    [number] = [at for at, line in enumerate(lines, start=1) if line == old]
    lines[number - 1] = new
    file.path.write_text("\n".join(lines), encoding="utf-8")
    return number


def test_a_written_file_reads_as_the_same_settings(file: SettingsFile) -> None:
    assert file.read() == SETTINGS
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_each_parameter_of_the_template_is_in_the_file_with_its_description(file: SettingsFile) -> None:
    text = file.path.read_text(encoding="utf-8")
    words = " ".join(text.replace("\n#", "").split())

    for name, parameter in load_template()["Parameters"].items():
        assert re.search(rf"^(# )?{name} = ", text, re.MULTILINE)
        assert f"{parameter['Description']}." in words


def test_a_setting_with_its_default_is_a_comment_that_becomes_a_setting_without_the_sign(file: SettingsFile) -> None:
    changed(file, "# MonthlyBudget = 0", "MonthlyBudget = 20")
    changed(file, '# DeliveryTimeZone = "America/Chicago"', 'DeliveryTimeZone = "Europe/Madrid"')

    assert file.read().chosen == {**CHOSEN, "MonthlyBudget": "20", "DeliveryTimeZone": "Europe/Madrid"}


def test_a_setting_that_is_taken_out_has_its_default_again(file: SettingsFile) -> None:
    changed(file, "DeliveryHour = 16", "")

    assert file.complete(file.read())["DeliveryHour"] == "9"
    assert file.complete(file.read()).keys() == load_template()["Parameters"].keys()


WRONG = {
    "an unknown name": (
        "DeliveryHour = 16",
        "DeliveryHuor = 16",
        "no setting DeliveryHuor; did you mean DeliveryHour?",
    ),
    "a name like nothing": ("DeliveryHour = 16", "Zzz = 1", "remove the line; the settings are Region, "),
    "no TOML": ("DeliveryHour = 16", "DeliveryHour: 16", 'write a setting as Name = "value"'),
    "no quotes": (
        'SenderIdentity = "example.org"',
        "SenderIdentity = example.org",
        'write a setting as Name = "value"',
    ),
    "a table": ("DeliveryHour = 16", "DeliveryHour = [16]", 'write it as DeliveryHour = "value"'),
    "twice": ("DeliveryHour = 16", "RequireTls = true", '"RequireTls" already exists'),
    "an hour too late": ("DeliveryHour = 16", "DeliveryHour = 24", "is '24'; give a whole number, 0 to 23"),
    "no number": ("DeliveryHour = 16", 'DeliveryHour = "noon"', "is 'noon'; give a whole number, 0 to 23"),
    "no day": ("DeliveryHour = 16", 'DeliveryDay = "Monday"', "is 'Monday'; give MON, TUE, WED, THU, FRI, SAT or SUN"),
    "no switch": ("RequireTls = false", "RequireTls = 1", "is '1'; give true or false"),
    "no zone": ("DeliveryHour = 16", 'DeliveryTimeZone = "Chicago"', "is 'Chicago'; give the name of a time zone"),
    "no zone of a place": (
        "DeliveryHour = 16",
        'DeliveryTimeZone = "Factory"',
        "is 'Factory'; give the name of a time zone, such as America/Chicago",
    ),
    "a page in place of a domain": (
        'SenderIdentity = "example.org"',
        'SenderIdentity = "https://www.example.org/"',
        "SenderIdentity is 'https://www.example.org/'. The domain that emails come from, such as example.org",
    ),
    "no address": (
        'SenderAddress = "letters@example.org"',
        'SenderAddress = "letters"',
        "SenderAddress is 'letters'. The From address of every email, such as letters@example.org",
    ),
    "an address elsewhere": (
        'SenderAddress = "letters@example.org"',
        'SenderAddress = "letters@example.com"',
        "SenderAddress is 'letters@example.com', but SenderIdentity is 'example.org'; give an address on that domain",
    ),
    "a region without SES": (
        'Region = "us-east-1"',
        'Region = "us-est-1"',
        "give a region that has SES and Lambda, such as us-",
    ),
    "no account": ('Account = "123456789012"', "Account = 12", "give the 12 digits of the AWS account"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_line_is_named_with_its_number_and_the_fix(file: SettingsFile, mistake: str) -> None:
    old, new, said = WRONG[mistake]
    number = changed(file, old, new)
    if mistake == "twice":
        number = max(number, file.path.read_text(encoding="utf-8").splitlines().index("RequireTls = false") + 1)
    shown = rf"^deploy\.toml, line \d+: .*{re.escape(said)}"

    with pytest.raises(SettingsError, match=shown) as found:
        file.read()
    assert re.search(rf"line {number}:", str(found.value)) or mistake == "twice"


@pytest.mark.parametrize("name", ["Region", "Account", "SenderIdentity", "SenderAddress", "OperatorEmail"])
def test_a_missing_line_is_named(file: SettingsFile, name: str) -> None:
    [line] = [line for line in file.path.read_text(encoding="utf-8").splitlines() if line.startswith(f"{name} = ")]
    changed(file, line, "")

    with pytest.raises(SettingsError, match=rf'^deploy\.toml has no {name}; add a line {name} = "…"$'):
        file.read()


def test_settings_that_do_not_go_together_are_named_as_the_template_says(file: SettingsFile) -> None:
    changed(file, "# Cdn = false", "Cdn = true")
    number = changed(file, '# PublicUrl = ""', 'PublicUrl = "https://letters.example.org"')

    with pytest.raises(SettingsError, match=r"^deploy\.toml.*CdnCertificate") as found:
        file.read()
    assert str(number) in str(found.value) or "line" not in str(found.value)


def test_the_settings_of_a_rehearsed_restore_take_neither_the_identity_nor_the_cdns_domain(file: SettingsFile) -> None:
    """CloudFront refuses a domain that another distribution has, and SES an identity that it has."""
    cdn = {
        "Cdn": "true",
        "PublicUrl": "https://letters.example.org",
        "CdnCertificate": "arn:aws:acm:us-east-1:123456789012:certificate/1a2b",
    }
    file.write(Settings(SETTINGS.region, SETTINGS.account, {**CHOSEN, **cdn}))
    page = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^sed .* > deploy\.drill\.toml$", page, re.MULTILINE)

    subprocess.run(command, shell=True, check=True, cwd=file.path.parent)  # noqa: S602  (of our own page)
    drill = SettingsFile(file.path.with_name("deploy.drill.toml"), "undersigned-drill", PARAMETERS)
    values = drill.complete(drill.read())
    assert values == {**file.complete(file.read()), "ManageIdentity": "false", "PublicUrl": ""}
    config = load_template()["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    assert resolve({"Aliases": config["Aliases"]}, values) == {}


def test_a_stack_can_be_where_ses_and_lambda_are() -> None:
    assert {"us-east-1", "us-west-2", "eu-central-1"} <= set(regions())
    assert "us-gov-west-1" not in regions()
