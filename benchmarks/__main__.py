"""Run every benchmark; standard output is JSON lines and nothing else."""

from benchmarks import api, assess, replay, venue

for module in (assess, replay, venue, api):
    for text in module.bench():
        print(text, flush=True)
