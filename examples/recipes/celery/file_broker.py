"""A broker of files: `celery -A file_broker`.

The tests need no server.
"""

import os

from tasks import app

folder = os.environ["BROKER_FOLDER"]
app.conf.broker_transport_options = {
    "data_folder_in": folder,
    "data_folder_out": folder,
    "control_folder": folder,
}
