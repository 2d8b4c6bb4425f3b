"""How a note is cut into passages."""


def split(text: str) -> list[str]:
    """The passages of a note's text, in order."""
    return [text]
