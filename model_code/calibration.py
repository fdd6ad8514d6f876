"""Logistic regression of few inputs, for calibration: exact, small, without a library."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ITERATIONS = 50


def fit_logistic(
    inputs: Floats, target: Floats, weight: Floats, *, start: Floats, penalty: float
) -> Floats:
    """Fit coefficients by Newton's method; the target may be any share from 0 to 1.

    Parameters
    ----------
    inputs
        [examples, inputs], including a column of ones where an intercept is wanted.
    target, weight
        [examples].
    start
        Where to start, and what the penalty draws towards.
    penalty
        Strength of that pull, in examples.

    Returns
    -------
    numpy.ndarray
        [inputs] coefficients.
    """
    coefficients = start.copy()
    for _ in range(_ITERATIONS):
        probability = 1 / (1 + np.exp(-np.clip(inputs @ coefficients, -30, 30)))
        gradient = inputs.T @ (weight * (probability - target)) + penalty * (coefficients - start)
        curvature = weight * np.maximum(probability * (1 - probability), 1e-6)
        hessian = (inputs * curvature[:, None]).T @ inputs + penalty * np.eye(len(start))
        step = np.linalg.solve(hessian, gradient)
        coefficients -= step
        if np.abs(step).max() < 1e-9:
            break
    return coefficients
