"""What the processes of the tests do: claim, compute for a moment, finish; or claim and be killed."""

import os
import sys
import time
from pathlib import Path

from polyloop.core import Record
from polyloop.store import ClaimOutcome, Store, new_owner
from tests.store.conftest import ask


def compute_all(place: str, number: int, journal: str, go: str) -> None:
    """Claim each of `number` keys, and compute what is granted; write down what was."""
    store, owner = Store(place), new_owner()
    while not Path(go).exists():
        time.sleep(0.001)
    for seed in range(number):
        request = ask(seed=seed)
        if store.claim(request, owner, lease=60).outcome is ClaimOutcome.GRANTED:
            with Path(journal).open("a") as stream:
                stream.write(f"{seed} {os.getpid()}\n")
            time.sleep(0.002)
            store.finish(request, [Record.of_value(request, "density", 0.9)], owner)


def finish_until_killed(place: str, journal: str) -> None:
    """Finish one evaluation after the other, and write each down once its `finish` has returned."""
    store, owner = Store(place), new_owner()
    seed = 0
    while True:
        request = ask(seed=seed)
        store.claim(request, owner)
        store.finish(request, [Record.of_value(request, "density", 0.9)], owner)
        with Path(journal).open("a") as stream:
            stream.write(f"{seed}\n")
        seed += 1


def claim_and_wait(place: str, ready: str) -> None:
    """Claim one key for an hour, and never finish it."""
    store = Store(place)
    store.claim(ask(), new_owner(), lease=3600)
    Path(ready).touch()
    time.sleep(300)


if __name__ == "__main__":
    globals()[sys.argv[1]](*(int(word) if word.isdecimal() else word for word in sys.argv[2:]))
