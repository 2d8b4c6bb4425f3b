"""Questions."""

import json

import azure.functions as func
import services

door = func.Blueprint()


async def known(req: func.HttpRequest) -> bool:
    """Does the caller have the token that the vault holds?"""
    return req.headers.get("x-search-token") == await services.search_token()


@door.route(route="search", methods=["POST"])
async def search(req: func.HttpRequest) -> func.HttpResponse:
    """The nearest windows."""
    if not await known(req):
        return func.HttpResponse("token", status_code=401)
    try:
        body = json.loads(req.get_body())
    except ValueError:
        return func.HttpResponse("no JSON", status_code=400)
    question, category, k = body.get("question") or "", body.get("category"), body.get("k", 3)
    if not question.strip() or not isinstance(k, int) or not 1 <= k <= 20:
        return func.HttpResponse("question or k", status_code=400)
    (vector,) = await services.vectors([question])
    only = "" if category is None else "WHERE c.category = @category"
    query = f"""SELECT TOP @k c.documentId, c.category, c.text, VectorDistance(c.vector, @vector) AS score
                FROM c {only} ORDER BY VectorDistance(c.vector, @vector)"""
    values = [("@k", k), ("@vector", vector), ("@category", category)]
    rows = services.passages().query_items(query, parameters=[{"name": name, "value": value} for name, value in values])
    return func.HttpResponse(json.dumps({"results": [row async for row in rows]}), mimetype="application/json")


@door.route(route="health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Up."""
    return func.HttpResponse("up", status_code=200 if await known(req) else 401)
