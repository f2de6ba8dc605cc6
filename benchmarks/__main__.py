"""Run every benchmark; standard output is JSON lines and nothing else."""

from benchmarks import assess, replay, venue

for module in (assess, replay, venue):
    for text in module.bench():
        print(text, flush=True)
