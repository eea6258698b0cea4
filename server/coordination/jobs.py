"""The jobs of this room; ``server/worker.py`` says which event leads to which."""

from server.coordination import aid_jobs, telling_jobs, work_jobs

__all__ = ["aid_jobs", "telling_jobs", "work_jobs"]
