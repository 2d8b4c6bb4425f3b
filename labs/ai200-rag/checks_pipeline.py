"""What the app does with notes and questions, judged by sending and asking what no one has seen before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from azlabs.verify import CannotJudge, CheckFailed, Evidence, LabView, check, expect, guard, waits_for

from .probe_notes import LATE_FACTS, Note
from .probe_run import Followed, Found, Item, Said, host_of, run_of
from .shared import Trust, wait_for_roles

SECONDS = 600
LONGEST_TEXT = 1200
MAY_MISS = 2
LOG = "The app's log says what happened: azlabs logs."


def _run(lab: LabView, *lanes: str) -> Found:
    """The run of this attempt; the check fails when no note came through it, and cannot judge what broke in `lanes`."""
    if not Trust(lab).stores():
        waits_for("vector-store", "Passages need a container with a vector policy.")
    found = run_of(lab)
    if found.problem:
        wait_for_roles(Trust(lab))
        raise CheckFailed(Evidence(found.problem, "Notes are taken and processed", fix=LOG))
    for lane in lanes:
        if lane in found.failures:
            raise found.failures[lane]
    return found


def _items(found: Found, step: str) -> list[Item]:
    """What the container held after a step; the check fails when the step did not come to an end."""
    if step not in found.items:
        if found.late:
            raise CannotJudge("The app did not come to the end of the notes in time.", action="Verify again when there is less to do.")
        stuck = ", ".join(found.stuck.get(step, [])[:3]) or "an earlier step"
        raise CheckFailed(Evidence(f"Still in the queue: {stuck}", "Every note is processed", fix=LOG))
    return found.items[step]


def _passages(items: Iterable[Item], note: Note) -> list[Item]:
    """The passages of a note: items with a vector that hold one of its sentences whole."""
    return [one for one in items if one.vector is not None and any(one.text_with(sentence) for sentence in note.sentences)]


def _missing(items: Iterable[Item], note: Note) -> list[str]:
    passages = _passages(items, note)
    return [sentence for sentence in note.sentences if not any(one.text_with(sentence) for one in passages)]


def _expect_all(items: Sequence[Item], *notes: Note, what: str) -> None:
    for note in notes:
        missing = _missing(items, note)
        expect(
            not missing,
            found=f"{len(note.sentences) - len(missing)} of {len(note.sentences)} sentences of {note.id[:60]} {what}"
            + (f"; missing: {missing[0][:60]}..." if missing else ""),
            expected="Each sentence whole in at least one passage with a vector",
            fix="Look at where the text is cut, and whether every passage gets its vector. " + LOG,
        )


def _expect_none(items: Sequence[Item], note: Note, sentences: Sequence[str], what: str, fix: str) -> None:
    left = [one for one in _passages(items, note) if any(one.text_with(sentence) for sentence in sentences)]
    expect(not left, found=f"{len(left)} passages {what}", expected="None of them", fix=fix)


@check("ingest", points=6, acts=True, seconds=SECONDS)
def notes_become_passages(lab: LabView) -> None:
    """Every sentence of a note stands whole in a passage of at most 1,200 characters that has a vector of the right length."""
    found = _run(lab, "long")
    items = _items(found, "first")
    if not any(_passages(items, note) for note in found.notes.everything):
        wait_for_roles(Trust(lab))
    _expect_all(items, found.notes.long, *found.notes.background, what="are in the container")
    wanted = found.store.vector.dimensions
    for note in (found.notes.long, *found.notes.background):
        for one in _passages(items, note):
            longest = max(len(one.text_with(sentence)) for sentence in note.sentences)
            expect(longest <= LONGEST_TEXT, found=f"A passage of {longest} characters", expected=f"At most {LONGEST_TEXT:,}")
            size = len(one.vector or ())
            expect(
                size == wanted and any(one.vector or ()),
                found=f"A vector of {size} numbers",
                expected=f"{wanted}, as the policy of {found.store.name} says",
                fix="Ask the model for the dimensions of the policy.",
            )


@check("ingest", points=4, acts=True, seconds=SECONDS)
def sending_again_changes_nothing(lab: LabView) -> None:
    """The same note sent twice more leaves the passages as they are."""
    found = _run(lab, "long")
    before, after = (_contents(_passages(_items(found, step), found.notes.long)) for step in ("first", "again"))
    expect(sum(before.values()) > 0, found="No passage of the note is there", expected="The passages of the note")
    expect(
        before == after,
        found=f"{sum(before.values())} passages, after sending the note again {sum(after.values())}"
        + (" with other contents" if before != after and sum(before.values()) == sum(after.values()) else ""),
        expected="The same ones",
        fix="A repeat has to land on what is there.",
    )


def _contents(passages: Iterable[Item]) -> Counter[str]:
    """The texts of passages: ids and time stamps may change."""
    return Counter(max(one.texts, key=len) for one in passages)


@check("ingest", points=6, acts=True, seconds=SECONDS)
def the_newest_revision_counts(lab: LabView) -> None:
    """A newer revision replaces the older one entirely, a late one is ignored, a withdrawn note disappears."""
    found = _run(lab, "long", "winch")
    notes = found.notes
    _expect_all(_items(found, "first"), notes.long, what="are in the container")
    sentences = notes.long.sentences
    for step, what in (("shorter", "of the longer revision are left"), ("late", "came back with a revision that is older")):
        items = _items(found, step)
        _expect_all(items, notes.shorter(2, 0), what=f"are there after revision 2 ({step})")
        _expect_none(items, notes.long, sentences[LATE_FACTS:], what, "Compare revisions as numbers, and delete what is left over.")
    moved = notes.shorter(10, 20, notes.elsewhere)
    items = _items(found, "moved")
    _expect_all(items, moved, what="are there after revision 10")
    others = [one for one in sentences if one not in moved.sentences]
    _expect_none(items, notes.long, others, "of revisions before the tenth are left", "Revision 10 is newer than revision 9.")
    old = [one for one in _passages(items, moved) if notes.elsewhere not in one.texts or notes.long.category in one.texts]
    expect(not old, found=f"{len(old)} passages in the old category", expected="All of them in the new one")
    winch = notes.winch
    gone = _items(found, "withdrawn")
    _expect_all(_items(found, "withdrawn"), *(one for one in winch.all if one is not winch.withdrawn), what="are there")
    _expect_none(
        gone, winch.withdrawn, winch.withdrawn.sentences, "of a withdrawn note are left", "A withdrawal comes without a body."
    )


@check("ingest", points=2, acts=True, seconds=SECONDS)
def ids_of_any_kind_come_back_unchanged(lab: LabView) -> None:
    """Ids with slashes, signs and 120 characters are kept as they are."""
    found = _run(lab, "awkward")
    items = _items(found, "awkward")
    for note in found.notes.awkward:
        _expect_all(items, note, what="are in the container")
    for number, note in enumerate(found.notes.awkward):
        said = found.answers.get(f"awkward {number}")
        stored = all(note.id in one.texts for one in _passages(items, note))
        told = said is not None and any(one.get("documentId") == note.id for one in said.results)
        expect(
            stored or told,
            found=f"The id {note.id[:60]} is {'' if stored or told else 'not '}to be found as it was sent",
            expected="The document's id, unchanged",
            fix="Item ids forbid some characters; the document's own id belongs into a property of its own.",
        )


@check("ingest", points=2, acts=True, seconds=SECONDS)
def each_note_is_one_partition(lab: LabView) -> None:
    """The passages of a note form one logical partition, and no two notes share one."""
    found = _run(lab, "long")
    items = _items(found, "first")
    owners: dict[object, str] = {}
    for note in (found.notes.long, *found.notes.background):
        keys = {one.partition for one in _passages(items, note)}
        expect(len(keys) == 1, found=f"{len(keys)} partitions for one note", expected="One for each note")
        (key,) = keys
        other = owners.setdefault(key, note.id)
        told = f"{len(owners)} partitions for as many notes" if other == note.id else f"Two notes share the partition {key}"
        expect(other == note.id, found=told, expected="A partition for each note")


def _searched(lab: LabView) -> Found:
    """The run, where questions could be asked and passages be found."""
    found = _run(lab, "long", "winch")
    if found.token_problem is not None:
        raise found.token_problem
    items = found.items.get("first", [])
    if not any(_passages(items, note) for note in (found.notes.long, *found.notes.background)):
        waits_for("ingest", "There are no passages that could be found.")
    return found


def _expect_ok(said: Said | None, what: str) -> Said:
    status = said.status if said is not None else 0
    if said is None or status != 200:
        why = f": {said.text[:120]}" if said is not None and said.text else ""
        raise CheckFailed(Evidence(f"{what}: {status or 'not answered'}{why}", "200", fix=LOG))
    return said


@check("search", points=5, acts=True, seconds=SECONDS)
def facts_are_found(lab: LabView) -> None:
    """Of forty facts of a long note at most two are missing from the five passages that their question brings."""
    found = _searched(lab)
    expect(found.facts, found="No question could be asked", expected="Forty answers", fix=LOG)
    for _, said in found.facts:
        _expect_ok(said, "A question with k = 5")
    missed = [fact for fact, said in found.facts if not any(fact.sentence in str(one.get("text", "")) for one in said.results)]
    expect(
        len(missed) <= MAY_MISS,
        found=f"{len(missed)} of {len(found.facts)} facts missing" + (f", for one: {missed[0].question}" if missed else ""),
        expected=f"At most {MAY_MISS} missing",
        fix="Question and passages need the same model and dimensions; passages need their whole sentences.",
    )


@check("search", points=4, acts=True, seconds=SECONDS)
def the_category_is_applied_first(lab: LabView) -> None:
    """A category is matched exactly, and before the best are chosen."""
    found = _searched(lab)
    people = {note.id for note in found.notes.winch.people}
    for name, k in (("people", 3), ("more than there are", 10)):
        said = _expect_ok(found.answers.get(name), f"A question in a category of three passages, k = {k}")
        wrong = [str(one.get("category")) for one in said.results if one.get("category") != found.notes.people]
        expect(not wrong, found=f"Results from {', '.join(sorted(set(wrong)))}", expected=f"Only {found.notes.people}")
        ids = {str(one.get("documentId")) for one in said.results}
        expect(
            ids == people,
            found=f"{len(ids & people)} of the 3 passages of {found.notes.people}",
            expected="All three: nearer passages of other categories do not count",
            fix="The filter belongs into the query, before the choice of the best.",
        )
    for name, what in (("quote", "a category with a quotation mark"), ("unknown", "an unknown category"), ("other letters", "other case")):
        said = _expect_ok(found.answers.get(name), f"A question with {what}")
        expect(
            not said.results and "results" in said.text,
            found=f"{len(said.results)} results for {what}",
            expected="An empty list",
            fix="Values belong into parameters, never into the text of a query.",
        )


@check("search", points=3, acts=True, seconds=SECONDS)
def answers_have_their_number_and_order(lab: LabView) -> None:
    """As many results as asked for, best first, a better one with a higher score."""
    found = _searched(lab)
    sizes = {"one": 1, "usual": 3, "null": 4, "twelve": 12}
    for name, size in sizes.items():
        said = _expect_ok(found.answers.get(name), f"A question for {size} passages")
        expect(len(said.results) == size, found=f"{len(said.results)} results", expected=f"{size}: k, or 3 without it")
    answers = [*(said for _, said in found.facts), *(found.answers[name] for name in sizes)]
    for said in answers:
        _expect_shape(said)
    for said in (said for _, said in found.facts):
        expect(len(said.results) == 5, found=f"{len(said.results)} results with k = 5", expected="5")
    first = [fact for fact, said in found.facts if said.results and fact.sentence in str(said.results[0].get("text", ""))]
    expect(
        2 * len(first) >= len(found.facts),
        found=f"For {len(first)} of {len(found.facts)} questions the first result is the one that answers it",
        expected="For most: the best comes first",
        fix="Look at what the distance function returns, and at the order.",
    )


def _expect_shape(said: Said) -> None:
    scores = []
    for one in said.results:
        score, text = one.get("score"), one.get("text")
        is_number = isinstance(score, int | float) and not isinstance(score, bool)
        whole = is_number and all(isinstance(one.get(name), str) for name in ("documentId", "category", "text"))
        expect(whole, found=f"A result with {', '.join(sorted(one))}", expected="documentId, category, text and a score that is a number")
        expect(len(str(text)) <= LONGEST_TEXT, found=f"A text of {len(str(text))} characters", expected=f"At most {LONGEST_TEXT:,}")
        scores.append(float(str(score)))
    ordered = all(a >= b for a, b in pairwise(scores))
    expect(ordered, found=f"Scores {', '.join(f'{one:.3f}' for one in scores[:5])}", expected="The highest first, then lower ones")
    expect(len(set(scores)) > 1 or len(scores) < 5, found="All scores are the same", expected="A better match has the higher score")


@check("search", points=3, acts=True, seconds=SECONDS)
def what_cannot_be_answered_is_refused(lab: LabView) -> None:
    """400 for questions that are none and numbers out of range, 401 without the token."""
    found = _searched(lab)
    _expect_ok(found.answers.get("most"), "A question with k = 20")
    for name in ("no question", "blank", "zero", "too many", "text", "half"):
        status = found.answers[name].status if name in found.answers else 0
        expect(status == 400, found=f"{status} ({name})", expected="400: question missing or blank, or k no integer from 1 to 20")
    for name in ("no token", "wrong token"):
        status = found.answers[name].status if name in found.answers else 0
        expect(status == 401, found=f"{status} ({name})", expected="401: token missing or wrong")


@check("poison", points=8, acts=True, seconds=SECONDS)
def unusable_messages_are_set_aside(lab: LabView) -> None:
    """Every message that can never be processed is in the dead-letter queue, unchanged and with a reason."""
    found = _run(lab, "bad")
    _items(found, "bad")
    for bad in found.notes.bad:
        dead = found.dead.get(found.sent.get(bad.name, ""))
        if dead is None:
            raise CheckFailed(
                Evidence(
                    f"A message is not in the dead-letter queue: {bad.name}",
                    "Every unusable message in the dead-letter queue of documents",
                    fix="Who decides what happens to a message when the function ends without an error?",
                )
            )
        expect(dead.body == bad.body, found=f"Changed: {bad.name}", expected="The body byte for byte as it was sent")
        expect(dead.reason, found=f"The reason of a message ({bad.name}): {dead.reason or 'none'}", expected="A reason")


@check("poison", points=2, negative=True, acts=True, seconds=SECONDS)
def good_notes_are_never_set_aside(lab: LabView) -> None:
    """Good notes between unusable ones are stored, and none of them ends in the dead-letter queue."""
    found = _run(lab, "bad")
    items = _items(found, "bad")
    names = {id: name for name, id in found.sent.items()}
    bad = {one.name for one in found.notes.bad}
    wrong = sorted(names[id] for id in found.dead if names[id] not in bad)
    expect(not wrong, found=f"In the dead-letter queue: {', '.join(wrong[:3])}", expected="No good note there", fix=LOG)
    _expect_all(items, *found.notes.between, what="are in the container")


@guard("poison", acts=True, seconds=SECONDS)
def unusable_messages_leave_no_trace(lab: LabView) -> None:
    """Nothing of an unusable message is stored, and none of them stays in the queue."""
    found = _run(lab, "bad")
    stuck = found.stuck.get("bad", [])
    expect(not stuck, found=f"Still in the queue: {', '.join(stuck[:3])}", expected="The queue is empty again", fix=LOG)
    for bad in found.notes.bad:
        kept = [one for one in _items(found, "bad") if bad.trace and any(bad.trace in text for text in one.texts)]
        told = f"Stored of an unusable message ({bad.name}): {len(kept)} items"
        expect(not kept, found=told, expected="Nothing of it", fix="Validate before you write.")


def _follow(lab: LabView, found: Found) -> list[Followed]:
    hosts = host_of(lab.outputs["openAiEndpoint"]), host_of(lab.outputs["cosmosEndpoint"])
    return [Followed(found, note, *hosts) for note in found.notes.traced]


@check("trace", points=4, acts=True, seconds=SECONDS)
def a_note_can_be_followed(lab: LabView) -> None:
    """From a message's trace id one reaches the function's request, the calls to model and database, and the note's id."""
    found = _run(lab, "traced")
    fix = "The message carries the parent, and the function's context hands it on. Telemetry needs the connection string and a mode."
    if "traced" in found.stuck:
        raise CheckFailed(Evidence("The notes stay in the queue", "They are processed", fix=LOG))
    for one in _follow(lab, found):
        expect(one.requests, found="No request of the function leads back to the message's trace id", expected="That of ingest", fix=fix)
        for there, what in ((one.model, "the model"), (one.database, "the database")):
            expect(there, found=f"No call to {what} in the trace", expected="Calls to Azure OpenAI and to Cosmos DB in it", fix=fix)
        told = f"The trace {'says' if one.named else 'does not say'} which note it was"
        expect(one.named, found=told, expected="The document's id on one of its entries", fix=fix)


@check("trace", points=1, negative=True, acts=True, seconds=SECONDS)
def each_note_has_its_own_trace(lab: LabView) -> None:
    """Two notes do not share a trace."""
    first, second = _follow(lab, _run(lab, "traced"))
    shared = first.named & second.named
    told = "Two notes lead to the same trace" if shared else "Each note leads to a trace of its own"
    expect(not shared, found=told, expected="A trace for each", fix="Open the span inside the function.")


@guard("trace", acts=True, seconds=SECONDS)
def telemetry_keeps_secrets(lab: LabView) -> None:
    """Neither the search token nor the text of a note is in the telemetry."""
    found = _run(lab, "traced")
    said = [str(row) for rows in found.rows.values() for row in rows]
    for token in filter(None, (found.token, Trust(lab).old_token)):
        expect(not any(token in row for row in said), found="The search token is in the logs", expected="No token there")
    texts = [sentence[:45] for note in found.notes.everything for sentence in note.sentences]
    leaked = [text for text in texts if any(text in row for row in said)]
    told = f"{len(leaked)} sentences of notes are in the logs"
    expect(not leaked, found=told, expected="None: the id is enough", fix="Log ids, not contents.")
