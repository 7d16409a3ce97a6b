"""What ``NETREFLEX_POLICY`` names: a place, and perhaps one version of what lies there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """Where the policy lies. ``version`` is empty where the newest one there counts; it may be a label of Parameter Store."""

    where: str
    version: str

    @property
    def outside(self) -> bool:
        """Whether it lies in AWS, where it is read again and again, and not in the bundle."""
        return self.where.startswith(("ssm:", "s3:", "appconfig:"))

    @property
    def fixed(self) -> bool:
        """Whether what is read there can never change.

        A label moves from version to version, and S3 writes over the version ``null`` (Systems Manager user guide, "Working
        with parameter labels"; S3 user guide, "Adding objects to versioning-suspended buckets").
        """
        return self.version.isdigit() if self.where.startswith("ssm:") else self.version not in {"", "null"}


def policy_place(source: str) -> PolicyPlace:
    """The place that the setting names. A name in Parameter Store has no colon, and what follows one there no slash."""
    if source.startswith("ssm:"):
        name, colon, version = source.removeprefix("ssm:").rpartition(":")
        return PolicyPlace(f"ssm:{name}", version) if colon and "/" not in version else PolicyPlace(source, "")
    where, _, version = source.partition("?versionId=") if source.startswith("s3:") else (source, "", "")
    return PolicyPlace(where, version)
