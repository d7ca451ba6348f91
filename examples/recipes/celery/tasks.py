import os
from typing import Any

from celery import Celery, Task
from celery.signals import (
    worker_process_init,
    worker_process_shutdown,
)
from store import save_profile, token_of

from usersmanager import (
    ProviderUnavailableError,
    UnauthorizedError,
    UsersManager,
)

app = Celery("tasks", broker=os.environ["BROKER_URL"])
users: UsersManager


@worker_process_init.connect
def open_manager(**_: Any) -> None:
    global users
    users = UsersManager(os.environ["AUTH0_URL"])


@worker_process_shutdown.connect
def close_manager(**_: Any) -> None:
    users.close()


@app.task(bind=True, max_retries=5)
def refresh_profile(self: Task, user_id: str) -> None:
    try:
        profile = users.get_info(
            token_of(user_id), expected_subject=user_id
        )
    except ProviderUnavailableError as error:
        raise self.retry(
            countdown=error.retry_after or 5
        ) from None
    except UnauthorizedError:
        return  # The user must log in again.
    save_profile(user_id, profile)
