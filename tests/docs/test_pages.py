"""What the pages for readers name is there: links, files, commands."""

from __future__ import annotations

import re
import shlex

import pytest

from invariance.__main__ import parser
from invariance.commands.options import dataset, given
from invariance.spec import PretrainSpec
from tests.docs.pages import PAGES, ROOT, anchors, commands, links, name_of, prose

FOLDERS = ("invariance", "pages", "tests", "docs", "tools", "benchmarks", "checkpoints")
PLACEHOLDERS = {"RUN": "matched", "S": "0", "NAME": "mismatch", "OWNER/NAME": "owner/name"}


def test_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 900


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_files_that_are_named_exist(page):
    for span in re.findall(r"`([^`\n]+)`", prose(page)):
        path = span.removesuffix("/")
        if path.split("/")[0] in FOLDERS and "/" in path and not re.search(r"[<>*… :]|NAME", path):
            assert (ROOT / path).exists(), f"{name_of(page)}: {span}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_are_understood(page):
    for words in commands(page):
        if len(words) == 1:  # it is spoken of
            assert words[0] in subcommands(parser()), f"{name_of(page)}: invariance {words[0]}"
        elif "--import" not in words:  # of a module that a reader writes; test_extending has them carried out
            assert understands(words), f"{name_of(page)}: invariance {shlex.join(words)}"


def understands(words: list[str]) -> bool:
    """Whether the parser takes a command; placeholders stand for values."""
    try:
        parser().parse_args([PLACEHOLDERS.get(word, word) for word in words])
    except SystemExit as ending:
        return ending.code == 0
    return True


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "extending.md"], ids=name_of)
def test_code_runs(page):
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        exec(code, {})


def test_every_command_has_a_section():
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert set(sections) == set(subcommands(parser()))


def test_options_are_those_of_the_commands():
    """An option in a section is one of its command, or of one of its parts."""
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    opening, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    known = {name: options(command) for name, command in subcommands(parser()).items()}
    for part in parts:
        name = part.partition("\n")[0]
        assert options_named(part) <= known[name], name
    every = set().union(*known.values())
    assert options_named(opening) <= every | {"--version"}


def test_the_run_that_is_shown_is_that_of_its_command():
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").partition("\n## pretrain\n")[2]
    args = parser().parse_args(shlex.split(re.search(r"invariance (pretrain .+)", text)[1]))
    shown = re.search(r'"run": "([0-9a-f]{16})"', text)[1]
    assert PretrainSpec(data=dataset(args), **given(args, PretrainSpec)).run_id == shown


def options_named(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def subcommands(command):
    """The parsers of the commands below one, by name; none where it has no parts."""
    for action in command._actions:
        if isinstance(action.choices, dict):
            return action.choices
    return {}


def options(command) -> set[str]:
    own = {name for action in command._actions for name in action.option_strings}
    return own.union(*(options(part) for part in subcommands(command).values()))


def test_scripts_for_a_cluster_can_be_read():
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"((?:^    .*\n)+)", text[text.index("    apiVersion") :], re.MULTILINE)
    job = yaml.safe_load(re.sub(r"^    ", "", block, flags=re.MULTILINE))
    assert job["spec"]["shutdownAfterJobFinishes"] is True
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[0] == "invariance"
    args = parser().parse_args(words[1:])
    (group,) = job["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    assert args.num_workers == group["replicas"]


def test_the_citation_can_be_read():
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["cff-version"] == "1.2.0" and found["type"] == "software"
    assert {"message", "title", "authors"} <= set(found)
    (paper,) = found["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Speicher", "Nanda", "Gummadi"]
    assert (paper["year"], paper["identifiers"][0]["value"]) == (2024, "arXiv:2407.04325")
