"""Entry point of script mode in AWS's TensorFlow container: ``sagemaker_program=train.py``."""

import sys

from model_code.train import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
