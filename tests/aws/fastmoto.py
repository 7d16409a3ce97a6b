"""Makes thousands of small moto worlds cheap. Import it before the first boto3 client; strict_moto does.

1. moto loads no default AMIs into every new EC2 backend.
2. All botocore sessions share one data loader, so the JSON of a service is parsed once per process and not once per
   session. Measured on a handler that assumes two roles: 0.8 to 1.2 s without, 0.06 to 0.12 s with it.
3. The methods of a service's client (EC2 has 700) are made once per process. Halves what a client costs.
4. All SNS subscriptions of the process sign with one key: an RSA key takes 40 ms, and nobody checks the signatures.
"""

from __future__ import annotations

import functools
import os
from typing import Any

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")

import botocore.client
import botocore.loaders
import botocore.session
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.sns.models import Subscription

_shared_loader = botocore.loaders.create_loader(None)


def _register_shared_loader(self: botocore.session.Session) -> None:
    self._components.register_component("data_loader", _shared_loader)  # type: ignore[attr-defined]


botocore.session.Session._register_data_loader = _register_shared_loader  # type: ignore[attr-defined]

_create_methods = botocore.client.ClientCreator._create_methods  # type: ignore[attr-defined]
_methods: dict[str, dict[str, Any]] = {}


def _create_methods_once(self: botocore.client.ClientCreator, service_model: object) -> dict[str, Any]:
    name = service_model.service_name  # type: ignore[attr-defined]
    if name not in _methods:
        _methods[name] = _create_methods(self, service_model)
    return dict(_methods[name])


botocore.client.ClientCreator._create_methods = _create_methods_once  # type: ignore[attr-defined]


@functools.cache
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


Subscription.private_key = lambda _: _signing_key()
