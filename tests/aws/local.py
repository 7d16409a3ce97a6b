"""LocalAws: both emulators on free ports of 127.0.0.1, started together and never left behind.

::

    with LocalAws() as aws:
        aws.client("ec2", account="111122223333").create_vpc(CidrBlock="10.16.0.0/16")
        subprocess.run([...], env={**os.environ, **aws.environment})

moto (strict, ``tests.aws.moto_server``) plays EC2, STS, Service Quotas, Route 53, load balancers, ACM, CloudFront and
Organizations; ministack plays all the rest and runs the Lambdas. An account is chosen by its number as the access key,
which both understand; keys from AssumeRole work on moto. Each run has its own ports and its own temporary directory,
so two runs may coexist. Nothing of the caller's AWS configuration gets in: no profile, no credentials, no endpoint.

With ``enforcing=True`` IAM is in force: ministack judges every call by the caller's policies, each function has its own role's
credentials, and STS is ministack's too. An account's number is its root then. It is reached over TLS, as the queues demand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import botocore.config
import botocore.loaders
import botocore.session
from botocore.client import BaseClient

from tests.aws.gateway_tls import write_certificate
from tests.aws.reach import answers, free_port

ROOT = Path(__file__).resolve().parents[2]
HUB = "123456789012"
REGION = "eu-west-1"

_ON_MOTO = {  # boto3's name of a service -> the SDK's name of it in AWS_ENDPOINT_URL_<name>
    "ec2": "EC2",
    "sts": "STS",
    "service-quotas": "SERVICE_QUOTAS",
    "route53": "ROUTE_53",
    "elbv2": "ELASTIC_LOAD_BALANCING_V2",
    "elb": "ELASTIC_LOAD_BALANCING",
    "acm": "ACM",
    "cloudfront": "CLOUDFRONT",
    "organizations": "ORGANIZATIONS",
}
_LEASH = Path(__file__).with_name("leash.py")
_STS_FILE = "sts.url"  # where moto finds who gave out the sessions that it does not know
_BOOT_SECONDS = 60.0
_POLL_SECONDS = 0.05
_PORT_ATTEMPTS = 3


class LocalAwsError(Exception):
    """The local AWS did not start; the text says why and shows the end of the log."""


def cloud_python(root: Path = ROOT) -> Path:
    """The interpreter that ministack and the Lambdas run in."""
    python = root / ".venv-cloud" / "bin" / "python"
    if not python.exists():
        raise LocalAwsError(f"{python} is missing: run `make setup`")
    return python


class LocalAws:
    """The local AWS of one run; use it as a context manager, or ``start`` and ``stop`` it."""

    def __init__(self, *, region: str = REGION, hub: str = HUB, enforcing: bool = False) -> None:
        self.region, self.hub, self.enforcing = region, hub, enforcing
        self._on_moto = {name: own for name, own in _ON_MOTO.items() if not (enforcing and name == "sts")}
        self._tls: dict[str, str] = {}
        self.moto_url = self.ministack_url = ""
        self.directory = Path()
        self._children: list[subprocess.Popen[bytes]] = []
        self._clients: dict[tuple[str, str, str], BaseClient] = {}
        self._loader = botocore.loaders.create_loader(None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="netreflex-aws-"))
        try:
            if self.enforcing:
                certificate, key = map(str, write_certificate(self.directory))
                self._tls = {"USE_SSL": "1", "MINISTACK_SSL_CERT": certificate, "MINISTACK_SSL_KEY": key}
            self._start_moto()
            self._start_ministack()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End both emulators with all they started, and remove their data."""
        for child in self._children:
            child.stdin.close()  # type: ignore[union-attr]
        for child in self._children:
            child.wait(30)
        self._children.clear()
        self._clients.clear()
        if self.directory != Path():
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = Path()

    # ---- for those who call AWS ------------------------------------------------------------------------------------
    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to find this AWS and no other."""
        return {
            "AWS_ENDPOINT_URL": self.ministack_url,
            **{f"AWS_ENDPOINT_URL_{name}": self.moto_url for name in self._on_moto.values()},
            **({"AWS_CA_BUNDLE": self._tls["MINISTACK_SSL_CERT"]} if self._tls else {}),
            "AWS_ACCESS_KEY_ID": self.hub,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def client(self, service: str, account: str | None = None, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's clients have no common type
        """A client of the account (the hub's by default) in the Region (the main one by default)."""
        key = (service, account or self.hub, region or self.region)
        if key not in self._clients:
            self._clients[key] = self._make_client(*key)
        return self._clients[key]

    def impatient_client(self, service: str) -> Any:  # noqa: ANN401 - see above
        """A client of its own in the hub, that tries everything once."""
        return self._make_client(service, self.hub, self.region, {"total_max_attempts": 1})

    def _make_client(self, service: str, account: str, region: str, retries: Any = None) -> BaseClient:  # noqa: ANN401
        own_settings = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        session = botocore.session.Session(session_vars=own_settings)
        session.register_component("data_loader", self._loader)
        return session.create_client(
            service,
            region_name=region,
            endpoint_url=self.moto_url if service in self._on_moto else self.ministack_url,
            verify=self._tls.get("MINISTACK_SSL_CERT"),
            aws_access_key_id=account,
            aws_secret_access_key="local",
            config=botocore.config.Config(connect_timeout=5, read_timeout=60, proxies={}, retries=retries),
        )

    # ---- the emulators ---------------------------------------------------------------------------------------------
    def _start_moto(self) -> None:
        port_file = self.directory / "moto.port"
        command = [sys.executable, "-m", "tests.aws.moto_server", str(port_file)]
        settings = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "PYTHONPATH": str(ROOT)}
        if self.enforcing:
            command.append(str(self.directory / _STS_FILE))
            settings |= self.environment
        child = self._run("moto", command, settings)
        self._wait("moto", child, port_file.exists)
        self.moto_url = f"http://127.0.0.1:{port_file.read_text()}"

    def _start_ministack(self) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            port = free_port()
            self.ministack_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
            child = self._run("ministack", [str(cloud_python()), "-m", "ministack"], self._ministack_settings(port))
            try:
                self._wait("ministack", child, self._ministack_answers)
            except LocalAwsError:
                if attempt == _PORT_ATTEMPTS - 1 or child.poll() is None:
                    raise
                self._children.remove(child)  # somebody else was faster to take the port
            else:
                (self.directory / _STS_FILE).write_text(self.ministack_url)
                return

    def _ministack_answers(self) -> bool:
        return answers(f"{self.ministack_url}/_ministack/health", self._tls.get("MINISTACK_SSL_CERT"))

    def _ministack_settings(self, port: int) -> dict[str, str]:
        return {
            **self.environment,  # the Lambdas inherit it
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.hub,
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",
            "PYTHONDONTWRITEBYTECODE": "1",  # each Lambda has a fresh copy of the code and loads it once
            "AUTH": str(self.enforcing).lower(),
            "CLOUDTRAIL_RECORDING": "1" if self.enforcing else "0",
            **self._tls,
            "S3_DATA_DIR": str(self.directory / "s3"),
            "STATE_DIR": str(self.directory / "state"),
        }

    def _run(self, name: str, command: list[str], settings: dict[str, str]) -> subprocess.Popen:  # type: ignore[type-arg]
        temporary = self.directory / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.directory),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        with (self.directory / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603 - our own programs
                [sys.executable, "-I", str(_LEASH), str(self.directory), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
                start_new_session=True,
            )
        self._children.append(child)
        return child

    def _wait(self, name: str, child: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _BOOT_SECONDS
        while not ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise LocalAwsError(f"{name} did not start:\n{self.log(name)[-2000:]}")
            time.sleep(_POLL_SECONDS)

    def log(self, name: str) -> str:
        """What ``moto`` or ``ministack`` wrote so far."""
        return (self.directory / f"{name}.log").read_text(errors="replace")
