"""Reads the schemas that public projects carry, given checkouts of them.

    python .ci/bundles.py FOLDER        FOLDER holds the checkouts under the names of `PROJECTS`

Each bundle is imported, with the corrections that the generator suggests where it needs some, and
compared with ours. It ends with 1 if one is not there or cannot be read; differences are shown.
Nothing of the bundles is kept.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

PROJECTS = {
    "citrineos-core": {
        "00_Base/src/ocpp/model/1.6/schemas": "1.6",
        "00_Base/src/ocpp/model/2.0.1/schemas": "2.0.1",
    },
    "ocpp-rpc": {
        "lib/schemas/ocpp1_6.json": "1.6",
        "lib/schemas/ocpp2_0_1.json": "2.0.1",
        "lib/schemas/ocpp2_1.json": "2.1",
    },
    "iobroker.ocpp21": {
        "ocpp/schemas/ocpp2_0_1_official.json": "2.0.1",
        "ocpp/schemas/ocpp2_1_official.json": "2.1",
    },
}
"""The bundles by project: where each lies in a checkout, and its OCPP version."""


def main(arguments: list[str]) -> int:
    """Reads all bundles below a folder, and returns the exit status."""
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}")
        return 2
    status = 0
    for project, bundles in PROJECTS.items():
        for path, version in bundles.items():
            bundle = Path(arguments[0], project, path)
            said = read(bundle, version) if bundle.exists() else None
            sys.stdout.write(f"{project}/{path}: {said or 'NOT READ'}\n")
            status = status or int(said is None)
    return status


def read(bundle: Path, version: str) -> str | None:
    """Returns what comparing a bundle with ours says; `None` if it cannot be imported."""
    with tempfile.TemporaryDirectory() as folder:
        corrections = Path(folder, "corrections.toml")
        source = ("schemas", "import", bundle, "--version", version)
        if ocppkit(*source, "--suggest", corrections).returncode:
            return None
        known = ("--corrections", corrections) if corrections.exists() else ()
        imported = ocppkit(*source, "--output", folder, *known)
        if imported.returncode:
            sys.stderr.write(imported.stderr)
            return None
        verified = ocppkit("schemas", "verify", bundle, "--version", version, *known)
        lines = [line for line in verified.stdout.splitlines() if line.startswith("OCPP ")]
        return f"{lines[-1]}{' after corrections' if known else ''}" if lines else None


def ocppkit(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command of the generator."""
    return subprocess.run(
        [sys.executable, "-m", "ocppkit", *arguments], capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
