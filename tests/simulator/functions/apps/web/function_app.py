import asyncio
import json
import logging
import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
more = func.Blueprint()


@app.route("echo", methods=["POST"])
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.info("echo of %d bytes", len(req.get_body()))
    print("printed by echo")
    return func.HttpResponse(
        json.dumps(
            {
                "body": req.get_body().decode(),
                "q": req.params.get("q"),
                "header": req.headers.get("X-Thing"),
                "url": req.url,
                "function": context.function_name,
                "parent": context.trace_context.trace_parent,
            }
        ),
        status_code=201,
        mimetype="application/json",
        headers={"X-Answer": "yes"},
    )


@app.route("items/{number:int}/{name?}")
async def item(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(0)
    return func.HttpResponse(json.dumps(dict(req.route_params)))


@app.route("items/special")
def special(req: func.HttpRequest) -> str:
    return "special"


@app.route("settings/{name}")
def setting(req: func.HttpRequest) -> func.HttpResponse:
    value = os.environ.get(req.route_params["name"])
    return func.HttpResponse(value or "", status_code=200 if value is not None else 404)


@app.route("raises")
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("this is broken")


@app.route("nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route("wrong")
def wrong(req: func.HttpRequest) -> func.HttpResponse:
    return 17


@app.route("cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse("two cookies")
    answer.headers.add("Set-Cookie", "a=1; Path=/")
    answer.headers.add("Set-Cookie", "b=2; Path=/")
    return answer


@app.route("function-key", auth_level=func.AuthLevel.FUNCTION)
def function_key(req: func.HttpRequest) -> str:
    return "opened"


@app.route("admin-key", auth_level=func.AuthLevel.ADMIN)
def admin_key(req: func.HttpRequest) -> str:
    return "opened"


@more.route("blue")
def blue(req: func.HttpRequest) -> str:
    return "print"


app.register_functions(more)
