"""Speed and size against the workshop's network: ``python -m model_code.benchmark CHANNEL``.

Trains the model on the whole channel and the workshop's network for a part of an epoch, one after
the other on the same machine, then asks the model over HTTP and the network through
``keras predict``. What the project quotes are the ratios.
"""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from model_code import baseline
from model_code.channel import read_channel

_REPETITIONS = 200
_REPETITIONS_OF_MANY = 30
_READY_SECONDS = 60


def train(channel: Path, model: Path, work: Path) -> dict[str, float]:
    """Train on all of the channel in a process of its own; returns seconds and peak memory."""
    environment = {
        **os.environ,
        "SM_CHANNEL_TRAIN": str(channel),
        "SM_MODEL_DIR": str(model),
        "SAGEMAKER_BASE_DIR": str(work),
    }
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "model_code.train"], env=environment, check=True)
    seconds = time.perf_counter() - begun
    return {"train_seconds": round(seconds, 1), "train_peak_mb": _peak_of_children()}


def _peak_of_children() -> float:
    import resource  # not on Windows, where only this benchmark is missing

    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 0)


def archive_megabytes(model: Path, work: Path) -> float:
    """Return the size of the model folder as SageMaker packs it."""
    path = work / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(model, arcname=".")
    return round(path.stat().st_size / 1e6, 2)


def serve(model: Path, names: list[str]) -> dict[str, float]:
    """Serve the model and return medians over HTTP in milliseconds, and memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ,
        "SM_MODEL_DIR": str(model),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "model_code.serve"], env=environment)
    try:
        connection = _connect(port)
        ready = time.perf_counter() - begun
        figures = {
            "serve_ready_seconds": round(ready, 2),
            "http_1_ms": _median(connection, names[:1], _REPETITIONS),
            "http_1000_ms": _median(connection, names[:1000], _REPETITIONS_OF_MANY),
            "serve_memory_mb": _memory(process.pid),
        }
        connection.close()
    finally:
        process.terminate()
        process.wait(timeout=30)
    return figures


def _connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            connection.request("GET", "/ping")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.02)
        else:
            return connection


def _median(connection: http.client.HTTPConnection, names: list[str], repetitions: int) -> float:
    body = json.dumps({"names": names}).encode()
    times = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        times.append(1000 * (time.perf_counter() - begun))
    return round(float(np.median(times)), 3)


def _memory(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 0)
    return 0.0


def main(arguments: list[str]) -> int:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m model_code.benchmark", description=__doc__)
    parser.add_argument("channel", type=Path, help="folder of the channel, from make data")
    parser.add_argument("--sample", type=float, default=1.0, help="part of the baseline's epoch")
    parser.add_argument("--model", type=Path, help="where to keep the trained model")
    parser.add_argument("--out", type=Path, help="file for the figures")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        model = given.model or work / "model"
        figures: dict[str, Any] = train(given.channel, model, work)
        figures["artifact_mb"] = archive_megabytes(model, work)
        table, _report = read_channel(given.channel)
        american = [name.title() for name in table.names if len(name) < baseline.PLACES][:1000]
        figures |= serve(model, american)
    workshop = baseline.measure(given.channel, epochs=1, sample=given.sample)
    figures["workshop"] = workshop
    figures["ratios"] = {
        "training_to_an_epoch": round(
            figures["train_seconds"] / workshop["seconds_per_epoch_of_all_names"], 3
        ),
        "1_name": f"1/{workshop['predict_1_ms'] / figures['http_1_ms']:.0f}",
        "1000_names": f"1/{workshop['predict_1000_ms'] / figures['http_1000_ms']:.0f}",
    }
    baseline.tell(figures, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
