"""What serves operators and developers is not deployed: Lambda gets the application and what it needs, nothing beside it."""

from __future__ import annotations

import zipfile

from tests.aws.checkout import COPIED
from tests.deploy.conftest import Packaged

STAYS = {"netreflex_cli", "deploy"}  # each stands beside the application in the checkout that is packaged


def test_nothing_of_the_checkout_but_the_application_is_in_the_bundle(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.zip_file) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert "chalicelib" in tops
    assert set(COPIED) >= STAYS
    assert tops & STAYS == set()
