"""Whose account it is, and whether the CDK can deploy to its region."""

from __future__ import annotations

from dataclasses import dataclass

from operations.aws import AwsError, client, error_code, why
from operations.preflight.finding import Finding, missing, ready, unknown

# What CDK's templates ask for: `requiresBootstrapStackVersion` in the cloud assembly.
_BOOTSTRAP_VERSION = 6
_VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
TOOLKIT_STACK = "CDKToolkit"

_SIGN_IN = "sign in with `aws sso login` or `aws login`, or export AWS_PROFILE or access keys"
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_EXPIRED |= {"SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"}
_UNKNOWN_KEYS = {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"}
_UNREACHED = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}


@dataclass(frozen=True)
class Caller:
    """Who deploys, and where."""

    account: str
    region: str


def check_credentials(region: str) -> tuple[Caller | None, Finding]:
    """Find out who calls; without an answer nothing else can be asked."""
    subject = "credentials"
    try:
        identity = client("sts", region).get_caller_identity()
    except AwsError as error:
        code = error_code(error)
        if code in {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
            return None, missing(subject, "there are none", _SIGN_IN)
        if code == "ProfileNotFound":
            return None, missing(subject, str(error), "see `aws configure list-profiles`")
        if code in _EXPIRED:
            return None, missing(subject, "they have expired", _SIGN_IN)
        if code in _UNKNOWN_KEYS:
            return None, missing(subject, "AWS does not know these keys", _SIGN_IN)
        if code in _UNREACHED:
            return None, missing(
                subject,
                "AWS does not answer",
                "look at the network, the proxy, and AWS_ENDPOINT_URL",
            )
        return None, missing(subject, f"AWS refuses them ({code})", _SIGN_IN)
    caller = Caller(identity["Account"], region)
    return caller, ready(subject, f"{identity['Arn']}, account {caller.account}")


def check_bootstrap(caller: Caller) -> Finding:
    """Find out whether the CDK's toolkit is there, new enough and whole."""
    subject = "bootstrap"
    remedy = f"npx cdk bootstrap aws://{caller.account}/{caller.region}"
    try:
        parameter = client("ssm", caller.region).get_parameter(Name=_VERSION_PARAMETER)
        version = int(parameter["Parameter"]["Value"])
    except AwsError as error:
        if error_code(error) == "ParameterNotFound":
            words = f"{caller.region} of this account is not prepared for the CDK"
            return missing(subject, words, remedy)
        return unknown(subject, why(error), remedy)
    if version < _BOOTSTRAP_VERSION:
        words = f"version {version} is too old, {_BOOTSTRAP_VERSION} is needed"
        return missing(subject, words, remedy)
    return _check_toolkit(caller, version, remedy)


def toolkit_bucket(region: str) -> str | None:
    """Return the bucket of the CDK's own stack in a region, None where it names none.

    Raises
    ------
    AwsError
        There is no such stack, or it may not be read.
    """
    described = client("cloudformation", region).describe_stacks(StackName=TOOLKIT_STACK)
    outputs = described["Stacks"][0].get("Outputs", [])
    return next((o["OutputValue"] for o in outputs if o["OutputKey"] == "BucketName"), None)


def _check_toolkit(caller: Caller, version: int, remedy: str) -> Finding:
    subject = "bootstrap"
    try:
        bucket = toolkit_bucket(caller.region)
        if bucket is not None:
            client("s3", caller.region).head_bucket(Bucket=bucket)
    except AwsError as error:
        if error_code(error) in {"404", "NoSuchBucket"}:
            return missing(
                subject,
                f"its bucket {bucket} is gone, although the stack {TOOLKIT_STACK} is there",
                f"delete the stack {TOOLKIT_STACK}, then {remedy}",
            )
        return ready(subject, f"version {version} (its bucket could not be looked at)")
    return ready(subject, f"version {version}")
