"""Resolve a host and connect to one of its addresses, within one deadline."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from typing import Any

from ..._values.deadline import Deadline
from .resolving import ResolverTimeoutError

__all__ = ["connect_tcp"]

_Address = tuple[socket.AddressFamily, Any]


def connect_tcp(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connected socket, with the remaining time as its timeout.

    Args:
        host: a name, or an IP address without brackets.
        port: the TCP port.
        deadline: of name resolution and connect together.

    Raises:
        TimeoutError: the deadline passed.
        OSError: the host cannot be resolved, or none of its addresses be reached.
    """
    last_error = OSError("the host has no address")
    for family, address in _resolve(host, port, deadline):
        sock = None
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(deadline.remaining_or_raise())
            sock.connect(address)
            sock.settimeout(deadline.remaining_or_raise())
        except BaseException as error:
            if sock is not None:
                sock.close()
            if not isinstance(error, OSError):
                raise
            last_error = error
        else:
            return sock
    try:
        raise last_error
    finally:
        del last_error  # Break the reference cycle.


def _resolve(host: str, port: int, deadline: Deadline) -> list[_Address]:
    """Return the addresses of a host.

    The system's resolver cannot be interrupted, so it runs in a thread, which is abandoned at
    the deadline.
    """
    if _is_address(host):
        return _look_up(host, port)
    results: list[list[_Address] | BaseException] = []
    done = threading.Lock()
    done.acquire()

    def work() -> None:
        try:
            results.append(_look_up(host, port))
        except UnicodeError:  # IDNA cannot encode it.
            results.append(socket.gaierror())
        except BaseException as error:
            results.append(error)
        finally:
            done.release()

    threading.Thread(target=work, name="usersmanager-resolve", daemon=True).start()
    # A lock, because an exception of a signal handler could leave an Event locked.
    if not done.acquire(timeout=deadline.remaining_or_raise()) or not results:
        raise ResolverTimeoutError("the deadline passed while resolving the host")
    result = results.pop()
    if isinstance(result, BaseException):
        try:
            raise result
        finally:
            del result  # Break the reference cycle.
    return result


def _look_up(host: str, port: int) -> list[_Address]:
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in entries]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
