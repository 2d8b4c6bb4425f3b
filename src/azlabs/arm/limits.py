"""The limits of templates, as Azure documents them ("Template limits" and "Template expression limits").

Those at the end have no documented number: they bound time and memory where Azure bounds them by its own means.
"""

from __future__ import annotations

EXPRESSION_LENGTH = 24_576
TEMPLATE_BYTES = 4 * 1024 * 1024
PARAMETERS = 256
VARIABLES = 512
RESOURCES = 800
OUTPUTS = 64
COPY_COUNT = 800
DEPLOYMENT_NAME = 64
RANGE_COUNT = 10_000
RANGE_END = 2_147_483_647
INTEGER = 2**63

EXPRESSION_DEPTH = 100
VALUE_DEPTH = 100
STRING_LENGTH = 4 * 1024 * 1024
WORK = 2_000_000
TEMPLATE_WORK = 10_000_000
