import json
import logging
import threading
import time
from typing import List  # noqa: UP035

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen = []


def note(**what):
    seen.append({**what, "thread": threading.current_thread().name})


@app.route("seen")
def show(req: func.HttpRequest) -> str:
    return json.dumps(seen)


@app.service_bus_queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="Bus")
def single(msg: func.ServiceBusMessage, context: func.Context) -> None:
    body = msg.get_body().decode()
    logging.info("got %s", body)
    note(
        function="single", body=body, id=msg.message_id, session=msg.session_id, count=msg.delivery_count, subject=msg.subject,
        content_type=msg.content_type, properties=msg.application_properties, sequence=msg.sequence_number,
        enqueued=str(msg.enqueued_time_utc), lock=msg.lock_token, metadata=sorted(msg.metadata),
        parent=context.trace_context.trace_parent,
    )
    if body.startswith("slow"):
        time.sleep(0.3)
    if body.startswith("bad"):
        raise ValueError(f"cannot use {body}")


@app.service_bus_topic_trigger(
    arg_name="msgs", topic_name="news", subscription_name="all", connection="Bus", cardinality=func.Cardinality.MANY,
    data_type=func.DataType.BINARY,
)
def several(msgs: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
    note(function="several", bodies=[one.get_body().hex() for one in msgs], ids=[one.message_id for one in msgs])


@app.service_bus_queue_trigger(arg_name="msg", queue_name="talks", connection="Bus", is_sessions_enabled=True)
async def talk(msg: func.ServiceBusMessage) -> None:
    note(function="talk", body=msg.get_body().decode(), session=msg.session_id)
