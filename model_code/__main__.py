"""The container's program: SageMaker passes ``train`` or ``serve`` as the argument."""

import sys


def main() -> int:
    """Run the program named on the command line; returns the exit code."""
    program, *arguments = sys.argv[1:] or [""]
    # Imported one by one: serving never pays for what training needs.
    if program == "train":
        from model_code.train import main as train

        return train(arguments)
    if program == "serve":
        from model_code.serve import main as serve

        return serve()
    print("usage: python -m model_code {train|serve}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
