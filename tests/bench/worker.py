"""One piece of the bench in a process of its own, on one thread: no peer's packages or memory touch another's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .figures import say

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1"}
Job = dict[str, Any]


def run(job: Job, *, patience: float) -> dict[str, Any]:
    """The job's figures, or why there are none under `failed`; `patience` is in seconds."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.worker", json.dumps(job)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, **ONE_THREAD, **OFFLINE, "PYTHONHASHSEED": "0"}
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, cwd=root, env=environment, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        say(f"    given up after {patience / 60:.0f} minutes")
        return {"failed": f"> {patience / 60:.0f} min"}
    if done.returncode:
        return {"failed": "failed"}
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def measure(job: Job) -> dict[str, Any]:
    """Do one job here; each part loads only what it needs."""
    public = Path(job["public"]) if job["public"] else None
    questions, most = [Path(file) for file in job["questions"]], job["most"]
    if job["part"] in ("compile", "dialogue", "path", "keystrokes"):
        from . import product

        if job["part"] == "compile":  # a step of its own, so that no other's time or memory holds it
            product.voice()
            return {}
        if job["part"] == "path":
            return product.path(job["step"], questions, most=most)
        return (product.dialogue if job["part"] == "dialogue" else product.keystrokes)(questions, most=most)
    if job["part"] == "growth":
        from .growth import growth

        return growth(job["peer"], job["size"], public=public, questions=questions, most=most)
    from .trials import trial

    told = trial(job["set"], public=public, questions=questions).thinned(most)
    if job["part"] == "ablation":
        from .ablation import ablation

        return ablation(told, job["without"], most_draws=job["draws"])
    from .compare import compare

    return compare(told, job["peer"], most_draws=job["draws"])


if __name__ == "__main__":
    figures_of_job = measure(json.loads(sys.argv[1]))
    print(json.dumps(figures_of_job))
