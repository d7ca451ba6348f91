"""An impersonation link in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

    from usersmanager.testing import Sandbox

pytestmark = pytest.mark.e2e


@pytest.fixture
def link(mode: Any, sandbox: Sandbox) -> str:
    """A link that logs in as auth0|ada, from a manager in either mode."""
    settings = {
        "impersonator_id": "auth0|boss",
        "protocol": "oauth2",
        "token": sandbox.issue_api_token(),
        "client_id": sandbox.client_id,
    }
    link: str = mode.call("impersonate", "auth0|ada", settings, base_url=sandbox.base_url)
    return link


def open_page(browser: Chrome, link: str) -> tuple[str, str]:
    """Open a link, and return the visible heading and text of the page."""
    browser.get(link)
    elements = [browser.find_element("css selector", name) for name in ("h1", "p")]
    assert all(element.is_displayed() for element in elements)
    heading, text = (element.text for element in elements)
    return heading, text


def test_a_link_logs_in_as_the_user_and_names_the_impersonator(browser: Chrome, link: str) -> None:
    assert open_page(browser, link) == ("Logged in as Ada", "auth0|ada, impersonated by auth0|boss")
    assert browser.title == "Logged in as Ada"


def test_a_link_works_only_once(browser: Chrome, link: str) -> None:
    open_page(browser, link)
    refused = ("Link refused", "This link has already been used or does not exist.")
    assert open_page(browser, link) == refused
    browser.refresh()
    assert browser.title == "Link refused"


def test_html_in_a_user_name_is_escaped(browser: Chrome, link: str, sandbox: Sandbox) -> None:
    name = "</title></h1><img src=x onerror='document.title=1'><script>document.title=2</script>"
    sandbox.add_user("auth0|ada", name=name)

    heading, _ = open_page(browser, link)

    assert heading == browser.title == f"Logged in as {name}"
    assert browser.find_elements("css selector", "img, script") == []
