"""The plugin passes the contract of plugins, with a provider that signs profiles."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from tests.plugins.jwt.provider import JSON, JWT
from tests.plugins.jwt.tokens import EC, claims, jwk, sign

from usersmanager import Request, Response
from usersmanager.testing import PluginContract
from usersmanager_jwt import JwtUserInfo


class TestJwtUserInfo(PluginContract):
    metadata: ClassVar[dict[str, Any]] = {"jwks_uri": "https://contract.example/keys"}

    def plugin(self) -> JwtUserInfo:
        return JwtUserInfo("my-app")

    def answer(self, request: Request, response: Response) -> Response:
        if request.operation == "fetch_keys":
            return Response(200, JSON, json.dumps({"keys": [jwk(EC, kid="1")]}).encode())
        if request.operation == "get_info" and response.status == 200:
            profile = claims(iss=request.origin, **json.loads(response.body))
            return Response(200, JWT, sign(payload=profile))
        return response
