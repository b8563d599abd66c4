"""Takes out of `known.toml` what is no longer found, and prints what is found and not listed."""

import sys

from .known import KNOWN, common, dump, findings, listed, without

found, known = findings(), listed()
KNOWN.write_text(dump(common(known, found)), encoding="utf-8")
new = without(found, known)
for check, by_path in new.items():
    for path, each in by_path.items():
        sys.stdout.write(f"{check}: {path}: {', '.join(each)}\n")
sys.exit(1 if new else 0)
