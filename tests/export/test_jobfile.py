"""Job files: what they may say, where what is wrong stands, and that no key is in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from socialconnect.errors import UnknownName, UsageError
from socialconnect.export.jobfile import EXAMPLE, JobFile, Sheet

LEAST = 'to = "x/"\nresources = ["github.repos"]\n'


@pytest.fixture
def written(tmp_path):
    """`written(text)`: a job file with that text."""

    def written(text):
        path = tmp_path / "job.toml"
        path.write_text(text, "utf-8")
        return JobFile(path)

    return written


@pytest.fixture
def refused(written):
    """`refused(text)`: what is said of a job file that is not right, without its folder."""

    def refused(text, over=None, environment=None):
        with pytest.raises(UsageError) as caught:
            written(text).sheet(over, environment or {})
        return str(caught.value).replace(f"{written(LEAST).folder}/", "")

    return refused


def test_the_example_is_a_job(written, tmp_path):
    """The printed example is a whole job, with its paths beside the file."""
    sheet = written(EXAMPLE).sheet(environment={})
    job = sheet.job(None)
    assert [one.name for one in job.resources] == ["github.repos", "google.profile", "github.issues"]
    assert job.resources[2].arguments == {"state": "all"}
    assert (job.to, sheet.report) == (f"{tmp_path}/exports/", f"{tmp_path}/last-export.json")
    assert (job.deadline, job.max_errors, job.incremental) == (timedelta(hours=4), "5%", True)


def test_every_option_is_in_the_example():
    """Somebody who reads the example knows every key."""
    keys = set(Sheet.model_fields) - {"resume"}
    assert not [key for key in keys if f"{key} =" not in EXAMPLE and f"[[{key}]]" not in EXAMPLE]


@pytest.mark.parametrize(
    ("written_to", "meant"),
    [
        ("exports/", "{here}/exports/"),
        ("exports", "{here}/exports"),
        ("repos.csv", "{here}/repos.csv"),
        ("/srv/exports/", "/srv/exports/"),
        ("s3://bucket/place", "s3://bucket/place"),
        ("memory://place", "memory://place"),
        ("sqlite:///x.db", "sqlite:///{here}/x.db"),
        ("duckdb:///data/x.duckdb", "duckdb:///{here}/data/x.duckdb"),
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("duckdb:///:memory:", "duckdb:///:memory:"),
        ("postgresql://ada@db/exports", "postgresql://ada@db/exports"),
    ],
)
def test_relative_paths_are_beside_the_file(written, tmp_path, written_to, meant):
    """A path without a beginning is meant from the file's folder; addresses and whole paths stay as they are."""
    sheet = written(f'to = "{written_to}"\nresources = ["github.repos"]').sheet()
    assert sheet.to == meant.replace("{here}", str(tmp_path))


def test_files_of_ids_are_beside_it_too(written, tmp_path):
    """`@FILE` in a job file is beside it, and ids stay ids."""
    assert written(LEAST + 'users = ["@ids.txt", "-"]').sheet().users == (f"@{tmp_path}/ids.txt", "-")
    assert written(LEAST + 'users = "query=ada"').sheet().users == ("query=ada",)


def test_variables_come_from_the_environment(written):
    """`${NAME}` in `to` and `users` is the variable's value; `$${` is what stands there."""
    there = {"DB": "postgresql://ada@db/x", "ORG": "org_2abc"}
    text = 'to = "${DB}"\nresources = ["github.repos"]\nusers = ["organization_id=${ORG}"]\n'
    sheet = written(text).sheet(environment=there)
    assert (sheet.to, sheet.users) == (there["DB"], ("organization_id=org_2abc",))
    assert written(text.replace("${DB}", "memory://$${DB}")).sheet(environment=there).to == "memory://${DB}"


@pytest.mark.parametrize("environment", [{}, {"DB": ""}])
def test_a_variable_that_is_not_set_is_named(refused, environment):
    """A variable that is not set, or empty, is an error that names it and its place."""
    said = refused('to = "${DB}"\nresources = ["github.repos"]', environment=environment)
    assert said.startswith("job.toml, line 1: to needs the variable DB, which is not set.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEAST + 'modee = "merge"', "job.toml, line 3: modee). Did you mean 'mode'?"),
        (LEAST + 'mode = "mrge"', "job.toml, line 3: mode cannot be 'mrge'. Give merge, replace or append."),
        (LEAST + "deadline = 4", "line 3: deadline: 4 has no unit. Write it as 30m"),
        (LEAST + 'deadline = "4x"', "line 3: deadline: '4x' is no stretch of time"),
        (LEAST + "mode = merge", "job.toml is not TOML: Invalid value (at line 3"),
        ('to = "x/"', "job.toml names no resource."),
        ('resources = ["github.repos"]', "job.toml: to is missing. Give a folder"),
        ('to = 5\nresources = ["github.repos"]', "line 1: to cannot be 5."),
        ('to = "x/"\nresources = "github.repos"', "line 2: resources cannot be 'github.repos'. Give a list"),
        (LEAST + '[[resource]]\nname = "a.b"\n[[resource]]\nname = "a.c"\ncolums = ["x"]', "line 7: resource.2.colums"),
        (LEAST + '[[resource]]\nname = "a.b"\ncolumns = "x"', "line 5: resource.1.columns cannot be 'x'. Give a list"),
        (LEAST + '[[resource]]\ncolumns = ["x"]', "resource.1.name is missing. Give a resource such as github.repos."),
        (LEAST + "dry_run = true", "line 3: dry_run says how a job is run, not what it is. Give --dry-run instead."),
        (LEAST + "drop_personal = true\nhash_personal = true", "left out and hashed at once"),
        (LEAST + 'incremental = true\nmode = "replace"', "Use mode merge, or append."),
        (LEAST + '[[resource]]\nname = "github.repos"', "names github.repos twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(refused, text, said):
    """What a file cannot say is an error with the file, the line or the key, and what would do."""
    assert said in refused(text)


def test_a_line_is_told_only_where_no_other_could_be_meant(refused):
    """Where a text looks like the key, the key alone is told: a wrong line would be worse than none."""
    said = refused(LEAST + 'report = """\nmode = 1\n"""\nmode = "mrge"')
    assert said.startswith("job.toml: mode cannot be 'mrge'")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """A file that is missing or no UTF-8 is an error in a sentence."""
    with pytest.raises(UsageError, match=r"No such file.*--example"):
        JobFile(tmp_path / "nowhere.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        JobFile(tmp_path / "odd.toml")


def test_options_count_instead_of_the_file(written):
    """What is given beside a file counts instead of what stands there, and is told as an option where it is wrong."""
    file = written(LEAST + 'deadline = "4h"\nresume = false')
    sheet = file.sheet({"deadline": "30m", "resume": True, "to": "y/"})
    assert (sheet.deadline, sheet.resume, sheet.to) == (timedelta(minutes=30), True, "y/")
    with pytest.raises(UsageError, match=r"^--max-errors cannot be 'x'"):
        file.sheet({"max_errors": "x"})


SHAPE = "sk_live_ThisIsNoKeyOfAnybodys"


@pytest.mark.parametrize(
    "text",
    [
        LEAST + 'secret_key = "abc"',
        LEAST + 'CLERK_SECRET_KEY = "abc"',
        LEAST + 'hash_key = "abc"',
        LEAST + f'users = "{SHAPE}"',
        LEAST + f'[[resource]]\nname = "a.b"\narguments = {{ q = ["{SHAPE}"] }}',
        f'to = "s3://{SHAPE}/x"\nresources = ["a.b"]',
        'to = "x/${KEY}"\nresources = ["a.b"]',
    ],
)
def test_no_key_is_taken_from_a_job_file(refused, text):
    """A key in a job file, or what looks like one, is refused by place, without being shown."""
    said = refused(text, environment={"KEY": SHAPE})
    assert "CLERK_SECRET_KEY in the environment" in said
    assert SHAPE not in said


def test_a_parameter_may_be_called_token(written):
    """A resource's own argument may have any name: only the job's keys are refused by name."""
    text = LEAST + '[[resource]]\nname = "a.b"\narguments = { key = "x" }'
    assert written(text).sheet().wanted[1].arguments == {"key": "x"}


def test_an_unknown_key_is_an_unknown_name(written):
    """Programs can tell a misspelt key from a wrong value."""
    with pytest.raises(UnknownName):
        written(LEAST + 'toto = "x"').sheet()
