"""From a question to the passages that are most like it."""

import json
from dataclasses import dataclass

import clients

MOST = 20
USUAL = 3


@dataclass(frozen=True)
class Question:
    """What is asked, in one category or in all, and how many passages are wanted."""

    text: str
    category: str | None
    k: int


def read(content: bytes) -> Question:
    """The question in a request. Raises ValueError with what is wrong with it."""
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the body is not a JSON object")
    text, category, k = found.get("question"), found.get("category"), found.get("k", USUAL)
    if not isinstance(text, str) or not text.strip():
        raise ValueError("question is missing or blank")
    if category is not None and not isinstance(category, str):
        raise ValueError("category is no text")
    if type(k) is not int or not 1 <= k <= MOST:
        raise ValueError(f"k is not an integer from 1 to {MOST}")
    return Question(text, category, k)


def find(question: Question) -> list[dict]:
    """The k passages that are most like the question, best first.

    The filter stands in the query, so that it comes before the choice of the best. With cosine the function gives the
    similarity, and ORDER BY already puts the most similar first.
    """
    (vector,) = clients.embed([question.text])
    wanted = "" if question.category is None else "AND c.category = @category "
    query = (
        "SELECT TOP @k c.documentId, c.category, c.text, VectorDistance(c.embedding, @vector) AS score "
        f"FROM c WHERE IS_DEFINED(c.embedding) {wanted}ORDER BY VectorDistance(c.embedding, @vector)"
    )
    values = {"@k": question.k, "@vector": vector, "@category": question.category}
    parameters = [{"name": name, "value": value} for name, value in values.items() if name in query]
    return list(clients.shelf().query_items(query, parameters=parameters, enable_cross_partition_query=True))
