"""The way from traders to the venue and back: commands get lost, doubled and late, so do answers.

A client knows only what he has heard. What has a client id he sends again until he hears what came
of it, and it must have happened once, whatever was doubled. Commands travel as JSON, keys in any
order; one field that nobody knows and a command is none (laws 4 and 28).
"""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from crossmargin.venue.command import AnyCommand, Deposit
from crossmargin.venue.refusal import Code

LOST, DOUBLED, LATE = 0.15, 0.15, 0.2
ANSWER_LOST = 0.3
WITH_ID = 0.6
STOLEN_ID = 0.05
FREE = (Code.HALTED, Code.QUEUE_FULL)
"""Refusals that are not recorded: the id is free, and is asked again."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyCommand).decode


class Line:
    """All clients' lines.

    Attributes
    ----------
    open : commands whose answers their clients wait for, by account and id.
    heard : answers that were heard, by account and id.
    broken : laws that an answer breaks.
    """

    def __init__(self, swarm):
        self.swarm, self.chance = swarm, swarm.chance("line")
        self.is_bad = "line" in swarm.faults
        self.open, self.heard, self.stolen = {}, {}, []
        self.late = []
        self.count = 0
        self.broken = []

    def arrivals(self, commands):
        """Return what arrives now: of what is sent now, of what was late, of what is sent again."""
        chance = self.chance
        found, self.late = self.late, []
        for command in commands:
            if chance.random() < WITH_ID:
                self.count += 1
                command = replace(command, client_id=f"c{self.count}")
                self.open[command.account, command.client_id] = command
            found += self._travels(command)
        for command in list(self.open.values()):
            if chance.random() < 0.3:
                found += self._travels(command)
        if self.heard and chance.random() < STOLEN_ID:
            found.append(self._stolen())
        return [self._wired(one) for one in found]

    def again(self):
        """Return everything that still waits for an answer; nothing is lost any more."""
        self.is_bad = False
        found, self.late = [*self.late, *self.open.values()], []
        return found

    def answered(self, command, answer, recorded):
        """Take in the answer to a command that arrived; None where there was none.

        Parameters
        ----------
        recorded : the events of every record, by number.
        """
        if answer is None or (self.is_bad and self.chance.random() < ANSWER_LOST):
            return
        code = getattr(answer.events[0], "code", None) if len(answer.events) == 1 else None
        if answer.sequence is not None and recorded.get(answer.sequence) != answer.events:
            self.broken.append(f"law 1: entry {answer.sequence} is answered, and not recorded so")
        if any(command is one for one in self.stolen):
            if answer.sequence is not None or code not in (Code.DUPLICATE_OTHER_CONTENT, *FREE):
                self.broken.append(f"law 4: an id that was used is taken for {command}")
            return
        key = command.account, command.client_id
        if not command.client_id or (answer.sequence is None and code in FREE):
            return
        if answer.sequence is None:
            self.broken.append(f"law 4: {key} is refused, code {code}, and never recorded")
        before = self.heard.setdefault(key, answer)
        if (before.sequence, before.events) != (answer.sequence, answer.events):
            self.broken.append(f"law 4: {key} is answered in two ways")
        self.open.pop(key, None)

    def _travels(self, command):
        chance = self.chance
        if not self.is_bad:
            return [command]
        if chance.random() < LOST:
            return []
        copies = [command] * (2 if chance.random() < DOUBLED else 1)
        if chance.random() < LATE:
            self.late += copies
            return []
        return copies

    def _stolen(self):
        # Somebody uses an id again, for something else.
        account, client_id = self.chance.choice(sorted(self.heard))
        amount = Decimal(1 + len(self.stolen))
        command = Deposit(
            at_ms=0, account=account, client_id=client_id, asset="stolen", amount=amount
        )
        self.stolen.append(command)
        return command

    def _wired(self, command):
        text = _encode(command)
        fields = list(msgspec.json.decode(text).items())
        self.chance.shuffle(fields)
        if _encode(_decode(_encode(dict(fields)))) != text:
            self.broken.append(f"law 28: {text} is another command with its keys in another order")
        try:
            _decode(_encode(dict([*fields, ("nobody_knows", 1)])))
        except msgspec.ValidationError:
            return command
        self.broken.append(f"law 28: {text} with a field that nobody knows is a command")
        return command
