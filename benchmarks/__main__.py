"""Run every benchmark; standard output is JSON lines and nothing else."""

from benchmarks import api, assess, replay, scenarios, store, venue

for module in (assess, scenarios, replay, venue, store, api):
    for text in module.bench():
        print(text, flush=True)
