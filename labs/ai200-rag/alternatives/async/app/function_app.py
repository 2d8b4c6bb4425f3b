"""A blueprint for each door of the app; everything waits without blocking."""

import logging

import azure.functions as func
from azure.monitor.opentelemetry import configure_azure_monitor
from incoming import door as incoming
from questions import door as questions

logging.getLogger("azure").setLevel(logging.WARNING)
configure_azure_monitor()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(incoming)
app.register_functions(questions)
