"""cfn-lint over each template: what the resource schemas, IAM and CloudFormation say of it."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

from cfnlint.api import ManualArgs, lint_file

from stack import REGION, Stack

# Nested templates are named by their path until `sam deploy` uploads them; only so can cfn-lint look into them.
_NOT_PACKAGED = "W3002"
# SAM puts some parameters' values where they were referred to; what is used is seen in the template before that.
_FILLED_IN = "W2001"


def findings(stack: Stack) -> Iterator[str]:
    """Errors and warnings, one sentence each."""
    for nested in stack.nested:
        yield from _of(nested.path.name, nested.path)
    with tempfile.TemporaryDirectory() as folder:
        final = Path(folder) / "final.json"
        final.write_text(json.dumps(stack.final, indent=1), encoding="utf-8")
        for nested in stack.nested:
            copy = Path(folder) / nested.path.relative_to(stack.root)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(nested.path, copy)
        yield from _of("final template", final, _FILLED_IN)
    yield from _of("template.yaml", stack.root / "template.yaml")


def _of(name: str, path: Path, *ignored: str) -> Iterator[str]:
    arguments = ManualArgs(regions=[REGION], ignore_checks=[_NOT_PACKAGED, *ignored])
    for match in lint_file(path, config=arguments):
        yield f"{name}: {match.rule.id} {match.message} (line {match.linenumber})"
