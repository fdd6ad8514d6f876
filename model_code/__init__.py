"""Infers the gender that a given name suggests: data, training, evaluation and serving.

The package knows nothing of AWS CDK; it speaks SageMaker's container contract, so the same code
trains and serves in SageMaker, in a local container and in a plain process.
"""
