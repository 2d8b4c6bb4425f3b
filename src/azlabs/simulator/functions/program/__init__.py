"""What runs in a worker's process: it loads a learner's app and calls its functions. Imports nothing of azlabs.

The host starts `__main__.py`, which loads this package under the name `_azlabs_worker`, so that no module of a learner's app is
hidden by one of these.
"""
