"""What the lessons share: where they run, their bucket, their data, their plots."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

METADATA = Path("/opt/ml/metadata/resource-metadata.json")
SAMPLE = float(os.environ.get("LESSON_SAMPLE", "1"))
"""Share of the names that a lesson trains on; less than 1 for a quick look."""
EPOCHS = int(os.environ.get("LESSON_EPOCHS", "5"))
METRICS = ("validation:accuracy", "validation:log_loss", "validation:ece", "test:accuracy")
WORKSHOP_BASELINE = {"1 epoch": 0.845, "3 epochs": 0.869}
"""Accuracy of the original workshop's network (one-hot letters, two LSTM layers of 512) on US
names that it had not seen, measured with the split of `split_of`."""
_OTHERS = "#b8b8b8"
_OURS = "#2a6f97"


@dataclass(frozen=True)
class Surroundings:
    """The notebook instance, its role, and the project's bucket.

    Attributes
    ----------
    notebook, region, account
        Name of the instance, and where it is.
    role_arn
        The instance's role, with which jobs and models of the lessons run as well.
    bucket
        The project's bucket.
    """

    notebook: str
    region: str
    account: str
    role_arn: str
    bucket: str


def find_surroundings() -> Surroundings:
    """Read the instance's metadata, and find the bucket in the policy that allows it.

    Raises
    ------
    LookupError
        If the policy names no bucket.
    """
    metadata = json.loads(METADATA.read_text(encoding="utf-8"))
    _, _, _, region, account, resource = metadata["ResourceArn"].split(":", 5)
    notebook = metadata["ResourceName"]
    iam = boto3.client("iam", region_name=region)
    policy_arn = f"arn:aws:iam::{account}:policy/{notebook}-{region}"
    version = iam.get_policy(PolicyArn=policy_arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=policy_arn, VersionId=version)["PolicyVersion"][
        "Document"
    ]
    if isinstance(document, str):
        document = json.loads(document)
    for statement in document["Statement"]:
        resources = statement["Resource"]
        for arn in [resources] if isinstance(resources, str) else resources:
            if arn.startswith("arn:aws:s3:::"):
                bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
                return Surroundings(notebook, region, account, metadata["ExecutionRoleArn"], bucket)
    raise LookupError(f"{policy_arn} names no bucket: is {resource} this project's?")


def lesson_name(lesson: str) -> str:
    """Name for a job, a model or an endpoint, with the prefix that the role allows."""
    return f"smworkshop-lesson-{lesson}-{time.strftime('%Y%m%d-%H%M%S')}"


def newest(bucket: str, prefix: str, ending: str) -> str:
    """Key of the newest object below a prefix with an ending.

    Raises
    ------
    LookupError
        If there is none.
    """
    pages = (
        boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    )
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    found = [entry for entry in entries if entry["Key"].endswith(ending)]
    if not found:
        raise LookupError(f"nothing like {prefix}…{ending} in {bucket}: has the deploy finished?")
    return str(max(found, key=lambda entry: entry["LastModified"])["Key"])


def download(bucket: str, key: str, folder: Path) -> Path:
    """Copy an object to a folder; answers the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / key.rpartition("/")[2]
    boto3.client("s3").download_file(bucket, key, str(path))
    return path


def forget(bucket: str, prefix: str) -> None:
    """Delete everything below a prefix of the bucket."""
    boto3.resource("s3").Bucket(bucket).objects.filter(Prefix=prefix).delete()


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a tar.gz into a folder; answers the folder."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def read_names(path: Path) -> pd.DataFrame:
    """Read a file of the training channel: one row per name, with shares and a total."""
    # "None" and "Nan" are names.
    names = pd.read_csv(path, keep_default_na=False)
    names["people"] = names["female"] + names["male"]
    names = names[names["people"] > 0]
    return names.assign(share_female=names["female"] / names["people"])


def split_of(names: pd.Series) -> np.ndarray:
    """Tell the tenth, 0 to 9, to which each name belongs, the same in every run."""
    return np.array([int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10 for name in names])


def plot_names(names: pd.DataFrame) -> None:
    """Show how certain names are, how common, how long, and what their last letter tells."""
    figure, axes = plt.subplots(1, 4, figsize=(16, 3.2), layout="constrained")
    axes[0].hist(names["share_female"], bins=40, color=_OURS)
    axes[0].set(title="How certain is a name?", xlabel="share of women", ylabel="names")
    axes[1].hist(np.log10(names["people"]), bins=40, color=_OURS)
    axes[1].set(title="How common is a name?", xlabel="people, powers of ten", ylabel="names")
    axes[2].hist(names["name"].str.len(), bins=range(1, 21), color=_OURS)
    axes[2].set(title="How long is a name?", xlabel="letters", ylabel="names")
    last = names.groupby(names["name"].str[-1].str.lower())["share_female"].agg(["mean", "size"])
    last = last[last.index.str.fullmatch("[a-z]")]
    axes[3].bar(last.index, last["mean"], color=_OURS)
    axes[3].axhline(0.5, color=_OTHERS)
    axes[3].set(title="What the last letter tells", ylabel="mean share of women")
    plt.show()
    plt.close(figure)


def plot_against_baseline(accuracy: float, label: str) -> None:
    """Compare an accuracy on unseen names with the original workshop's network."""
    print(f"{label}: accuracy {accuracy:.4f} on names not seen in training")  # noqa: T201
    figure, axes = plt.subplots(figsize=(6, 2.4), layout="constrained")
    bars = {f"workshop, {name}": value for name, value in WORKSHOP_BASELINE.items()}
    bars[label] = accuracy
    colors = [_OTHERS] * len(WORKSHOP_BASELINE) + [_OURS]
    drawn = axes.barh(list(bars), list(bars.values()), color=colors)
    axes.bar_label(drawn, fmt="%.3f", padding=4)
    axes.set(xlim=(0.5, 1), xlabel="accuracy on names not seen in training")
    axes.invert_yaxis()
    plt.show()
    plt.close(figure)


def plot_calibration(axes: Axes, probability: np.ndarray, is_female: np.ndarray) -> None:
    """Show whether names given a probability are female that often."""
    tenths = np.clip((probability * 10).astype(int), 0, 9)
    used = [tenth for tenth in range(10) if (tenths == tenth).any()]
    told = [probability[tenths == tenth].mean() for tenth in used]
    true = [is_female[tenths == tenth].mean() for tenth in used]
    axes.plot([0, 1], [0, 1], color=_OTHERS)
    axes.plot(told, true, marker="o", color=_OURS)
    axes.set(title="Calibration", xlabel="probability told", ylabel="share that is female")


def show_evaluation(evaluation: dict[str, Any]) -> pd.DataFrame:
    """Make a table of how a model did on the names that it had not seen, by population."""
    rows = {
        population: {
            "names": figures["names"],
            "accuracy": round(figures["accuracy"], 4),
            "calibration error": round(figures["ece"], 4),
            "answered, if 2 % may be wrong": round(figures["coverage"]["0.02"], 3),
        }
        for population, figures in evaluation["test"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def show_predictions(answer: dict[str, Any]) -> pd.DataFrame:
    """Make a table of an endpoint's answer."""
    return pd.DataFrame(answer["predictions"]).set_index("name")
