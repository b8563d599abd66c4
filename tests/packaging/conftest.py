"""One build of wheel and sdist for all packaging tests, and one environment for each set of extras."""

import shutil
from pathlib import Path

import pytest

from support.distributions import Built, Environment, build, environment

ROOT = Path(__file__).parents[2]

# What a clone would not have; folders with and without git build the same.
NOISE = shutil.ignore_patterns(".*", "__pycache__", "dist", "node_modules")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The sdist, and the wheel that is built from it."""
    source = tmp_path_factory.mktemp("clean") / "ocppkit"
    shutil.copytree(ROOT, source, ignore=NOISE)
    output = build(source, tmp_path_factory.mktemp("dist"))
    (sdist,), (wheel,) = output.glob("*.tar.gz"), output.glob("*.whl")
    return Built(source, sdist, wheel)


@pytest.fixture(scope="session")
def base(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel as `pip install ocppkit` brings it."""
    return environment(tmp_path_factory.mktemp("base"), str(built.wheel))


@pytest.fixture(scope="session")
def workshop(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel as `pip install 'ocppkit[codegen]'` brings it."""
    return environment(tmp_path_factory.mktemp("workshop"), f"{built.wheel}[codegen]")


@pytest.fixture(scope="session")
def typed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel with all that its public modules import."""
    return environment(
        tmp_path_factory.mktemp("typed"), f"{built.wheel}[aiohttp,nats,otel,pydantic,starlette,ws]"
    )


@pytest.fixture(scope="session")
def terminal(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel as `pip install 'ocppkit[cli]'` brings it."""
    return environment(tmp_path_factory.mktemp("terminal"), f"{built.wheel}[cli]")
