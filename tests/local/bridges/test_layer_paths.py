from __future__ import annotations

from tests.local.embedded_aws import EmbeddedAws, function_resources, zip_of

_TOOL = """#!/var/lang/bin/python
import sys
sys.stdout.write("tool says " + " ".join(sys.argv[1:]))
"""
_CODE = """
import subprocess

def handler(event, context):
    return subprocess.check_output(["/opt/tools/hello", *event], text=True)
"""


def test_a_function_runs_a_program_of_its_layer_under_opt(embedded_aws: EmbeddedAws) -> None:
    layer = embedded_aws.client("lambda").publish_layer_version(
        LayerName="tools", Content={"ZipFile": zip_of({"tools/hello": _TOOL})}
    )
    resources = function_resources(_CODE, Layers=[layer["LayerVersionArn"]])
    with embedded_aws.stack(resources, {"Name": {"Ref": "Function"}}) as stack:
        assert embedded_aws.invoke(stack.outputs["Name"], ["a", "b"]) == "tool says a b"
