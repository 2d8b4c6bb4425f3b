"""Azure Resource Manager templates, pure: resource ids, the expression language, the template engine."""

from azlabs.arm.errors import ExpressionError, TemplateError
from azlabs.arm.evaluator import evaluate

__all__ = ["ExpressionError", "TemplateError", "evaluate"]
