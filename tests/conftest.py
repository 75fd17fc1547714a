import os
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# A first example may pay for compiling a kernel; time is no property of a behaviour.
settings.register_profile("duewatch", deadline=None, print_blob=True)
settings.load_profile("duewatch")

PROJECT = Path(__file__).parent.parent
