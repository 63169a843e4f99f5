"""Whether CloudFormation will take the stack: `python tests/stack/check.py [FOLDER]` prints what it would not.

Without a folder it is this repository's stack. The exit code is 1 when anything is printed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import lint
import permissions
import quotas
import references
from stack import REPOSITORY, Broken, load


def findings(root: Path = REPOSITORY, every_route: bool = True) -> Iterator[str]:
    try:
        stack = load(root, every_route)
    except Broken as error:
        yield str(error)
        return
    yield from references.findings(stack)
    yield from permissions.findings(stack)
    yield from quotas.findings(stack)
    yield from lint.findings(stack)


if __name__ == "__main__":
    found = list(findings(*map(Path, sys.argv[1:])))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
