"""The documentation site: Sphinx, furo and MyST. Built by `tox -e docs`, without a network."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from sphinx.application import Sphinx

import usersmanager
import usersmanager.plugins
from usersmanager.errors import Reason

project = "usersmanager"
version = release = usersmanager.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["inventories", "_*"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# The names of other projects that our pages refer to. The lists lie here: a build needs no network.
_INVENTORIES = Path(__file__).parent / "inventories"
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", str(_INVENTORIES / "python.inv")),
}

html_theme = "furo"
html_title = "usersmanager"
# The default style underlines the names of modules, as if they were links.
pygments_dark_style = "a11y-high-contrast-dark"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_copyright = False
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"
# Only dashes and ellipses: quotes are often those of Python.
smartquotes_action = "De"
# So that the name of an argument may end in an underscore.
strip_signature_backslash = True

# Single backticks in docstrings are public names, double ones literals.
default_role = "any"
nitpicky = True
nitpick_ignore_regex = [
    # The variables of generic types.
    ("py:class", r".*\b(T|ManagerT|Result|Result_co)"),
    # Libraries whose names we don't list in inventories/.
    ("py:class", r"(aiohttp|asyncio|opentelemetry|tenacity|urllib3)\..*"),
    # Imported for type checkers only, so autodoc can't tell its module.
    ("py:class", "datetime|Credential|Site"),
    # `Secret[str]` remembers the module in which Secret was defined.
    ("py:class", r"usersmanager\._values\.token\.Secret"),
]
maximum_signature_line_length = 40
python_use_unqualified_type_names = True
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

_FACES = [
    "usersmanager",
    "usersmanager.web",
    "usersmanager.plugins",
    "usersmanager.transports",
    "usersmanager.operations",
    "usersmanager.oauth",
    "usersmanager.testing",
    "usersmanager_retry",
    "usersmanager_logging",
    "usersmanager_opentelemetry",
    "usersmanager_headers",
    "usersmanager_cache",
    "usersmanager_jwt",
    "usersmanager_urllib3",
    "usersmanager_aiohttp",
    "usersmanager_native",
]


T = TypeVar("T")


class Flow(Generic[T]):
    """Stands for the alias in signatures, which would show the generator."""


class Proceed:
    """Stands for the alias in signatures, which would show the callable."""


class Effect:
    """Stands for the alias in signatures, which would show private classes."""


_REASON = re.compile(rf"\S*Literal\['{get_args(Reason)[0]}'[^]]*\]")
# A protocol has no constructor, and a Call is made by a manager.
_WITHOUT_ARGUMENTS = ("(*args, **kwargs)", "<factory>")


def simplify_signature(
    _app: Sphinx,
    _what: str,
    _name: str,
    value: Any,
    _options: object,
    arguments: str | None,
    result: str | None,
) -> tuple[str, str | None] | None:
    """Show no private name in a signature, and none of the many reasons of an error."""
    if arguments is None:
        return None
    if any(mark in arguments for mark in _WITHOUT_ARGUMENTS):
        return "", result
    constants = vars(sys.modules[value.__module__])
    text = re.sub(r"(?<== )_[A-Z_]+", lambda match: repr(constants[match[0]]), arguments)
    text = text.replace("= no_protocol", "= ...")
    # Its short name would be that of our own protocol.
    result = result and result.replace("~asyncio.transports.Transport", "asyncio.Transport")
    return _REASON.sub("str", text), result


def setup(app: Sphinx) -> None:
    """Show public names, as people import them, in place of the private modules."""
    for face in reversed(_FACES):
        module = importlib.import_module(face)
        for name in module.__all__:
            value = getattr(module, name)
            if getattr(value, "__module__", "").startswith("usersmanager"):
                # autodoc looks up annotations in the module that it is given.
                vars(module).update(vars(sys.modules[value.__module__]) | vars(module))
                value.__module__ = face
            if hasattr(value, "check_library"):
                # autodoc would show the arguments of `__new__`, which takes any.
                value.__signature__ = inspect.signature(value, eval_str=True)
    for alias in (Flow, Proceed, Effect):
        hidden = getattr(usersmanager.plugins, alias.__name__)
        alias.__module__ = "usersmanager.plugins"
        for module in list(sys.modules.values()):
            if vars(module).get(alias.__name__) is hidden:
                setattr(module, alias.__name__, alias)
    app.connect("autodoc-process-signature", simplify_signature)
