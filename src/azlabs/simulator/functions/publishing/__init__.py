"""How a learner's code gets into a function app: packages, their environments, the deployment engine (scm)."""
