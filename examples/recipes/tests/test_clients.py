"""Every recipe answers as it should, in the test client of its framework."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from examples.recipes.tests.behavior import Answer, Behavior, Get, answer
from examples.recipes.tests.loading import RECIPES, load

from usersmanager import LifecycleError
from usersmanager.testing import Sandbox


def headers_of(authorization: str | None) -> dict[str, str]:
    return {} if authorization is None else {"Authorization": authorization}


class TestFastAPI(Behavior):
    @pytest.fixture
    def client(self, sandbox: Sandbox) -> Iterator[Any]:
        from fastapi.testclient import TestClient

        with TestClient(load("fastapi").app) as client:
            yield client

    @pytest.fixture
    def get(self, client: Any) -> Get:
        def get(authorization: str | None) -> Answer:
            response = client.get("/me", headers=headers_of(authorization))
            return answer(response.status_code, response.headers, response.json())

        return get

    def test_the_openapi_document_describes_the_scheme(self, client: Any) -> None:
        document = client.get("/openapi.json").json()
        assert document["paths"]["/me"]["get"]["security"] == [{"HTTPBearer": []}]
        assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"

    def test_the_test_in_the_page_passes(self, sandbox: Sandbox) -> None:
        load("fastapi")
        load("fastapi", "test_app.py").test_me()


class TestStarlette(Behavior):
    @pytest.fixture
    def get(self, sandbox: Sandbox) -> Iterator[Get]:
        from starlette.testclient import TestClient

        with TestClient(load("starlette").app) as client:

            def get(authorization: str | None) -> Answer:
                response = client.get("/me", headers=headers_of(authorization))
                return answer(response.status_code, response.headers, response.json())

            yield get


class TestFlask(Behavior):
    @pytest.fixture
    def get(self, sandbox: Sandbox) -> Iterator[Get]:
        module = load("flask")

        def get(authorization: str | None) -> Answer:
            response = module.app.test_client().get("/me", headers=headers_of(authorization))
            return answer(response.status_code, response.headers, response.json)

        yield get
        module.users.close()


@pytest.fixture(scope="session")
def django(provider: Sandbox) -> Iterator[None]:
    """Configure Django, once per process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(RECIPES / "django")
        patch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        import django

        django.setup()
        from shop import async_views

        yield
        asyncio.run(async_views.users.aclose())


class TestDjango(Behavior):
    path, urls = "/me", "shop.urls"

    @pytest.fixture
    def get(self, django: None, sandbox: Sandbox) -> Iterator[Get]:
        from django.test import Client, override_settings

        def get(authorization: str | None) -> Answer:
            response = Client(SERVER_NAME="127.0.0.1").get(
                self.path, headers=headers_of(authorization)
            )
            return answer(response.status_code, response.headers, json.loads(response.content))

        with override_settings(ROOT_URLCONF=self.urls):
            yield get


class TestDjangoRestFramework(TestDjango):
    path, urls = "/rest/me", "shop.rest_urls"

    def test_a_throttle_tells_users_apart(self, django: None, sandbox: Sandbox) -> None:
        from rest_framework.test import APIRequestFactory
        from rest_framework.throttling import UserRateThrottle
        from shop.rest import Me

        class OncePerMinute(UserRateThrottle):
            rate = "1/min"

        class Throttled(Me):
            throttle_classes = (OncePerMinute,)

        def status(token: str) -> int:
            request = APIRequestFactory().get("/", headers=headers_of(f"Bearer {token}"))
            return Throttled.as_view()(request).status_code

        sandbox.add_user("auth0|grace")
        tokens = [sandbox.issue_token(user) for user in ("auth0|ada", "auth0|grace", "auth0|ada")]
        assert [status(token) for token in tokens] == [200, 200, 429]


class TestDjangoAsync(Behavior):
    @pytest.fixture
    def get(self, django: None, sandbox: Sandbox) -> Iterator[Get]:
        from django.test import AsyncClient, override_settings

        async def request(authorization: str | None) -> Answer:
            response = await AsyncClient().get(
                "/me", headers={"Host": "127.0.0.1", **headers_of(authorization)}
            )
            return answer(response.status_code, response.headers, json.loads(response.content))

        with override_settings(ROOT_URLCONF="shop.async_urls"):
            yield lambda authorization: asyncio.run(request(authorization))

    def test_the_manager_is_closed_when_the_server_shuts_down(self, django: None) -> None:
        from shop import asgi, async_views

        async def run_lifespan() -> None:
            events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
            sent: list[str] = []

            async def receive() -> Any:
                return next(events)

            async def send(message: Any) -> None:
                sent.append(message["type"])

            await asgi.application({"type": "lifespan"}, receive, send)
            assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

        try:
            asyncio.run(run_lifespan())
            with pytest.raises(LifecycleError, match="closed"):
                async_views.users.get_info("a-token")
        finally:
            importlib.reload(async_views)


class TestAiohttp(Behavior):
    @pytest.fixture
    def get(self, sandbox: Sandbox) -> Get:
        from aiohttp.test_utils import TestClient, TestServer

        async def request(authorization: str | None) -> Answer:
            async with TestClient(TestServer(load("aiohttp").make_app())) as client:
                response = await client.get("/me", headers=headers_of(authorization))
                return answer(response.status, response.headers, await response.json())

        return lambda authorization: asyncio.run(request(authorization))


class TestLitestar(Behavior):
    @pytest.fixture
    def get(self, sandbox: Sandbox) -> Iterator[Get]:
        from litestar.testing import TestClient

        with TestClient(load("litestar").app) as client:

            def get(authorization: str | None) -> Answer:
                response = client.get("/me", headers=headers_of(authorization))
                return answer(response.status_code, response.headers, response.json())

            yield get


class TestLambda(Behavior):
    # Version 1.0 of the payload has the names as the client spelled them, 2.0 in lower case.
    @pytest.fixture(params=["Authorization", "authorization"])
    def get(self, request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Get]:
        module = load("aws_lambda")

        def get(authorization: str | None) -> Answer:
            headers = None if authorization is None else {request.param: authorization}
            response = module.handler({"headers": headers}, None)
            body = json.loads(response["body"])
            return answer(response["statusCode"], response.get("headers", {}), body)

        yield get
        module.users.close()
