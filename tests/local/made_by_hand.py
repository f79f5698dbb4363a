"""Assemblies without a synthesis: a template written by hand, and jobs that are plain SQL."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flink_constructs.bundle import RUN_OPTIONS_GROUP
from local.synth import APPLICATION_TYPE, Assembly
from local.template import Template

STACK = "Stack"
#: The group whose values replace the names in braces in the SQL.
SQL_GROUP = "Sql"
_MAIN = f"""
import json, os, pathlib
from pyflink.table import EnvironmentSettings, TableEnvironment

groups = json.loads(pathlib.Path(os.environ["FLINK_APPLICATION_PROPERTIES"]).read_text())
(names,) = [group["PropertyMap"] for group in groups if group["PropertyGroupId"] == "{SQL_GROUP}"]
table_env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
for statement in pathlib.Path(__file__).with_name("job.sql").read_text().split(";"):
    table_env.execute_sql(statement.format(**names))
"""


def application(
    code_key: str, *, groups: Mapping[str, Mapping[str, Any]] | None = None, parallelism: int = 1
) -> dict[str, Any]:
    """An application's resource, as a template has it: one TaskManager, a checkpoint every 2 s."""
    declared = [{"PropertyGroupId": name, "PropertyMap": dict(keys)} for name, keys in (groups or {}).items()]
    return {
        "Type": APPLICATION_TYPE,
        "Properties": {
            "ApplicationConfiguration": {
                "ApplicationCodeConfiguration": {"CodeContent": {"S3ContentLocation": {"FileKey": code_key}}},
                "EnvironmentProperties": {
                    "PropertyGroups": [
                        *declared,
                        {"PropertyGroupId": RUN_OPTIONS_GROUP, "PropertyMap": {"python": "main.py"}},
                    ]
                },
                "FlinkApplicationConfiguration": {
                    "ParallelismConfiguration": {"Parallelism": parallelism, "ParallelismPerKPU": parallelism},
                    "CheckpointConfiguration": {"CheckpointInterval": 2000, "MinPauseBetweenCheckpoints": 500},
                    "MonitoringConfiguration": {"LogLevel": "INFO"},
                },
            }
        },
    }


def assembly(folder: Path, resources: Mapping[str, Any], sql: Mapping[str, str] | None = None) -> Assembly:
    """An assembly with these resources, and a bundle for each code key in ``sql``."""
    folder.mkdir(parents=True)
    files = {}
    for key, statements in (sql or {}).items():
        with zipfile.ZipFile(folder / key, "w") as bundle:
            bundle.writestr("main.py", _MAIN)
            bundle.writestr("job.sql", statements)
        files[key] = {"source": {"path": key}, "destinations": {"here": {"objectKey": key}}}
    (folder / f"{STACK}.assets.json").write_text(json.dumps({"files": files}))
    return Assembly(folder=folder, stack=STACK, template=Template({"Resources": resources}))
