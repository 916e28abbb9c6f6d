"""The command line with the recipe for tests among its protocols: python -m tests.app.smoke properties ...

With NO_PROGRAMS set, programs are looked for where there are none. With FILE_LIMIT set, no file of the command or of
its programs may grow beyond so many bytes.
"""

import os
import resource
import sys
from functools import partial

from polyloop.app.cli.main import run
from polyloop.simulate import protocols
from polyloop.simulate.md.protocols.recipes import SMOKE
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.estimates import PROPERTIES, SHARED_ERRORS

# At import, so that worker processes, which import the main module, know it too.
protocols.PROTOCOLS.add(SMOKE.protocol_id, protocols.Protocol(
    SMOKE.name, SMOKE.version, "smoke", PROPERTIES, "seconds", SMOKE.description,
    partial(workflow.simulate_polymer, SMOKE.protocol_id), partial(workflow.check_scope, SMOKE.protocol_id),
    conditions=("temperature", "pressure"), shared_errors=SHARED_ERRORS,
))  # fmt: skip

if os.environ.get("NO_PROGRAMS"):
    sys.prefix = os.environ["PATH"] = "/nowhere"

if limit := os.environ.get("FILE_LIMIT"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))

if __name__ == "__main__":
    run()
