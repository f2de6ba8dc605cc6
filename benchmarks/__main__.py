"""Run every benchmark; standard output is JSON lines and nothing else."""

from benchmarks import api, assess, derisk, replay, risk, scenarios, store, venue

for module in (assess, scenarios, risk, derisk, replay, venue, store, api):
    for text in module.bench():
        print(text, flush=True)
