"""AMQP 1.0 on the wire: types, performatives and frames, message sections (OASIS Standard, 29 October 2012)."""
