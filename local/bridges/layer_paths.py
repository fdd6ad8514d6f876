"""What a function's layers hold is found under ``/opt``.

Gap (ministack 1.5.33): layers are unpacked to a temporary folder, but code expects them at
``/opt``, as CDK's ``BucketDeployment`` does when it runs ``/opt/awscli/aws``. Writing to ``/opt``
needs root and would mix the layers of all functions. Instead the Python worker translates the
program that a function starts: a path under ``/opt`` that one of its layers holds becomes that
layer's file, and a script written for Lambda's interpreter runs on the function's own.
"""

from __future__ import annotations

from ministack.core import lambda_runtime

OPT_FOLDERS = "_LAMBDA_OPT_FOLDERS"

_TRANSLATION = f'''
def _install_opt_translation():
    import os, subprocess, sys

    folders = [f for f in os.environ.pop("{OPT_FOLDERS}", "").split(os.pathsep) if f]

    def translate(argument):
        if isinstance(argument, str) and argument.startswith("/opt/"):
            for folder in folders:
                candidate = os.path.join(folder, argument[len("/opt/"):])
                if os.path.exists(candidate):
                    return candidate
        return argument

    def command_of(arguments):
        if not isinstance(arguments, (list, tuple)) or not arguments:
            return arguments
        program = translate(arguments[0])
        rest = [translate(argument) for argument in arguments[1:]]
        if program == arguments[0]:
            return [program, *rest]
        with open(program, "rb") as file:
            first_line = file.readline()
        if first_line.startswith(b"#!") and b"python" in first_line:
            return [sys.executable, program, *rest]
        os.chmod(program, 0o755)
        return [program, *rest]

    upstream = subprocess.Popen.__init__

    def popen(self, args, *positional, **named):
        upstream(self, command_of(args), *positional, **named)

    if folders:
        subprocess.Popen.__init__ = popen

_install_opt_translation()
'''


def install() -> None:
    """Teach the Python worker to translate paths under ``/opt``."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _TRANSLATION + lambda_runtime._PYTHON_WORKER_SCRIPT
