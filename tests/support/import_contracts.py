"""Kinds of import contracts that cover every OCPP version, however many there are.

import-linter loads them by the entries of `contract_types` in `pyproject.toml`. Where a contract
says `<versions>`, each package with generated code counts: one that has a module `registry`.
"""

from typing import Any

from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import Layer, LayersContract, ModuleTail
from importlinter.domain.contract import ContractCheck
from importlinter.domain.imports import ModuleExpression

__all__ = ["FacesContract", "RoomsContract", "version_packages"]

_VERSIONS = "<versions>"


def version_packages(modules: set[str], parent: str = "ocppkit") -> list[str]:
    """Returns the names of the packages of versions, without their parent's name.

    Args:
        modules: the full names of all modules.
        parent: the package that holds the versions.
    """
    names = {module.removeprefix(f"{parent}.").split(".")[0] for module in modules}
    return sorted(name for name in names if f"{parent}.{name}.registry" in modules)


class RoomsContract(LayersContract):
    """A `layers` contract in which `<versions>` stands for all versions, independent of each other."""

    type_name = "rooms"

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        """Checks the contract with the versions that the graph has."""
        versions = version_packages(graph.modules)
        layers: Any = self.layers
        self.layers: Any = [_expanded(layer, versions) for layer in layers]
        return super().check(graph, verbose)


class FacesContract(ForbiddenContract):
    """A `forbidden` contract whose source modules are the faces of all versions.

    Its option `source_modules` is `<versions>`.
    """

    type_name = "faces"

    def check(self, graph: Any, verbose: bool) -> ContractCheck:
        """Checks the contract with the versions that the graph has."""
        versions = version_packages(graph.modules)
        self.source_modules: Any = {ModuleExpression(f"ocppkit.{name}") for name in versions}
        return super().check(graph, verbose)


def _expanded(layer: Layer, versions: list[str]) -> Layer:
    tails = {tail for tail in layer.module_tails if tail.name != _VERSIONS}
    if tails != layer.module_tails:
        tails |= {ModuleTail(name) for name in versions}
    return Layer(tails, is_independent=layer.is_independent)
