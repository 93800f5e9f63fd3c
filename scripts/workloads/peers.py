"""`scripts/bench --peers`: how many architectures a second, next to what people use today.

The others are installed into .build/bench-torch and nowhere else. Tracing profilers run a ViT-B/16;
configuration tools compose a small configuration with two overrides; an optimiser asks for trials that
cost nothing. The lab parses, assembles and profiles the ViT from nothing each time, and sweeps a hybrid.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
PACKAGES = ["fvcore==0.1.5.post20221221", "hydra-core==1.3.2", "optuna==4.5.0", "mmengine==0.10.7"]


def rate(work, count, rounds=3):
    """The median of how many a second, after one round to warm up."""
    rates = []
    for turn in range(rounds + 1):
        start = time.perf_counter()
        work()
        if turn:
            rates.append(count / (time.perf_counter() - start))
    return sorted(rates)[len(rates) // 2]


def tracing():
    import logging
    import torch
    from fvcore.nn import FlopCountAnalysis
    from torch.utils.flop_counter import FlopCounterMode
    from torch_workloads import ViT

    logging.disable(logging.WARNING)

    def fvcore():
        FlopCountAnalysis(ViT().eval(), torch.randn(1, 3, 224, 224)).unsupported_ops_warnings(False).total()

    def counter():
        with torch.device("meta"):
            model, image = ViT().eval(), torch.randn(1, 3, 224, 224)
        with torch.no_grad(), FlopCounterMode(display=False):
            model(image)

    yield "fvcore: build and trace ViT-B/16", rate(fvcore, 1)
    yield "FlopCounterMode on meta: build and run ViT-B/16", rate(counter, 1)


def configurations():
    from hydra import compose, initialize_config_dir
    from mmengine.config import Config

    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/block")
        for block in ("attention", "mamba"):
            with open(f"{folder}/block/{block}.yaml", "w") as file:
                file.write(f"type: {block}\ndim: ${{dim}}\n")
        with open(folder + "/config.yaml", "w") as file:
            file.write("defaults:\n  - block: mamba\n  - _self_\ndim: 768\nlayers: 24\n")
        with initialize_config_dir(version_base=None, config_dir=folder):
            def hydra():
                for layers in range(20):
                    compose("config", overrides=["block=attention", f"layers={layers}"])

            yield "Hydra: compose with two overrides", rate(hydra, 20)
        with open(folder + "/base.py", "w") as file:
            file.write("model = dict(type='hybrid', dim=768, layers=24, mixer=dict(type='mamba'))\n")
        with open(folder + "/one.py", "w") as file:
            file.write("_base_ = './base.py'\nmodel = dict(mixer=dict(_delete_=True, type='attention'))\n")

        def mmengine():
            for _ in range(20):
                Config.fromfile(folder + "/one.py")

        yield "MMEngine: one file with one base", rate(mmengine, 20)


def trials():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def study(count, storage=None):
        study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
        names = ["attention", "mamba", "window", "moe"]
        study.optimize(
            lambda trial: sum(len(trial.suggest_categorical(f"block{i}", names)) for i in range(8)),
            n_trials=count)

    yield "Optuna: free trials in memory", rate(lambda: study(300), 300)
    with tempfile.TemporaryDirectory() as folder:
        databases = iter(range(100))
        yield "Optuna: free trials on SQLite", rate(
            lambda: study(30, f"sqlite:///{folder}/{next(databases)}.db"), 30)


def others():
    for group in (tracing, configurations, trials):
        for name, value in group():
            print(json.dumps([name, value]), flush=True)


def main(arguments):
    from compare import LAB, python

    interpreter = python(PACKAGES)
    bench = [LAB, "bench", "--blueprint", "vit-b-16", "--json"]
    profile, sweep = json.loads(subprocess.run(bench, capture_output=True, check=True).stdout)["results"]
    rows = [
        ("lab: parse, assemble and profile ViT-B/16", 1e3 / profile["median_ms"]),
        ("lab sweep: variants of a 24-layer hybrid", sweep["variants"] * 1e3 / sweep["median_ms"]),
    ]
    answer = subprocess.run(
        [interpreter, __file__, "--others"], stdout=subprocess.PIPE, text=True, check=True)
    rows += [tuple(json.loads(line)) for line in answer.stdout.splitlines() if line.startswith("[")]
    if "--json" in arguments:
        results = [{"name": name, "per_second": round(value, 2)} for name, value in rows]
        print(json.dumps({"schema": 1, "command": "bench", "results": results}, indent=2))
        return
    best = rows[1][1]
    print(f"{'':50} {'a second':>12} {'lab sweep is':>14}")
    for name, value in rows:
        print(f"{name:50} {value:12,.1f} {best / value:13,.0f}x")


if __name__ == "__main__":
    others() if "--others" in sys.argv else main(sys.argv[1:])
