"""A configuration in ministack's AppConfig: versions that AppConfig hosts itself, each deployed to everybody at once."""

from __future__ import annotations

from tests.aws.local import LocalAws


class HostedConfiguration:
    """The profile ``policy`` of an application of its own, in the environment ``prod``."""

    def __init__(self, aws: LocalAws, application: str) -> None:
        self.source = f"appconfig:{application}/prod/policy"
        self._client = aws.client("appconfig")
        made = self._client.create_application(Name=application)["Id"]
        environment = self._client.create_environment(ApplicationId=made, Name="prod")["Id"]
        profile = self._client.create_configuration_profile(ApplicationId=made, Name="policy", LocationUri="hosted")
        # Those that AppConfig brings along bake for ten minutes, and nothing else is deployed meanwhile.
        at_once = {"DeploymentDurationInMinutes": 0, "FinalBakeTimeInMinutes": 0, "GrowthFactor": 100}
        strategy = self._client.create_deployment_strategy(Name=application, ReplicateTo="NONE", **at_once)
        self._profile = {"ApplicationId": made, "ConfigurationProfileId": profile["Id"]}
        self._goes_to = {"EnvironmentId": environment, "DeploymentStrategyId": strategy["Id"]}

    def deploy(self, text: str) -> None:
        """Let a text be the newest."""
        content = {"Content": text.encode(), "ContentType": "application/x-yaml"}
        version = self._client.create_hosted_configuration_version(**self._profile, **content)["VersionNumber"]
        deployed = {**self._profile, **self._goes_to, "ConfigurationVersion": str(version)}
        assert self._client.start_deployment(**deployed)["State"] == "COMPLETE"
