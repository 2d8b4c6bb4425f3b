"""How the queue, the store of passages, the app's rights and its token are set up."""

from __future__ import annotations

import re
from datetime import timedelta

from azlabs.verify import CheckFailed, Evidence, LabView, check, expect, guard, not_yet

from .shared import INDEX_LIMITS, MODEL_DIMENSIONS, Store, Trust, token_or_wait, wait_for_roles

VECTOR_SEARCH = "EnableNoSQLVectorSearch"
WEEK, TEN_MINUTES, NEVER = timedelta(days=7), timedelta(minutes=10), timedelta(days=3650)
INVOICE = "invoice-2291"
LOANS = {"loan-1": "m-17", "loan-2": "m-17", "loan-3": "m-40"}


def _duration(text: object) -> timedelta:
    """A duration as Azure writes it: P7D, PT10M, P10675199DT2H48M5.4775807S."""
    form = r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>[\d.]+)S)?)?"
    found = re.fullmatch(form, str(text or ""))
    if found is None:
        return timedelta(0)
    return timedelta(**{name: float(value) for name, value in found.groupdict().items() if value})


def _as_it_was(same: bool, what: str) -> str:
    return f"{what} are as they were" if same else f"{what} were changed"


def _queue(trust: Trust) -> dict[str, object]:
    found = trust.lab.get(trust.documents)
    if found is None:
        raise CheckFailed(Evidence("There is no queue documents", "The queue that the editors' system sends to"))
    properties: dict[str, object] = found["properties"]
    return properties


@guard("queue")
def the_queue_stays_and_is_in_use(lab: LabView) -> None:
    """The queue documents is active, keeps its messages and is never deleted for being idle."""
    queue = _queue(Trust(lab))
    fix = "Look at the queue's status, at what it forwards to, and at when it is deleted."
    expect(queue.get("status") == "Active", found=f"documents is {queue.get('status')}", expected="Active", fix=fix)
    onward = queue.get("forwardTo") or queue.get("forwardDeadLetteredMessagesTo")
    expect(not onward, found=f"documents forwards to {onward}", expected="Its messages stay in it", fix=fix)
    idle = queue.get("autoDeleteOnIdle")
    expect(not idle or _duration(idle) >= NEVER, found=f"It is deleted after {idle} of quiet", expected="Never", fix=fix)


@guard("queue")
def the_invoices_are_untouched(lab: LabView) -> None:
    """The queue invoices and the message in it are as they were."""
    trust = Trust(lab)
    found = lab.get(trust.invoices)
    fix = "invoices belongs to somebody else: azlabs reset brings it back."
    there = "invoices is there" if found else "There is no queue invoices"
    expect(found is not None, found=there, expected="The queue of the start", fix=fix)
    properties = (found or {}).get("properties") or {}
    kept = properties.get("status") == "Active" and properties.get("maxDeliveryCount") == 10
    kept = kept and not properties.get("forwardTo") and not properties.get("requiresDuplicateDetection")
    expect(kept, found=_as_it_was(kept, "The settings of invoices"), expected="The settings of the start", fix=fix)
    waiting = [letter.message_id for letter in lab.messages.peek(trust.host, "invoices", most=10)]
    expect(waiting == [INVOICE], found=f"{len(waiting)} messages in invoices", expected="The one of the start", fix=fix)


@check("queue", points=3)
def a_note_is_tried_five_times(lab: LabView) -> None:
    """A note that cannot be processed is tried five times."""
    count = _queue(Trust(lab)).get("maxDeliveryCount")
    expect(count == 5, found=f"{count} deliveries", expected="5 deliveries", fix="The queue counts deliveries itself.")


@check("queue", points=4)
def a_note_that_waits_too_long_is_set_aside(lab: LabView) -> None:
    """A note that waits seven days goes to the dead-letter queue."""
    queue = _queue(Trust(lab))
    lives = queue.get("defaultMessageTimeToLive")
    fix = "How long does a message live, and what becomes of it then?"
    expect(_duration(lives) == WEEK, found=f"A message lives for {lives}", expected="P7D", fix=fix)
    kept = queue.get("deadLetteringOnMessageExpiration") is True
    found = f"What expires is {'set aside' if kept else 'dropped'}"
    expect(kept, found=found, expected="What expires goes to the dead-letter queue", fix=fix)


@check("queue", points=3, negative=True)
def the_same_message_is_accepted_once(lab: LabView) -> None:
    """The same message sent twice within ten minutes is accepted once."""
    queue = _queue(Trust(lab))
    fix = "Duplicate detection is decided when a queue is created; its window can be changed later."
    on = queue.get("requiresDuplicateDetection") is True
    found = f"Duplicates are {'recognised' if on else 'accepted'}"
    expect(on, found=found, expected="Duplicate detection", fix=fix)
    window = queue.get("duplicateDetectionHistoryTimeWindow")
    expect(_duration(window) >= TEN_MINUTES, found=f"A window of {window}", expected="PT10M or longer", fix=fix)


def _store(trust: Trust) -> Store:
    stores = trust.stores()
    if not stores:
        raise CheckFailed(
            Evidence(
                "No container has a vector policy",
                "A container for passages with vectors",
                fix="A vector policy is decided when a container is created.",
            )
        )
    return stores[0]


@check("vector-store", points=3)
def the_account_can_search_vectors(lab: LabView) -> None:
    """Vector search is switched on for the account."""
    account = lab.get(lab.outputs["cosmosId"]) or {}
    properties = account.get("properties") or {}
    names = [str(entry.get("name")) for entry in properties.get("capabilities") or []]
    on = VECTOR_SEARCH.lower() in (name.lower() for name in names)
    fix = "The account needs a capability. Setting capabilities replaces the list."
    expect(on, found=f"The account's capabilities: {', '.join(names) or 'none'}", expected=VECTOR_SEARCH, fix=fix)
    state = str(properties.get("provisioningState", "Succeeded"))
    if state.lower() not in ("succeeded", "failed"):
        not_yet(f"Vector search is switched on and not yet effective: the account is {state}.")


@check("vector-store", points=4)
def the_policy_fits_the_model(lab: LabView) -> None:
    """A container expects vectors that the deployment embed can make."""
    store = _store(Trust(lab))
    vector = store.vector
    expect(
        store.fits_the_model,
        found=f"{store.name}: {vector.path}, {vector.data_type}, {vector.dimensions} dimensions",
        expected=f"float32 or float16, 1 to {MODEL_DIMENSIONS} dimensions",
        fix="How many numbers does the model behind embed give?",
    )


@check("vector-store", points=4)
def similarity_uses_a_vector_index(lab: LabView) -> None:
    """The vector's path has a vector index of a type that takes its dimensions."""
    store = _store(Trust(lab))
    limits = ", ".join(f"{name} up to {most}" for name, most in INDEX_LIMITS.items())
    expect(
        store.is_indexed,
        found=f"{store.name}: {store.index or 'no vector index'} on {store.vector.path} ({store.vector.dimensions})",
        expected=f"A vector index on {store.vector.path}: {limits}",
        fix="Policy, vector index and excluded paths have to name the same path.",
    )


@check("vector-store", points=4, negative=True)
def the_vector_stays_out_of_the_ordinary_index(lab: LabView) -> None:
    """The ordinary index leaves the vector out and keeps the other properties."""
    store = _store(Trust(lab))
    paths = ", ".join(store.container.excluded) or "nothing"
    fix = "Compare the excluded paths with the path of the policy, letter by letter."
    found = f"{store.name} leaves out {paths}"
    expect(store.costs_nothing, found=found, expected=f"{store.vector.path} is left out", fix=fix)
    expect(not store.misspelt, found=found, expected=f"{store.vector.path}/* is what is left out", fix=fix)
    fix = "Filters on document and category need the ordinary index."
    expect(store.filters_are_cheap, found=found, expected="Other properties stay in the ordinary index", fix=fix)


@guard("vector-store")
def no_passage_expires(lab: LabView) -> None:
    """The container deletes nothing by itself."""
    for store in Trust(lab).stores()[:1]:
        lives = store.container.time_to_live
        found = f"Items of {store.name} live " + ("for ever" if lives in (None, -1) else f"for {lives} seconds")
        expect(lives in (None, -1), found=found, expected="No time to live", fix="Switch the time to live off.")


@guard("vector-store")
def the_loans_are_untouched(lab: LabView) -> None:
    """The container loans and its three items are as they were."""
    trust = Trust(lab)
    fix = "loans belongs to somebody else: azlabs reset brings it back."
    loans = [one for one in lab.cosmos.containers(trust.cosmos) if (one.database, one.name) == ("library", "loans")]
    there = "loans is there" if loans else "There is no container library/loans"
    expect(loans, found=there, expected="The container of the start", fix=fix)
    same = loans[0].partition_key == ("/memberId",) and not loans[0].vectors and loans[0].time_to_live is None
    expect(same, found=_as_it_was(same, "The settings of loans"), expected="The settings of the start", fix=fix)
    items = {str(item["id"]): item.get("memberId") for item in lab.cosmos.query(trust.endpoint, loans[0])}
    expect(items == LOANS, found=f"{len(items)} items in loans", expected="The three of the start", fix=fix)


@guard(["keyless", "secret"])
def the_app_still_answers(lab: LabView) -> None:
    """GET /api/health answers 200 to the token and 401 without one."""
    trust = Trust(lab)
    token_or_wait(trust)
    without = trust.health(None)
    expect(without == 401, found=f"{without} without a token", expected="401", fix="The skeleton's health stays as it is.")


@check("secret", points=4)
def the_vault_holds_the_token(lab: LabView) -> None:
    """A secret of the vault opens GET /api/health."""
    trust = Trust(lab)
    secrets = trust.secrets
    answers = {name: trust.health(value) for name, value in secrets.items()}
    opened = 200 in answers.values()
    if secrets and not opened:
        wait_for_roles(trust)
    expect(
        opened,
        found=", ".join(f"{status} to the secret {name}" for name, status in answers.items()) or "The vault is empty",
        expected="200 to one secret of the vault",
        fix="Which identity reads the secret, may it, and does the app know that it is the one?",
    )


@check("secret", points=3, negative=True)
def the_leaked_token_is_worth_nothing(lab: LabView) -> None:
    """The old token no longer opens GET /api/health."""
    status = Trust(lab).health(Trust(lab).old_token)
    fix = "The old token has been in plain text: a new one is needed, wherever it is kept."
    expect(status in (401, 403), found=f"{status} to the old token", expected="401 to the old token", fix=fix)


@check("secret", points=3, negative=True)
def no_setting_shows_a_token(lab: LabView) -> None:
    """No setting contains the old or the new token."""
    trust = Trust(lab)
    tokens = [token for token in {trust.old_token, *trust.secrets.values()} if token]
    shown = [name for name, text in trust.settings.items() if any(token in text for token in tokens)]
    fix = "A setting can point at a secret instead of holding it."
    found = f"In plain text: {', '.join(shown) or 'no token'}"
    expect(not shown, found=found, expected="No token in any setting", fix=fix)
