"""wrk as the client: as many requests as come back, over kept connections, pinned to the clients' core."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.lab import Lab, LabError

CONNECTIONS = 16
REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{"requests": %d, "us": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""
IN_TURNS = """
local paths, n = {%(paths)s}, 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n %% #paths + 1])
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: requests a second, and milliseconds of one."""

    per_second: float
    p50_ms: float
    p99_ms: float


def load(lab: Lab, port: int, paths: Sequence[str], seconds: int, accepting: str = "identity") -> Load:
    """Ask for the paths in turns, as often as the server answers.

    Args:
        accepting: what Accept-Encoding says.

    Raises:
        LabError: wrk is missing, or an answer was none of 200.
    """
    script = lab.folder / "wrk.lua"
    listed = ", ".join(f'"{path}"' for path in paths)
    in_turns = IN_TURNS % {"paths": listed} if len(paths) > 1 else ""  # which costs wrk a call of Lua each
    script.write_text(in_turns + REPORT)
    command = [
        _wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script),
        "-H", f"Accept-Encoding: {accepting}", f"http://127.0.0.1:{port}{paths[0]}",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 30, preexec_fn=lambda: _pin(lab)
    )
    if done.returncode:
        raise LabError(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found["errors"] or not found["requests"]:
        raise LabError(f"{found['errors']} of {found['requests']} requests for {paths[0]} failed")
    return Load(1e6 * found["requests"] / found["us"], found["p50_us"] / 1e3, found["p99_us"] / 1e3)


def _pin(lab: Lab) -> None:
    if lab.client_core is not None:
        os.sched_setaffinity(0, {lab.client_core})


def _wrk() -> str:
    found = shutil.which("wrk")
    if found is None:
        raise LabError("wrk is not installed; on Debian: apt-get install wrk")
    return found
