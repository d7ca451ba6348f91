"""Name resolution and TCP connect within one deadline, over every address of a host."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

__all__ = ["dial"]

_Address = tuple[socket.AddressFamily, Any]


def dial(
    host: str, port: int, deadline: float, options: Sequence[tuple[int, int, int | bytes]] = ()
) -> socket.socket:
    """A connected socket whose timeout is what is left until the deadline.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        deadline: in seconds of `time.monotonic()`.
        options: what `setsockopt` is called with.

    Raises:
        TimeoutError: the deadline came first.
        OSError: no address can be resolved or reached.
    """
    failure: OSError = OSError("the host has no address")
    for family, address in _resolve(host, port, deadline):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(_left(deadline))
            sock.connect(address)
            sock.settimeout(_left(deadline))
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline passed while connecting")
    return left


def _resolve(host: str, port: int, deadline: float) -> list[_Address]:
    """Resolves in a thread of its own: the operating system's resolver can't be interrupted.

    A thread that is given up ends when the resolver does.
    """
    if _is_address(host):
        return _look_up(host, port)
    answers: list[list[_Address] | OSError] = []
    done = threading.Event()

    def work() -> None:
        try:
            answers.append(_look_up(host, port))
        except (OSError, UnicodeError):
            answers.append(socket.gaierror())
        finally:
            done.set()

    threading.Thread(target=work, name="usersmanager-resolve", daemon=True).start()
    if not done.wait(_left(deadline)) or not answers:
        raise TimeoutError("the deadline passed while resolving the host")
    (answer,) = answers
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, port: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
