"""What every test stands on: dummy credentials, no metadata service, and emulators as strict as AWS."""

from __future__ import annotations

import os

import hypothesis

for name, value in {
    "AWS_ACCESS_KEY_ID": "123456789012",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "1",
}.items():
    os.environ[name] = value
for name in [name for name in os.environ if name.startswith(("AWS_ENDPOINT_URL", "NETREFLEX_", "AWS_PROFILE"))]:
    del os.environ[name]

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")
