"""Notes and questions that no one has seen: built from a seed, so that every attempt asks for something else."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

SYLLABLES = (
    "bra", "dor", "fen", "gul", "hesk", "jorn", "kel", "lum", "mev", "nur", "osk", "pell", "quin", "rast", "sorv", "tam", "vik", "wend",
    "yar", "zell", "brun", "dask", "eff", "grim", "hal", "irv", "jutt", "krag", "lom",
)  # fmt: skip
THINGS = (
    "capstan", "fender", "ladder", "bollard", "lantern", "windlass", "gangway", "pump", "hawser", "beacon", "sluice", "slipway rail",
    "fog bell", "tide gauge", "mooring chain", "davit",
)  # fmt: skip
LATE_FACTS = 10
"""How many facts the shorter revisions of the long note have."""


@dataclass(frozen=True)
class Fact:
    """A sentence about an invented place, and the question that it answers."""

    sentence: str
    question: str


@dataclass(frozen=True)
class Note:
    """One note as the editors' system saves it."""

    id: str
    category: str
    sentences: tuple[str, ...]
    revision: int = 1

    def message(self, **more: Any) -> bytes:
        """The body of its message; `more` are further fields, or other values for these."""
        fields = {
            "id": self.id, "category": self.category, "title": "A note of the Trust", "body": " ".join(self.sentences),
            "revision": self.revision, "withdrawn": False,
        }  # fmt: skip
        return json.dumps({**fields, **more}, ensure_ascii=False).encode()

    def withdrawal(self, revision: int) -> bytes:
        """The message that takes it back, without a body."""
        fields = {"id": self.id, "category": self.category, "title": "A note of the Trust", "revision": revision, "withdrawn": True}
        return json.dumps(fields, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Bad:
    """A message that can never be processed. `trace`: words that must not be stored; "" when there are none."""

    name: str
    body: bytes
    trace: str = ""


class Notes:
    """Everything that one attempt sends and asks. `mark` tells attempts apart and is the seed."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self._draw = random.Random(mark)
        self._taken: set[str] = set()
        self.operations, self.people, self.safety = (f"{name}-{mark}" for name in ("operations", "people", "safety"))
        self.archive = f"{self.people}-archive"
        self.elsewhere = f"moved-{mark}"
        self.facts = self._facts(40)
        self.long = Note(self._id("round"), self.operations, self._sentences(self.facts))
        self.background = self._background()
        """Six notes of eight facts in three categories: something else that could be found."""
        self.winch = Winch(self, self._word(), self._word())
        self.awkward = self._awkward()
        """Notes whose ids an item could not have."""
        self.between = [self._note(f"good-{number}", 2) for number in range(4)]
        """Good notes that are sent between bad ones."""
        self.bad = self._bad()
        """One message of each kind that cannot be used."""
        self.traced = [self._note(f"traced-{number}", 3) for number in range(2)]
        """Two notes that are followed through the logs."""

    def _id(self, name: str) -> str:
        return f"probe-{self.mark}-{name}"

    def _word(self) -> str:
        while True:
            word = "".join(self._draw.sample(SYLLABLES, 3)).capitalize()
            if word not in self._taken:
                self._taken.add(word)
                return word

    def _facts(self, count: int) -> list[Fact]:
        found = []
        for _ in range(count):
            place, crew, thing, days = self._word(), self._word(), self._draw.choice(THINGS), self._draw.randint(3, 90)
            found.append(
                Fact(
                    f"At {place} landing the {thing} is inspected every {days} days by the crew of the {crew}, and the entry goes "
                    "into the harbour ledger.",
                    f"How often does the crew of the {crew} inspect the {thing} at {place} landing?",
                )
            )
        return found

    @staticmethod
    def _sentences(facts: list[Fact]) -> tuple[str, ...]:
        return tuple(fact.sentence for fact in facts)

    def _background(self) -> list[Note]:
        places = [f"{name}-{self.mark}" for name in ("tariffs", "history", "weather")]
        return [
            Note(self._id(f"background-{number}"), places[number % 3], self._sentences(self._facts(8))) for number in range(6)
        ]

    def shorter(self, revision: int, first: int, category: str = "") -> Note:
        """The long note in a later revision: ten of its facts, from number `first` on."""
        chosen = self.facts[first : first + LATE_FACTS]
        return Note(self.long.id, category or self.long.category, self._sentences(chosen), revision)

    def _awkward(self) -> list[Note]:
        ids = [
            f"probe-{self.mark} winch/dry dock #3?",
            f"probe-{self.mark}-Überholung\\12",
            f"probe-{self.mark}-".ljust(120, "x"),
        ]
        return [Note(one, self.safety, self._sentences(self._facts(2))) for one in ids]

    def _bad(self) -> list[Bad]:
        found = [Bad("not JSON", f"probe {self.mark} {{not json".encode())]
        inside = self._note("bad-array", 2)
        found.append(Bad("a JSON array", json.dumps([json.loads(inside.message())]).encode(), inside.sentences[0]))
        without = json.loads(self._note("bad-no-body", 2).message())
        del without["body"]
        found.append(Bad("body missing", json.dumps(without).encode(), without["id"]))
        for name, body in (("body empty", ""), ("body only blanks", " \t\n ")):
            note = self._note(f"bad-{name.replace(' ', '-')}", 2)
            found.append(Bad(name, note.message(body=body), note.id))
        note = self._note("bad-body-list", 2)
        found.append(Bad("body of the wrong type", note.message(body=list(note.sentences)), note.sentences[0]))
        note = self._note("bad-id-number", 2)
        found.append(Bad("id of the wrong type", note.message(id=self._draw.randint(10_000, 99_999)), note.sentences[0]))
        return found

    def _note(self, name: str, facts: int) -> Note:
        return Note(self._id(name), self.safety, self._sentences(self._facts(facts)))

    @property
    def quote(self) -> str:
        """A category that would mean something if it became part of a query's text."""
        return f"{self.people}' OR 1=1 --"

    @property
    def everything(self) -> list[Note]:
        """All notes that may have been stored."""
        return [self.long, *self.background, *self.winch.all, *self.awkward, *self.between, *self.traced]


class Winch:
    """One winch in many notes: twelve on how it is run, three on who may, three older ones that are nearer to the question."""

    def __init__(self, notes: Notes, name: str, place: str) -> None:
        self.question = f"Who may work at the {name} winch at {place}?"
        draw = notes._draw
        chores = (
            "greased", "painted", "measured", "photographed", "rinsed", "covered", "wound back", "weighed", "balanced", "oiled", "locked",
            "lit at night",
        )  # fmt: skip
        self.operations = [
            Note(
                notes._id(f"winch-{number}"), notes.operations,
                (f"Who may work at the {name} winch at {place} is asked before it is {chore}, {draw.randint(2, 30)} times a year.",),
            )
            for number, chore in enumerate(chores)
        ]  # fmt: skip
        self.people = [
            Note(
                notes._id(f"hands-{number}"), notes.people,
                (f"The list in shed {draw.randint(2, 90)} names {notes._word()} of the {shift} shift for the {name} lever.",),
            )
            for number, shift in enumerate(("early", "late", "night"))
        ]  # fmt: skip
        self.archive = [
            Note(
                notes._id(f"old-hands-{number}"), notes.archive,
                (f"At the {name} winch at {place} {notes._word()} may work.",),
            )
            for number in range(3)
        ]  # fmt: skip

    @property
    def withdrawn(self) -> Note:
        """The one that is taken back."""
        return self.operations[4]

    @property
    def all(self) -> list[Note]:
        """All of them."""
        return [*self.operations, *self.people, *self.archive]
