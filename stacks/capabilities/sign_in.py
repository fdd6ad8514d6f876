"""Who may use the API: people whom an administrator let in."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.acknowledgements import acknowledge
from stacks.settings import Settings

_RESOURCE_SERVER = "voc"
_SCOPE = cognito.ResourceServerScope(
    scope_name="api", scope_description="Read and change the customers' feedback"
)
API_SCOPE = f"{_RESOURCE_SERVER}/{_SCOPE.scope_name}"


class SignIn(Construct):
    """A user pool without self-service, and its hosted sign-in page.

    It is there whatever the setting ``access`` says: without users it costs nothing, and
    the setting can then be changed both ways, for what other stacks import does not go.

    Attributes
    ----------
    pool
        The user pool.
    url
        Base URL of the hosted sign-in page.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.pool = self._build_pool(settings)
        server = self.pool.add_resource_server(
            "ResourceServer", identifier=_RESOURCE_SERVER, scopes=[_SCOPE]
        )
        self._scope = cognito.OAuthScope.resource_server(server, _SCOPE)
        # Prefixes are one space for all customers of a region.
        prefix = f"{settings.name_prefix}-{Aws.ACCOUNT_ID}"
        self.pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix)
        )
        self.url = f"https://{prefix}.auth.{Stack.of(self).region}.amazoncognito.com"

    def add_page(self, scope: Construct, construct_id: str, *, url: str) -> cognito.UserPoolClient:
        """Let a page sign people in: authorization code with PKCE, without a secret."""
        return cognito.UserPoolClient(
            scope,
            construct_id,
            user_pool=self.pool,
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(1),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID, self._scope],
                callback_urls=[url],
                logout_urls=[url],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        )

    def _build_pool(self, settings: Settings) -> cognito.UserPool:
        pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(7),
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=settings.retain_data,
            removal_policy=(
                RemovalPolicy.RETAIN if settings.retain_data else RemovalPolicy.DESTROY
            ),
        )
        acknowledge(
            pool, "AwsSolutions-COG2", "A second factor is each person's choice, by an app."
        )
        acknowledge(
            pool, "AwsSolutions-COG3", "Threat protection is a paid plan; throttling is not."
        )
        acknowledge(
            pool, "AwsSolutions-COG8", "The paid plan's features are not used; Essentials will do."
        )
        return pool
