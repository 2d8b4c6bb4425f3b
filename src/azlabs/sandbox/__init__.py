"""Sandboxes: labs that were brought up. One module per verb: up, find, deploy, solve, reset, status, down."""
