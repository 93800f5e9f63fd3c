"""`scripts/bench --torch`: the lab next to PyTorch on the same work, and next to OpenBLAS alone.

PyTorch is installed into .build/bench-torch and nowhere else. Both sides take turns, so that a change
in the machine's load meets both; the ratio is PyTorch's median over the lab's.
"""

import ctypes
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(ROOT, ".build", "release", "lab")
VENV = os.path.join(ROOT, ".build", "bench-torch")
TORCH = "torch==2.13.0"
THREADS = 2

# name, blueprint, sizes, runs of the lab and of PyTorch in a turn, the ratio to reach
WORK = [
    ("vit-b-16", "vit-b-16", [], 5, 5, 1.0),
    ("moe", "moe.yaml", [], 9, 5, 1.0),
    ("selective-scan", "selective-scan.yaml", [], 15, 2, 80),
    ("mamba", "mamba.yaml", [], 9, 2, 4),
    ("mamba2", "mamba2.yaml", [], 9, 3, 2.2),
    ("window", "window.yaml", [], 9, 2, 12),
    ("causal", "causal.yaml", [], 5, 2, 1.0),
    ("ss2d", "ss2d.yaml", [], 15, 2, 40),
    ("einfft", "einfft.yaml", [], 25, 9, 2),
    ("mamba-130m", "mamba-130m", ["seq=512"], 5, 1, 4),
]


def python(extra=()):
    """The interpreter with PyTorch and the packages of `extra`, installed where they are missing."""
    path = os.path.join(VENV, "bin", "python3")

    def has(names):
        known = [path, "-c", "import " + ", ".join(name.split("==")[0].split("-")[0] for name in names)]
        return os.path.exists(path) and subprocess.run(known, capture_output=True).returncode == 0

    def install(*packages):
        pip = [path, "-m", "pip", "install", "-q", *packages]
        return subprocess.run(pip, stdout=sys.stderr).returncode == 0

    if not has(["torch"]):
        sys.stderr.write(f"bench: installing {TORCH} into .build/bench-torch ...\n")
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        if not install(TORCH + "+cpu", "numpy") and not install(TORCH, "numpy"):
            sys.exit("bench: error: PyTorch could not be installed")
    if extra and not has(extra) and not install(*extra):
        sys.exit(f"bench: error: {', '.join(extra)} could not be installed")
    return path


def lab(blueprint, sizes, runs):
    if blueprint.endswith(".yaml"):
        blueprint = os.path.join(HERE, blueprint)
    command = [LAB, "measure", blueprint, "--runs", str(runs), "--threads", str(THREADS), "--json"]
    if sizes:
        command += ["--at", *sizes]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(answer.stderr)
    return json.loads(answer.stdout)["results"]


def torch(interpreter, name, runs):
    command = [interpreter, os.path.join(HERE, "torch_workloads.py"), name, str(runs), str(THREADS)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[-middle - 1]) / 2


def products(size=1536, runs=9):
    """Milliseconds of one product of square matrices by OpenBLAS itself; None without it."""
    try:
        blas = ctypes.CDLL("libopenblas.so.0")
    except OSError:
        return None
    blas.openblas_set_num_threads(THREADS)
    kind = ctypes.c_float * (size * size)
    a, b, c = kind(*([0.5] * (size * size))), kind(*([0.25] * (size * size))), kind()
    times = []
    for _ in range(runs + 2):
        start = time.perf_counter()
        blas.cblas_sgemm(
            101, 111, 112, size, size, size, ctypes.c_float(1), a, size, b, size, ctypes.c_float(0),
            c, size)
        times.append((time.perf_counter() - start) * 1000)
    return median(times[2:])


def main(arguments):
    rounds = 5
    wanted = [word for word in arguments if not word.startswith("-")]
    interpreter = python()
    results = []
    for name, blueprint, sizes, ours, theirs, reach in WORK:
        if wanted and name not in wanted:
            continue
        own, other, version = [], [], ""
        for _ in range(rounds):
            own.append(lab(blueprint, sizes, ours)[0]["median_ms"])
            answer = torch(interpreter, name, theirs)
            other.append(median(answer["times_ms"]))
            version = answer["version"]
        results.append(
            {
                "name": name, "lab_ms": round(median(own), 2), "torch_ms": round(median(other), 2),
                "ratio": round(median(other) / median(own), 2), "reach": reach, "torch": version,
            }
        )
        row = results[-1]
        if "--json" not in arguments:
            verdict = "reached" if row["ratio"] >= reach else "NOT reached"
            print(
                f"{name:16} lab {row['lab_ms']:9.2f} ms   torch {row['torch_ms']:9.2f} ms   "
                f"ratio {row['ratio']:7.2f}   {verdict}: {reach}", flush=True)
    blas = products()
    if blas is not None and (not wanted or "products" in wanted):
        turns = [(lab("product.yaml", [], 9)[0]["median_ms"], products()) for _ in range(rounds)]
        own, alone = median([a for a, _ in turns]), median([b for _, b in turns])
        results.append({"name": "products", "lab_ms": own, "openblas_ms": alone, "ratio": alone / own, "reach": 0.9})
        if "--json" not in arguments:
            print(f"products 1536³    lab {own:9.2f} ms   OpenBLAS alone {alone:6.2f} ms   ratio {alone / own:7.2f}")
    if not wanted or "memory" in wanted:
        memory = [
            {
                "seq": row["at"]["seq"], "values_bytes": row["planned_bytes"],
                "peak_bytes": row["peak_bytes"],
            }
            for seq in ("4k", "16k", "64k")
            for row in lab("window.yaml", [f"seq={seq}"], 1)
        ]
        results.append({"name": "memory of windowed attention", "at": memory})
        if "--json" not in arguments:
            for row in memory:
                print(
                    f"window at {row['seq']:6}  values {row['values_bytes'] / 2**20:7.1f} MiB   "
                    f"peak {(row['peak_bytes'] or 0) / 2**20:7.1f} MiB")
    if "--json" in arguments:
        print(json.dumps({"schema": 1, "command": "bench", "threads": THREADS, "results": results}, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
