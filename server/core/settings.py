"""Every setting of Tessera: read once from the environment, frozen, refused when it makes no sense."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env

NEAR = {"localhost", "127.0.0.1", "[::1]"}
VAR = Path(__file__).resolve().parents[2] / "var"


class UnusableSettings(SystemExit):
    """Raised before anything starts, with a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may decide. ``.env.example`` says each in a sentence; a test compares the two."""

    database_url: str
    public_database_url: str
    secret_key: str
    storage_url: str
    response_name: str
    exercise: bool
    demo: bool
    time_zone: str
    languages: tuple[str, ...]
    operating_area: tuple[float, float, float, float] | None
    legal_profile: str
    secure_cookies: bool
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    emergency_number: str
    public_reports_per_minute: int
    basemap_file: str
    street_tiles: str = ""
    street_credit: str = ""
    satellite_tiles: str = ""
    satellite_credit: str = ""
    offline_form: bool = True
    replica_database_url: str = ""
    public_replica_database_url: str = ""
    replica_lag_s: int = 10
    replication_url: str = ""
    database_folders: tuple[str, ...] = ()
    backup_folder: str = ""
    backup_keys: tuple[str, ...] = ()
    backup_days: int = 30
    drill_database_url: str = ""
    metrics_key: str = ""
    mail_url: str = ""
    mail_from: str = ""
    alarm_to: tuple[str, ...] = ()
    matching_weights: str = ""
    hdx_url: str = ""
    hdx_key: str = ""
    hdx_organisation: str = ""
    hdx_maintainer: str = ""
    testing: bool = False

    @classmethod
    def from_env(cls, env: Env | None = None) -> "Settings":
        """Read the environment; raise UnusableSettings with a sentence when a value cannot be used."""
        env = env or Env()
        settings = cls(
            database_url=env.str("DATABASE_URL", ""),
            public_database_url=env.str("PUBLIC_DATABASE_URL", ""),
            secret_key=env.str("SECRET_KEY", ""),
            storage_url=env.str("STORAGE_URL", (VAR / "storage").as_uri()),
            response_name=env.str("RESPONSE_NAME", "Tessera"),
            exercise=env.bool("EXERCISE", False),
            demo=env.bool("DEMO", False),
            time_zone=env.str("TIME_ZONE", "UTC"),
            languages=tuple(env.list("LANGUAGES", ["en", "uk", "ar", "fr", "es", "ru"])),
            operating_area=_area(env.list("OPERATING_AREA", [], subcast=float)),
            legal_profile=env.str("LEGAL_PROFILE", "NONE"),
            secure_cookies=env.bool("SECURE_COOKIES", True),
            trusted_hosts=tuple(env.list("TRUSTED_HOSTS", [])),
            trusted_proxies=env.int("TRUSTED_PROXIES", 0),
            emergency_number=env.str("EMERGENCY_NUMBER", ""),
            public_reports_per_minute=max(10, env.int("PUBLIC_REPORTS_PER_MINUTE", 300)),
            basemap_file=env.str("BASEMAP_FILE", ""),
            street_tiles=env.str("STREET_TILES", ""),
            street_credit=env.str("STREET_CREDIT", ""),
            satellite_tiles=env.str("SATELLITE_TILES", ""),
            satellite_credit=env.str("SATELLITE_CREDIT", ""),
            matching_weights=env.str("MATCHING_WEIGHTS", ""),
            hdx_url=env.str("HDX_URL", ""),
            hdx_key=env.str("HDX_KEY", ""),
            hdx_organisation=env.str("HDX_ORGANISATION", ""),
            hdx_maintainer=env.str("HDX_MAINTAINER", ""),
            offline_form=env.bool("OFFLINE_FORM", True),
            replica_database_url=env.str("REPLICA_DATABASE_URL", ""),
            public_replica_database_url=env.str("PUBLIC_REPLICA_DATABASE_URL", ""),
            replica_lag_s=env.int("REPLICA_LAG_S", 10),
            replication_url=env.str("REPLICATION_URL", ""),
            database_folders=tuple(env.list("DATABASE_FOLDERS", [])),
            backup_folder=env.str("BACKUP_FOLDER", ""),
            backup_keys=tuple(env.list("BACKUP_KEYS", [])),
            backup_days=env.int("BACKUP_DAYS", 30),
            drill_database_url=env.str("DRILL_DATABASE_URL", ""),
            metrics_key=env.str("METRICS_KEY", ""),
            mail_url=env.str("MAIL_URL", ""),
            mail_from=env.str("MAIL_FROM", ""),
            alarm_to=tuple(env.list("ALARM_TO", [])),
        )
        return settings.checked()

    def checked(self) -> "Settings":
        """Return these settings, or stop the start with a sentence that says what to change."""
        if not self.database_url:
            raise UnusableSettings(
                "DATABASE_URL is not set. Run `make run`, or give the address of a PostGIS database."
            )
        if len(self.secret_key) < 32:
            raise UnusableSettings("SECRET_KEY must have at least 32 characters. `make run` makes one in var/env.")
        if not self.storage_url.startswith(("file:///", "file://localhost/", "s3://")):
            raise UnusableSettings("STORAGE_URL must be file:///an/absolute/folder, or s3://bucket/prefix?endpoint=https://…")
        if self.replica_lag_s < 1 or (self.public_replica_database_url and not self.replica_database_url):
            raise UnusableSettings("REPLICA_LAG_S must be 1 or more, and PUBLIC_REPLICA_DATABASE_URL goes with a REPLICA_DATABASE_URL.")
        if missing := [folder for folder in self.database_folders if not _is_there(folder)]:
            raise UnusableSettings(f"DATABASE_FOLDERS names {', '.join(missing)}, which is no folder that this user can reach on this machine.")
        if not (self.secure_cookies or self.exercise) and set(self.trusted_hosts) - NEAR:
            raise UnusableSettings(
                "SECURE_COOKIES=false lets anybody on the way take over a session, and TRUSTED_HOSTS says that others reach this server. "
                "Serve it over HTTPS and take SECURE_COOKIES out."
            )
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise UnusableSettings(
                f"TIME_ZONE {self.time_zone!r} is not a known time zone, such as Europe/Kyiv."
            ) from None
        return self


def _is_there(folder: str) -> bool:
    try:
        return Path(folder).is_absolute() and Path(folder).is_dir()
    except PermissionError:
        return False


def _area(numbers: list[float]) -> tuple[float, float, float, float] | None:
    if not numbers:
        return None
    if len(numbers) != 4 or numbers[0] >= numbers[2] or numbers[1] >= numbers[3]:
        raise UnusableSettings("OPERATING_AREA must be four numbers: west,south,east,north in degrees.")
    return (numbers[0], numbers[1], numbers[2], numbers[3])


@cache
def settings() -> Settings:
    """The settings of this process, read once. Without DATABASE_URL, what `make run` wrote in var/env counts."""
    env = Env()
    if not env.str("DATABASE_URL", ""):
        env.read_env(VAR / "env", recurse=False)
    return Settings.from_env(env)
