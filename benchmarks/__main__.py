"""Run every benchmark; standard output is JSON lines and nothing else."""

from benchmarks import assess, replay

for module in (assess, replay):
    for text in module.bench():
        print(text, flush=True)
