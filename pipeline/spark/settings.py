"""Where the cluster is and how its executors find this package."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

# Words in the name of a setting whose value is nobody's to read; a file of such is no secret.
SECRETS = ("secret", "password", "token", "credential", "access.key", "accesskey")


class Spark(BaseModel):
    """The Spark cluster of ``scoring.engine: spark``.

    Attributes:
        master: Its URL: ``spark://host:7077``, ``yarn``, ``k8s://https://host:6443``; the default
            is what spark-submit or ``spark-defaults.conf`` says.
        conf: Spark's own settings by name, such as ``spark.executor.memory: 4g``. Secrets belong
            in the ``spark-defaults.conf`` of ``SPARK_CONF_DIR``.
        python: The Python that executors run, with this package; the default is the one of the
            archive, else the path of the Python that runs here.
        archive: A packed environment with this package (venv-pack, conda-pack), which every
            executor unpacks; needed where the package is not installed.
        wait_seconds: How long to wait for the cluster to answer and to lend an executor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    master: str | None = None
    conf: dict[str, str | int | float | bool] = {}
    python: str | None = None
    archive: str | None = None
    wait_seconds: int = Field(default=120, ge=1, le=86_400)

    @field_validator("conf")
    @classmethod
    def _are_no_secrets(
        cls, conf: dict[str, str | int | float | bool]
    ) -> dict[str, str | int | float | bool]:
        for name in conf:
            if not name.startswith("spark."):
                raise ValueError(f"{name} is no setting of Spark; its names begin with spark.")
            if any(word in name.lower() for word in SECRETS) and not name.endswith("File"):
                raise ValueError(
                    f"{name} would be kept with every run; set it in spark-defaults.conf"
                )
        return conf

    def texts(self) -> dict[str, str]:
        """Return Spark's own settings as Spark takes them.

        >>> Spark(conf={"spark.speculation": True, "spark.task.cpus": 2}).texts()
        {'spark.speculation': 'true', 'spark.task.cpus': '2'}
        """
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.conf.items()
        }
