"""What the container starts, with SageMaker's argument: ``python -m model_code train|serve``."""

import importlib.util
import signal
import sys


def main(arguments: list[str]) -> int:
    """Run one of the two programs; returns the exit code."""
    # The first process of a container gets no SIGTERM until it asks for it, and what follows
    # loads libraries for seconds. Each program takes over once it can do better.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    if arguments[:1] == ["train"]:
        if importlib.util.find_spec("tensorflow") is None:
            print("This image only serves: build the target 'train' to train", file=sys.stderr)
            return 2
        from model_code import train

        return train.main(arguments[1:])
    if arguments == ["serve"]:
        from model_code import serve

        return serve.main()
    print(f"The argument must be 'train' or 'serve', not {arguments}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
