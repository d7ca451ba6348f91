"""Name resolution and TCP connect within one deadline, over every address of a host."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from ..._values.deadline import Deadline

__all__ = ["connect_tcp"]

_Address = tuple[socket.AddressFamily, Any]
_NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)


def connect_tcp(
    host: str,
    port: int,
    deadline: Deadline,
    options: Sequence[tuple[int, int, int | bytes]] = _NODELAY,
) -> socket.socket:
    """Return a connected socket whose timeout is what is left until the deadline.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        deadline: by when it must be connected.
        options: what `setsockopt` is called with.

    Raises:
        TimeoutError: the deadline came first.
        OSError: no address can be resolved or reached.
    """
    failure: OSError = OSError("the host has no address")
    for family, address in _resolve(host, port, deadline):
        sock = None
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            for option in options:
                sock.setsockopt(*option)
            sock.settimeout(deadline.remaining_or_raise())
            sock.connect(address)
            sock.settimeout(deadline.remaining_or_raise())
        except BaseException as error:
            if sock is not None:
                sock.close()
            if not isinstance(error, OSError):
                raise
            failure = error
        else:
            return sock
    try:
        raise failure
    finally:
        del failure  # Break the reference cycle.


def _resolve(host: str, port: int, deadline: Deadline) -> list[_Address]:
    """Resolve in a separate thread: the operating system's resolver can't be interrupted.

    A thread that is given up ends when the resolver does.
    """
    if _is_address(host):
        return _look_up(host, port)
    answers: list[list[_Address] | BaseException] = []
    done = threading.Lock()
    done.acquire()

    def work() -> None:
        try:
            answers.append(_look_up(host, port))
        except UnicodeError:  # IDNA can't encode it.
            answers.append(socket.gaierror())
        except BaseException as error:
            answers.append(error)
        finally:
            done.release()

    threading.Thread(target=work, name="usersmanager-resolve", daemon=True).start()
    # A lock, not an Event, which an interruption could leave locked.
    if not done.acquire(timeout=deadline.remaining_or_raise()) or not answers:
        raise TimeoutError("the deadline passed while resolving the host")
    answer = answers.pop()
    if isinstance(answer, BaseException):
        try:
            raise answer
        finally:
            del answer  # Break the reference cycle.
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
