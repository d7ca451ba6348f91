"""Error responses of providers, as they document or send them, as data."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PROVIDER_ERRORS", "ProviderError"]

JSON = "application/json"


class ProviderError(NamedTuple):
    """An error response, and what it says.

    Attributes:
        source: the page that documents or reports it.
        status: the HTTP status.
        content_type: its Content-Type, or "".
        body: its body.
        error: the expected error code.
        description: the expected description.
        challenge: its WWW-Authenticate, or "".
    """

    source: str
    status: int
    content_type: str
    body: str
    error: str | None
    description: str | None
    challenge: str = ""


PROVIDER_ERRORS = {
    "Auth0, UserInfo": ProviderError(
        "https://auth0.com/docs/api/authentication/user-profile/get-user-info",
        401,
        "text/plain; charset=utf-8",
        "Unauthorized",
        None,
        "Unauthorized",
    ),
    "Auth0, rate limit": ProviderError(
        "https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy",
        429,
        JSON,
        '{"error": "access_denied", "error_description": "Too Many Requests"}',
        "access_denied",
        "Too Many Requests",
    ),
    "Auth0, Management API": ProviderError(
        "https://auth0.com/docs/api/management/v2",
        401,
        JSON,
        '{"statusCode": 401, "error": "Unauthorized", "message": "Invalid token",'
        ' "attributes": {"error": "Invalid token"}}',
        "Unauthorized",
        "Invalid token",
    ),
    "Okta, API": ProviderError(
        "https://developer.okta.com/docs/reference/error-codes/",
        401,
        JSON,
        '{"errorCode": "E0000011", "errorSummary": "Invalid token provided",'
        ' "errorLink": "E0000011", "errorId": "oaeStOuPPxzRUm6PJhf-tL7Ug", "errorCauses": []}',
        "E0000011",
        "Invalid token provided",
    ),
    "Okta, UserInfo": ProviderError(
        "https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/tag/OrgAS/",
        401,
        "",
        "",
        "invalid_token",
        "The access token is invalid",
        'Bearer error="invalid_token", error_description="The access token is invalid"',
    ),
    "Entra ID, token endpoint": ProviderError(
        "https://learn.microsoft.com/entra/identity-platform/reference-error-codes",
        400,
        JSON,
        '{"error": "invalid_scope", "error_description": "AADSTS70011: The provided value for the'
        " input parameter 'scope' is not valid.\\r\\nTrace ID: 0000aaaa-11bb-cccc\","
        ' "error_codes": [70011], "timestamp": "2016-01-09 02:02:12Z"}',
        "invalid_scope",
        "AADSTS70011: The provided value for the input parameter 'scope' is not valid."
        " Trace ID: 0000aaaa-11bb-cccc",
    ),
    "Microsoft Graph": ProviderError(
        "https://learn.microsoft.com/graph/errors",
        401,
        JSON,
        '{"error": {"code": "InvalidAuthenticationToken", "message": "Access token has expired or'
        ' is not yet valid.", "innerError": {"date": "2024-01-01T00:00:00", "request-id": "r"}}}',
        "InvalidAuthenticationToken",
        "Access token has expired or is not yet valid.",
    ),
    "Cognito, UserInfo": ProviderError(
        "https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html",
        401,
        "",
        "",
        "invalid_token",
        "Access token is expired, disabled, or deleted, or the user has globally signed out.",
        'error="invalid_token", error_description="Access token is expired, disabled, or deleted,'
        ' or the user has globally signed out."',
    ),
    "Cognito, API": ProviderError(
        "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html",
        400,
        "application/x-amz-json-1.1",
        '{"__type": "NotAuthorizedException", "message": "Access Token has expired"}',
        "NotAuthorizedException",
        "Access Token has expired",
    ),
    "Keycloak, until 19": ProviderError(
        "https://github.com/keycloak/keycloak/issues/9445",
        401,
        JSON,
        '{"error": "invalid_token", "error_description": "Token verification failed"}',
        "invalid_token",
        "Token verification failed",
        'Bearer realm="master", error="invalid_token",'
        ' error_description="Token verification failed"',
    ),
    "Keycloak, later": ProviderError(
        "https://github.com/keycloak/keycloak-documentation/pull/1675",
        403,
        "",
        "",
        "insufficient_scope",
        "Missing openid scope",
        'Bearer realm="master", error="insufficient_scope",'
        ' error_description="Missing openid scope"',
    ),
    "Keycloak, admin": ProviderError(
        "https://www.keycloak.org/docs-api/latest/rest-api/index.html",
        409,
        JSON,
        '{"errorMessage": "User exists with same username"}',
        None,
        "User exists with same username",
    ),
    "ZITADEL, API": ProviderError(
        "https://zitadel.com/docs/apis/statuscodes",
        401,
        JSON,
        '{"code": 16, "message": "Errors.Token.Invalid (AUTH-7fs1e)", "details": [{"@type":'
        ' "type.googleapis.com/zitadel.v1.ErrorDetail", "id": "AUTH-7fs1e"}]}',
        None,
        "Errors.Token.Invalid (AUTH-7fs1e)",
    ),
    "ZITADEL, UserInfo": ProviderError(
        "https://github.com/zitadel/oidc/blob/main/pkg/op/userinfo.go",
        401,
        "text/plain; charset=utf-8",
        "access token invalid\n",
        None,
        "access token invalid",
    ),
    "Google, UserInfo": ProviderError(
        "https://developers.google.com/identity/openid-connect/openid-connect",
        401,
        JSON,
        '{"error": "invalid_request", "error_description": "Invalid Credentials"}',
        "invalid_request",
        "Invalid Credentials",
    ),
    "Google, API": ProviderError(
        "https://cloud.google.com/apis/design/errors",
        401,
        JSON,
        '{"error": {"code": 401, "message": "Request had invalid authentication credentials.",'
        ' "errors": [{"message": "Invalid Credentials", "domain": "global", "reason":'
        ' "authError"}], "status": "UNAUTHENTICATED"}}',
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials.",
    ),
    "GitLab, OAuth": ProviderError(
        "https://docs.gitlab.com/api/rest/troubleshooting/",
        401,
        JSON,
        '{"error": "invalid_token", "error_description": "Token was revoked. You have to'
        ' re-authorize from the user."}',
        "invalid_token",
        "Token was revoked. You have to re-authorize from the user.",
    ),
    "GitLab, API": ProviderError(
        "https://docs.gitlab.com/api/rest/troubleshooting/",
        401,
        JSON,
        '{"message": "401 Unauthorized"}',
        None,
        "401 Unauthorized",
    ),
    "Salesforce, UserInfo": ProviderError(
        "https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm",
        403,
        "text/html;charset=UTF-8",
        "Bad_OAuth_Token",
        None,
        "Bad_OAuth_Token",
    ),
    "Salesforce, REST API": ProviderError(
        "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm",
        401,
        JSON,
        '[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]',
        "INVALID_SESSION_ID",
        "Session expired or invalid",
    ),
    "Discord": ProviderError(
        "https://discord.com/developers/docs/reference#error-messages",
        401,
        JSON,
        '{"message": "401: Unauthorized", "code": 0}',
        None,
        "401: Unauthorized",
    ),
    "Discord, rate limit": ProviderError(
        "https://discord.com/developers/docs/topics/rate-limits",
        429,
        JSON,
        '{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}',
        None,
        "You are being rate limited.",
    ),
    "LINE, OAuth": ProviderError(
        "https://developers.line.biz/en/reference/line-login/",
        400,
        JSON,
        '{"error": "invalid_request", "error_description": "access token expired"}',
        "invalid_request",
        "access token expired",
    ),
    "LINE, profile": ProviderError(
        "https://developers.line.biz/en/reference/messaging-api/#error-responses",
        401,
        JSON,
        '{"message": "The access token expired", "details": [{"message": "m", "property": "p"}]}',
        None,
        "The access token expired",
    ),
    "Twitch, ID": ProviderError(
        "https://dev.twitch.tv/docs/authentication/getting-tokens-oidc/",
        401,
        JSON,
        '{"status": 401, "message": "invalid access token"}',
        None,
        "invalid access token",
    ),
    "Twitch, API": ProviderError(
        "https://discuss.dev.twitch.tv/t/authenticating-with-the-twitch-api/29237",
        401,
        JSON,
        '{"error": "Unauthorized", "status": 401, "message": "Invalid OAuth token"}',
        "Unauthorized",
        "Invalid OAuth token",
    ),
    "PayPal, OAuth": ProviderError(
        "https://developer.paypal.com/api/rest/responses/",
        401,
        JSON,
        '{"error": "invalid_token", "error_description": "Token signature verification failed"}',
        "invalid_token",
        "Token signature verification failed",
    ),
    "PayPal, API": ProviderError(
        "https://developer.paypal.com/api/rest/responses/",
        401,
        JSON,
        '{"name": "AUTHENTICATION_FAILURE", "message": "Authentication failed due to invalid'
        ' authentication credentials.", "links": [{"href": "https://developer.paypal.example"}]}',
        "AUTHENTICATION_FAILURE",
        "Authentication failed due to invalid authentication credentials.",
    ),
    "Slack": ProviderError(
        "https://api.slack.com/methods/openid.connect.userInfo",
        401,
        JSON,
        '{"ok": false, "error": "invalid_auth"}',
        "invalid_auth",
        None,
    ),
    "Dropbox": ProviderError(
        "https://www.dropbox.com/developers/documentation/http/documentation#error-handling",
        401,
        JSON,
        '{"error_summary": "expired_access_token/...", "error": {".tag": "expired_access_token"}}',
        "expired_access_token",
        "expired_access_token/...",
    ),
    "Dropbox, wrong header": ProviderError(
        "https://www.dropbox.com/developers/documentation/http/documentation#error-handling",
        400,
        "text/plain; charset=utf-8",
        'Error in call to API function "openid/userinfo": Invalid authorization value in HTTP'
        ' header "Authorization": "Bearer [redacted]". See https://dropbox.example/oauth',
        None,
        'Error in call to API function "openid/userinfo": Invalid authorization value in HTTP'
        ' header "Authorization": "Bearer [redacted]". See [link]',
    ),
    "Facebook": ProviderError(
        "https://developers.facebook.com/docs/graph-api/guides/error-handling/",
        400,
        JSON,
        '{"error": {"message": "Error validating access token", "type": "OAuthException",'
        ' "code": 190, "error_subcode": 463, "fbtrace_id": "f"}}',
        "OAuthException",
        "Error validating access token",
    ),
    "X": ProviderError(
        "https://developer.x.com/en/support/x-api/error-troubleshooting",
        401,
        JSON,
        '{"errors": [{"code": 89, "message": "Invalid or expired token."}]}',
        None,
        "Invalid or expired token.",
    ),
    "Vault": ProviderError(
        "https://github.com/hashicorp/vault/pull/12840",
        403,
        JSON,
        '{"errors": ["permission denied"]}',
        None,
        "permission denied",
    ),
    "Ory": ProviderError(
        "https://www.ory.sh/docs/kratos/reference/api",
        401,
        JSON,
        '{"error": {"code": 401, "status": "Unauthorized", "reason": "No session cookie.",'
        ' "message": "The request could not be authorized"}}',
        None,
        "The request could not be authorized",
    ),
    "Apigee": ProviderError(
        "https://cloud.google.com/apigee/docs/api-platform/troubleshoot/policies/oauth/oauth-policies",
        401,
        JSON,
        '{"fault": {"faultstring": "Invalid Access Token", "detail": {"errorcode":'
        ' "keymanagement.service.invalid_access_token"}}}',
        "keymanagement.service.invalid_access_token",
        "Invalid Access Token",
    ),
    "problem": ProviderError(
        "https://www.rfc-editor.org/rfc/rfc9457#section-3",
        403,
        "application/problem+json",
        '{"type": "https://example.com/probs/out-of-credit", "title": "You do not have enough'
        ' credit.", "detail": "Your current balance is 30, but that costs 50.", "status": 403}',
        "You do not have enough credit.",
        "Your current balance is 30, but that costs 50.",
    ),
    "problem without detail": ProviderError(
        "https://learn.microsoft.com/aspnet/core/web-api/handle-errors",
        401,
        "application/problem+json",
        '{"type": "https://tools.ietf.org/html/rfc9110#section-15.5.2", "title": "Unauthorized",'
        ' "status": 401, "traceId": "00-a"}',
        None,
        "Unauthorized",
    ),
    "SCIM": ProviderError(
        "https://www.rfc-editor.org/rfc/rfc7644#section-3.12",
        401,
        "application/scim+json",
        '{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "Authorization'
        ' failure", "status": "401"}',
        None,
        "Authorization failure",
    ),
    "JSON:API": ProviderError(
        "https://jsonapi.org/format/#error-objects",
        401,
        "application/vnd.api+json",
        '{"errors": [{"status": "401", "code": "expired", "title": "T", "detail": "It is over."}]}',
        "expired",
        "It is over.",
    ),
    "FastAPI": ProviderError(
        "https://fastapi.tiangolo.com/tutorial/handling-errors/",
        422,
        JSON,
        '{"detail": [{"loc": ["header", "a"], "msg": "field required", "type": "value_error"}]}',
        "value_error",
        "field required",
    ),
    "NestJS": ProviderError(
        "https://docs.nestjs.com/exception-filters",
        400,
        JSON,
        '{"statusCode": 400, "message": ["a must be a string"], "error": "Bad Request"}',
        "Bad Request",
        "a must be a string",
    ),
    "API Gateway": ProviderError(
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html",
        403,
        JSON,
        '{"Message": "User is not authorized to access this resource"}',
        None,
        "User is not authorized to access this resource",
    ),
    "Envoy": ProviderError(
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter",
        403,
        "text/plain",
        "RBAC: access denied",
        None,
        "RBAC: access denied",
    ),
}
