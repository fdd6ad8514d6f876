from __future__ import annotations

from pathlib import Path

from local.bridges.function_environment import function_environment, has_compiled_modules
from tests.local.embedded_aws import EmbeddedAws, function_resources, zip_of

_CODE = """
import importlib.util, os, sys

def handler(event, context):
    return {
        "environment": dict(os.environ),
        "python": sys.executable,
        "found": [name for name in event if importlib.util.find_spec(name) is not None],
    }
"""


def test_a_function_sees_its_own_variables_and_its_roles_keys_alone(
    embedded_aws: EmbeddedAws,
) -> None:
    resources = function_resources(_CODE, Environment={"Variables": {"TABLE_NAME": "feedback"}})
    with embedded_aws.stack(resources, {"Name": {"Ref": "Function"}}) as stack:
        seen = embedded_aws.invoke(stack.outputs["Name"], [])

    environment = seen["environment"]
    assert seen["python"] == str(embedded_aws.settings.functions_python)
    assert environment["TABLE_NAME"] == "feedback"
    assert environment["AWS_REGION"] == embedded_aws.settings.region
    assert environment["AWS_ENDPOINT_URL"] == embedded_aws.settings.endpoint_url
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert embedded_aws.credentials.access_key_id not in environment.values()
    assert embedded_aws.credentials.secret_access_key not in environment.values()
    assert not {"AUTH", "STATE_DIR", "GATEWAY_PORT", "MODEL_PYTHON"} & environment.keys()


def test_a_layer_with_compiled_modules_is_left_off_the_path(embedded_aws: EmbeddedAws) -> None:
    awslambda = embedded_aws.client("lambda")
    layers = [
        awslambda.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(files)})
        for name, files in {
            "pure": {"python/pure_module.py": ""},
            "compiled": {"python/other_module.py": "", "python/core.cpython-313.so": ""},
        }.items()
    ]
    resources = function_resources(_CODE, Layers=[layer["LayerVersionArn"] for layer in layers])
    with embedded_aws.stack(resources, {"Name": {"Ref": "Function"}}) as stack:
        seen = embedded_aws.invoke(stack.outputs["Name"], ["pure_module", "other_module"])

    assert seen["found"] == ["pure_module"]


def test_compiled_modules_outside_the_python_folder_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "awscli" / "yaml").mkdir(parents=True)
    (tmp_path / "awscli" / "yaml" / "_yaml.so").touch()

    assert not has_compiled_modules(tmp_path)


def test_a_variable_that_the_function_changes_is_its_own() -> None:
    environment = function_environment(
        {"PATH": "/bin", "LOG_LEVEL": "DEBUG", "SECRET": "s"},
        {"PATH": "/bin", "LOG_LEVEL": "INFO", "SECRET": "s"},
    )

    assert environment["PATH"] == "/bin"
    assert environment["LOG_LEVEL"] == "DEBUG"
    assert "SECRET" not in environment
