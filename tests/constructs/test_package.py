"""The constructs as others have them: the wheel, and the examples of its README in an app that has nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

from stacks.project import ROOT
from tests.constructs.checks import lint

SOURCE = ROOT / "constructs"
README = SOURCE / "README.md"
_, *SECTIONS = README.read_text(encoding="utf-8").split("\n## ")
#: Each section's heading and its example.
EXAMPLES = {
    section.partition("\n")[0]: code
    for section in SECTIONS
    for code in re.findall(r"^```python\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
}
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.example</groupId><artifactId>trips</artifactId><version>1.0</version>
</project>
"""
# Runs each example as a script of its own; what it has of the constructs is the unpacked wheel alone.
RUN = """
import json, sys, traceback
from pathlib import Path

wheel, examples = sys.argv[1], json.load(sys.stdin)
sys.path[:] = [wheel, *(path for path in sys.path if not Path(path, "flink_constructs").exists())]

import flink_constructs
from aws_cdk import App

assert flink_constructs.__file__.startswith(wheel), flink_constructs.__file__
for name, code in examples.items():
    try:
        variables = {"__name__": "__main__"}
        exec(compile(code, name, "exec"), variables)
        [stack] = [child for child in variables["app"].node.children if hasattr(child, "template_file")]
        template = json.loads(Path(variables["app"].outdir, stack.template_file).read_text())
        outcome = {"template": template}
    except Exception:
        outcome = {"error": traceback.format_exc()}
    print(json.dumps({"name": name, **outcome}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # In a copy: a build leaves its own files beside the sources.
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, folder / "source"], check=True
    )
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def templates(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What each example gives, run in a folder that holds the files which it names and nothing else."""
    folder = tmp_path_factory.mktemp("app")
    unpacked = folder / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    work = folder / "work"
    for name in {name for code in EXAMPLES.values() for name in re.findall(r'from_file\("([^"]+)"', code)}:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(work / name, "w") as archive:
            for part in ("main.py", "lib/connectors.jar"):
                archive.writestr(part, "content")
    job = work / "jobs" / "trips"
    job.mkdir(parents=True)
    for name, content in (("main.py", ""), ("__init__.py", ""), ("pom.xml", POM), ("../pom.xml", POM)):
        (job / name).write_text(content, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        # No stack is chosen: nothing is built for an example.
        "CDK_CONTEXT_JSON": json.dumps({"aws:cdk:bundling-stacks": []}),
    }
    result = subprocess.run(
        [sys.executable, "-P", "-c", RUN, str(unpacked)],
        input=json.dumps(EXAMPLES),
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {outcome["name"]: outcome for outcome in map(json.loads, result.stdout.splitlines())}


def test_the_wheel_has_every_module_the_handlers_and_the_types(wheel: Path) -> None:
    package = SOURCE / "flink_constructs"
    files = {path.relative_to(SOURCE).as_posix() for path in package.rglob("*.py")}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == files | {"flink_constructs/py.typed"}
    assert {"flink_constructs/lifecycle_handler/index.py", "flink_constructs/search_handler/index.py"} <= packed


def test_nothing_hides_the_package_of_the_cdk_that_has_the_name_of_the_folder() -> None:
    assert not (SOURCE / "__init__.py").exists()


def test_whatever_the_constructs_import_is_among_what_the_package_requires() -> None:
    declared = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {"aws_cdk": "aws-cdk-lib", "yaml": "PyYAML", "constructs": "constructs", "jsii": "jsii"}
    pattern = re.compile(r"^(?:from|import) (\w+)", re.MULTILINE)
    modules = [path.read_text(encoding="utf-8") for path in (SOURCE / "flink_constructs").glob("*.py")]
    imported = {name for text in modules for name in pattern.findall(text)}
    foreign = imported - sys.stdlib_module_names - {"flink_constructs"}
    assert sorted(names[name] for name in foreign) == sorted(re.split(r"[><=]", one)[0] for one in declared)


def test_the_editable_install_of_this_project_has_what_the_package_requires() -> None:
    declared = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    installed = requires("flink-constructs") or []
    assert [re.split(r"[><=]", one)[0] for one in installed] == [re.split(r"[><=]", one)[0] for one in declared]


def test_each_section_of_the_readme_has_one_example() -> None:
    assert [section.count("```python\n") for section in SECTIONS] == [1] * len(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_readme_synthesizes_where_only_the_wheel_is_installed(
    templates: dict[str, dict[str, object]], name: str
) -> None:
    assert templates[name].get("error") is None, templates[name]["error"]
    template = templates[name]["template"]
    assert isinstance(template, dict)
    assert template["Resources"]
    assert lint(template, region="eu-west-1") == []
