"""HTTP functions answer as on Azure: routes, methods, keys, answers, failures."""

from __future__ import annotations

import json

import pytest

from azlabs.simulator import Answer

from .conftest import Running
from .running import Packages, code
from .scene import WEB, Scene


def call(web: Running, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    return web.scene.call("func-web", path, method, body, **headers)


def test_a_function_sees_the_request_and_its_answer_comes_back_whole(web: Running) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = call(web, "/api/echo?q=1&q=2", "POST", "grüße".encode(), X_Thing="t", traceparent=parent)
    found = answer.json()
    assert answer.status == 201
    assert (answer.headers["Content-Type"], answer.headers["X-Answer"]) == ("application/json", "yes")
    assert (found["body"], found["q"], found["header"], found["function"]) == ("grüße", "1,2", "t", "echo")
    assert found["url"] == "https://func-web.azurewebsites.net/api/echo?q=1&q=2"
    assert found["parent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/api/items/3", 200, {"number": "3"}),
        ("/api/items/3/rope%20and%20tar", 200, {"number": "3", "name": "rope and tar"}),
        ("/api/ITEMS/3/", 200, {"number": "3"}),
        ("/api/items/special", 200, "special"),
        ("/api/items/three", 404, ""),
        ("/api/items/3/a/b", 404, ""),
        ("/api/items", 404, ""),
        ("/items/3", 404, ""),
        ("/api/echo", 404, ""),
        ("/api/blue", 200, "print"),
    ],
)
def test_routes_decide_which_function_answers(web: Running, path: str, status: int, body: object) -> None:
    answer = call(web, path)
    assert answer.status == status
    text = answer.body.decode()
    assert (json.loads(text) if isinstance(body, dict) else text) == body


@pytest.mark.parametrize("path", ["/api/raises", "/api/nothing", "/api/wrong"])
def test_a_function_that_fails_answers_500_and_says_why_only_in_the_log(web: Running, path: str) -> None:
    answer = call(web, path)
    assert (answer.status, answer.body) == (500, b"")


def test_the_log_holds_the_traceback_of_the_learners_code_alone(web: Running) -> None:
    call(web, "/api/raises")
    trace = [text for text in web.packages.lines(web.site, function="raises", level="Error") if text.startswith("Traceback")]
    assert trace[-1].count("File ") == 1
    assert trace[-1].rstrip().endswith("ValueError: this is broken")


def test_what_is_logged_and_printed_belongs_to_the_invocation(web: Running) -> None:
    call(web, "/api/echo", "POST", b"abc")
    lines = web.packages.lines(web.site, function="echo", level="Information")
    assert "echo of 3 bytes" in lines
    assert "printed by echo" in lines
    assert any(line.startswith("Executed 'Functions.echo' (Succeeded, Id=") for line in lines)


def test_several_cookies_are_several_headers(web: Running) -> None:
    answer = call(web, "/api/cookies")
    assert sorted(value for name, value in answer.headers.items() if name.lower() == "set-cookie") == ["a=1; Path=/", "b=2; Path=/"]


def test_settings_are_environment_variables_beside_those_of_the_platform(web: Running) -> None:
    values = {name: call(web, f"/api/settings/{name}").body.decode() for name in ("GREETING", "WEBSITE_SITE_NAME", "WEBSITE_HOSTNAME")}
    assert values == {"GREETING": "hello", "WEBSITE_SITE_NAME": "func-web", "WEBSITE_HOSTNAME": "func-web.azurewebsites.net"}
    assert call(web, "/api/settings/AZURE_CLIENT_SECRET").status == 404


def test_keys_open_what_their_level_says(web: Running) -> None:
    keys = web.scene.arm("POST", f"{web.site}/host/default/listkeys", WEB)
    mine = web.scene.arm("POST", f"{web.site}/functions/function_key/listkeys", WEB)["default"]
    other = web.scene.arm("POST", f"{web.site}/functions/echo/listkeys", WEB)["default"]
    opened = {
        name: [call(web, f"/api/{path}", x_functions_key=key).status for path in ("function-key", "admin-key")]
        for name, key in {"none": "", "wrong": "x", "master": keys["masterKey"], "host": keys["functionKeys"]["default"], "own": mine,
                          "other's": other}.items()
    }  # fmt: skip
    assert opened == {
        "none": [401, 401], "wrong": [401, 401], "master": [200, 200], "host": [200, 401], "own": [200, 401], "other's": [401, 401],
    }  # fmt: skip
    assert call(web, f"/api/function-key?code={mine.replace('=', '%3D')}").body == b"opened"


def test_the_control_plane_lists_what_the_app_declares(web: Running) -> None:
    call(web, "/api/blue")
    found = web.scene.arm("GET", f"{web.site}/functions", WEB)["value"]
    by_name = {one["properties"]["name"]: one["properties"] for one in found}
    assert set(by_name) >= {"echo", "item", "special", "blue"}
    assert by_name["item"]["invoke_url_template"] == "https://func-web.azurewebsites.net/api/items/{number:int}/{name?}"
    assert by_name["item"]["config"]["bindings"][0]["type"] == "httpTrigger"
    assert by_name["item"]["language"] == "python"


def test_the_home_page_says_that_the_app_is_up(web: Running) -> None:
    assert b"up and running" in call(web, "/").body


def test_the_route_prefix_and_methods_of_an_app_decide(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-p")
    packages.put(site, {
        "host.json": '{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}',
        "function_app.py": code(
            '@app.route("{*rest}", methods=["GET"])\n'
            'def every(req: func.HttpRequest) -> str:\n    return "rest:" + req.route_params.get("rest", "")\n\n'
            '@app.route("{a:length(2)}-{b=x}", methods=["PUT"])\n'
            "def two(req: func.HttpRequest) -> str:\n    return json.dumps(dict(req.route_params))\n\n"
            '@app.route("admin/x")\ndef reserved(req: func.HttpRequest) -> str:\n    return "no"\n'
        ),
    })  # fmt: skip
    assert scene.call("func-p", "/a/b/c").body == b"rest:a/b/c"
    assert scene.call("func-p", "/ab-cd", "PUT").json() == {"a": "ab", "b": "cd"}
    assert scene.call("func-p", "/abc-d", "PUT").status == 404
    assert scene.call("func-p", "/x", "DELETE").status == 404
    assert packages.app(site).problems["reserved"] == "The route 'admin/x' of function 'reserved' conflicts with the host's own routes."


def test_keys_are_made_and_deleted_by_the_control_plane(web: Running) -> None:
    call(web, "/api/blue")
    host, own = f"{web.site}/host/default", f"{web.site}/functions/function_key/keys"
    for path, name in ((f"{host}/functionKeys", "shared"), (own, "mine")):
        made = web.scene.arm("PUT", f"{path}/{name}", WEB, {"properties": {"name": name, "value": f"key-{name}"}})
        assert made["properties"] == {"name": name, "value": f"key-{name}"}
        assert call(web, "/api/function-key", x_functions_key=f"key-{name}").status == 200
        assert call(web, "/api/admin-key", x_functions_key=f"key-{name}").status == 401
        web.scene.arm("DELETE", f"{path}/{name}", WEB)
        assert call(web, "/api/function-key", x_functions_key=f"key-{name}").status == 401
    web.scene.arm("POST", f"{host}/sync", WEB)


def test_a_key_without_a_value_gets_one(web: Running) -> None:
    made = web.scene.arm("PUT", f"{web.site}/host/default/functionKeys/new", WEB, {"properties": {"name": "new", "value": None}})
    assert call(web, "/api/function-key", x_functions_key=made["properties"]["value"]).status == 200
